package origin

import (
	"strings"
	"testing"

	"calotype"
	"calotype/edge"
)

const secret, oldSecret = "this-is-the-current-secret", "this-was-the-secret-before"

// A rendition's key is a path only with the secret, whether it is the current one or the one
// before it.
func TestRewrittenNeedsTheSecret(t *testing.T) {
	rules := edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized", Auto: edge.AutoFormats{calotype.AVIF, calotype.WebP}}
	s := startSet(t, rules, Settings{Secrets: []string{secret, oldSecret}})
	s.putSource(t, "kitty.jpg", "source")
	for name, value := range map[string]string{"none": "", "a wrong one": "this-is-a-different-secret", "a part": secret[:24], "more": secret + "x", "both": secret + "," + oldSecret} {
		for _, path := range []string{"/resized/M/kitty.jpg", "/%72esized/M/kitty.jpg", "//resized//M/kitty.jpg", "/resized/M.avif/kitty.jpg?format=auto", "/resized"} {
			r, body := s.ask(t, "GET", path, SecretHeader, value)
			if r.StatusCode != 404 || strings.Contains(body, "source") {
				t.Errorf("%s, secret %s: got %d %q, want 404", path, name, r.StatusCode, body)
			}
			wantHeader(t, r, edge.StateHeader, edge.StateNone)
		}
	}
	if jobs := s.enqueued(t); len(jobs) > 0 {
		t.Errorf("got jobs %v", jobs)
	}
	for _, value := range []string{secret, oldSecret} {
		r, body := s.ask(t, "GET", "/resized/M/kitty.jpg", SecretHeader, value)
		if r.StatusCode != 200 || body != "source" {
			t.Errorf("got %d %q, want the original", r.StatusCode, body)
		}
		wantHeader(t, r, edge.StateHeader, edge.StatePending)
		wantHeader(t, r, "Cache-Control", edge.PendingCacheControl)
	}
	r, _ := s.ask(t, "GET", "/resized/M.avif/kitty.jpg?format=auto", SecretHeader, secret)
	wantHeader(t, r, "Vary", "Accept")
	for _, path := range []string{"/kitty.jpg", "/resized/Q/kitty.jpg", "/resized/M/resized/M/kitty.jpg"} {
		if r, _ := s.ask(t, "GET", path, SecretHeader, secret); r.StatusCode != 404 {
			t.Errorf("%s: got %d, want 404: it is not what the function writes", path, r.StatusCode)
		}
	}
	var variants []string
	for _, job := range s.enqueued(t) {
		variants = append(variants, job.Source+" "+job.Variants[0].String())
	}
	if got := strings.Join(variants, ", "); got != "kitty.jpg M, kitty.jpg M.webp" && got != "kitty.jpg M.webp, kitty.jpg M" {
		t.Errorf("got jobs for %s, want one for each variant", got)
	}
}

func TestWithoutSecrets(t *testing.T) {
	s := start(t)
	s.putSource(t, "kitty.jpg", "source")
	if r, _ := s.ask(t, "GET", "/resized/M/kitty.jpg", SecretHeader, ""); r.StatusCode != 404 {
		t.Errorf("got %d, want 404", r.StatusCode)
	}
}

func TestParseSecrets(t *testing.T) {
	for text, want := range map[string]int{"": 0, ",": 0, secret: 1, secret + ",": 1, secret + ", " + oldSecret: 2} {
		if got, err := ParseSecrets(text); err != nil || len(got) != want {
			t.Errorf("%q: got %d, %v, want %d", text, len(got), err, want)
		}
	}
	for _, text := range []string{"short", secret + ",short", "this is the current secret", "thïs-is-the-current-secret", secret + "," + oldSecret + "," + secret + "3"} {
		if got, err := ParseSecrets(text); err == nil || strings.Contains(err.Error(), "current-secret") {
			t.Errorf("%q: got %v, %v, want an error that does not contain it", text, got, err)
		}
	}
}
