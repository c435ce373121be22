package origin

import (
	"strings"
	"testing"
	"time"

	"calotype"
	"calotype/edge"
)

// The requests that browsers and CDNs send besides a plain GET: for a rendition, for a
// pending original, and for an untouched one. A pending original has no ranges.
func TestConditionsAndRanges(t *testing.T) {
	s := start(t)
	for name, c := range map[string]struct {
		path, life string
		put        func() string
	}{
		"rendition": {"/hit.jpg?size=M", "public, max-age=300, s-maxage=86400", func() string {
			s.putSource(t, "hit.jpg", "source")
			return s.putRendition(t, "resized/M/hit.jpg", "0123456789", "")
		}},
		"pending":   {"/miss.jpg?size=M", "public, max-age=1, s-maxage=5, stale-if-error=86400", func() string { return s.putSource(t, "miss.jpg", "0123456789") }},
		"untouched": {"/plain.jpg", sourceLife, func() string { return s.putSource(t, "plain.jpg", "0123456789") }},
	} {
		t.Run(name, func(t *testing.T) {
			etag := c.put()
			past := time.Now().Add(-time.Hour).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
			soon := time.Now().Add(time.Hour).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
			for what, c2 := range map[string]struct {
				method string
				header []string
				status int
				body   string
			}{
				"get":                        {"GET", nil, 200, "0123456789"},
				"head":                       {"HEAD", nil, 200, ""},
				"range":                      {"GET", []string{"Range", "bytes=2-4"}, 206, "234"},
				"range from":                 {"GET", []string{"Range", "bytes=7-"}, 206, "789"},
				"last bytes":                 {"GET", []string{"Range", "bytes=-3"}, 206, "789"},
				"range beyond":               {"GET", []string{"Range", "bytes=20-"}, 416, ""},
				"several ranges":             {"GET", []string{"Range", "bytes=0-1,4-5"}, 200, "0123456789"},
				"a range backwards":          {"GET", []string{"Range", "bytes=4-2"}, 200, "0123456789"},
				"another unit":               {"GET", []string{"Range", "kilometres=2-4"}, 200, "0123456789"},
				"head with a range":          {"HEAD", []string{"Range", "bytes=2-4"}, 200, ""},
				"the same":                   {"GET", []string{"If-None-Match", etag}, 304, ""},
				"one of several":             {"GET", []string{"If-None-Match", `"x", ` + etag}, 304, ""},
				"another":                    {"GET", []string{"If-None-Match", `"x"`}, 200, "0123456789"},
				"head of the same":           {"HEAD", []string{"If-None-Match", etag}, 304, ""},
				"modified since long ago":    {"GET", []string{"If-Modified-Since", past}, 200, "0123456789"},
				"not modified since":         {"GET", []string{"If-Modified-Since", soon}, 304, ""},
				"range if the same":          {"GET", []string{"Range", "bytes=2-4", "If-Range", etag}, 206, "234"},
				"all if another":             {"GET", []string{"Range", "bytes=2-4", "If-Range", `"x"`}, 200, "0123456789"},
				"only if the same":           {"GET", []string{"If-Match", etag}, 200, "0123456789"},
				"only if another":            {"GET", []string{"If-Match", `"x"`}, 412, ""},
				"only if unchanged for long": {"GET", []string{"If-Unmodified-Since", past}, 412, ""},
			} {
				ranged := c2.status == 206 || c2.status == 416
				if ranged && name == "pending" {
					c2.status, c2.body = 200, "0123456789"
				}
				r, body := s.ask(t, c2.method, c.path, c2.header...)
				if accepts := r.Header.Get("Accept-Ranges"); c2.status == 200 && (accepts == "bytes") == (name == "pending") {
					t.Errorf("%s: %s: Accept-Ranges %q", name, c2.header, accepts)
				}
				if r.StatusCode != c2.status || (c2.body != body && c2.status < 300) {
					t.Errorf("%s: got %d %q, want %d %q", what, r.StatusCode, body, c2.status, c2.body)
				}
				if c2.status >= 400 {
					continue
				}
				wantHeader(t, r, "Cache-Control", c.life)
				wantHeader(t, r, "ETag", etag)
				if r.Header.Get("X-Calotype") == "" {
					t.Errorf("%s: no X-Calotype", what)
				}
				if c2.method == "HEAD" && c2.status == 200 && r.ContentLength != 10 {
					t.Errorf("%s: Content-Length %d", what, r.ContentLength)
				}
			}
		})
	}
}

func TestHeadersOfTheSourceArePassedOn(t *testing.T) {
	s := start(t)
	s.putSource(t, "kitty.jpg", "source")
	r, _ := s.ask(t, "GET", "/kitty.jpg")
	wantHeader(t, r, "Content-Type", "image/jpeg")
	wantHeader(t, r, "Accept-Ranges", "bytes")
	if r.Header.Get("Last-Modified") == "" {
		t.Error("no Last-Modified")
	}
}

// Every response about a picture has the tag of its key, in whatever way it was requested.
func TestCacheTag(t *testing.T) {
	s := startSet(t, edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized"}, Settings{CacheTag: "Cache-Tag", Secrets: []string{secret}})
	s.putSource(t, "kitty 1.jpg", "source")
	for _, path := range []string{"/kitty%201.jpg", "/kitty%201.jpg?size=M", "/%6bitty 1.jpg?size=Q", "/resized/M/kitty%201.jpg"} {
		r, _ := s.ask(t, "GET", strings.ReplaceAll(path, " ", "%20"), SecretHeader, map[bool]string{true: secret}[strings.HasPrefix(path, "/resized")])
		if r.StatusCode != 200 {
			t.Errorf("%s: got %d", path, r.StatusCode)
		}
		wantHeader(t, r, "Cache-Tag", calotype.CacheTag("kitty 1.jpg"))
	}
	without := start(t)
	r, _ := without.ask(t, "GET", "/kitty.jpg")
	wantHeader(t, r, "Cache-Tag", "")
}

// Pages of other websites may read what is allowed, whatever the response is.
func TestAllowOrigin(t *testing.T) {
	names := []string{"Access-Control-Allow-Origin", "Timing-Allow-Origin", "Access-Control-Expose-Headers", "Cross-Origin-Resource-Policy"}
	for allowed, want := range map[string][]string{
		"":                     {"", "", "", ""},
		"*":                    {"*", "*", "X-Calotype", "cross-origin"},
		"https://shop.example": {"https://shop.example", "https://shop.example", "X-Calotype", "cross-origin"},
	} {
		s := start(t)
		s.origin.allowed = allowed
		s.putSource(t, "k.jpg", "the original")
		for _, path := range []string{"/k.jpg?size=M", "/k.jpg", "/none.jpg"} {
			r, _ := s.ask(t, "GET", path, "Origin", "https://other.example")
			for i, name := range names {
				wantHeader(t, r, name, want[i])
			}
			wantHeader(t, r, "Vary", "")
			wantHeader(t, r, "X-Content-Type-Options", "nosniff")
		}
	}
}
