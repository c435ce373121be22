package cloudfront

import (
	"maps"
	"reflect"
	"strings"
	"testing"

	"calotype/edge"
)

// complete are the headers of an origin with every setting.
var complete = map[string]string{
	"x-env-role": "original", "x-env-resized-path": "/resized/", "x-env-quality": "70", "x-env-check-source": "true", "x-env-pending": "best", "x-env-auto": "avif,webp", "x-env-widths": "true", "x-env-cache-tag": "Cache-Tag", "x-env-backfill-queue-url": "https://sqs.eu-west-1.amazonaws.com/1/low",
	"x-env-bucket-name": "pictures", "x-env-bucket-region": "eu-west-1", "x-env-queue-url": "https://sqs.eu-west-1.amazonaws.com/1/q",
	"x-env-max-source-jobs": "8", "x-env-max-jobs": "100",
}

func headersOf(values map[string]string) headers {
	h := headers{}
	for name, value := range values {
		h[name] = append(h[name], struct {
			Value string `json:"value"`
		}{value})
	}
	return h
}

func TestParseSettings(t *testing.T) {
	s, err := parseSettings(headersOf(complete))
	want := settings{role: "original", prefix: "resized", quality: 70, checkSource: true, pending: edge.PendingBest, auto: edge.AutoFormats{"avif", "webp"}, widths: true, cacheTag: "Cache-Tag", lowQueueURL: "https://sqs.eu-west-1.amazonaws.com/1/low", bucket: "pictures", region: "eu-west-1", queueURL: "https://sqs.eu-west-1.amazonaws.com/1/q",
		limits: edge.Limits{PerSource: 8, Total: 100}}
	if err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v, %v, want %+v", s, err, want)
	}
	s, err = parseSettings(headersOf(map[string]string{"x-env-role": "rendition", "x-env-resized-path": "resized"}))
	if err != nil || !reflect.DeepEqual(s, settings{role: "rendition", prefix: "resized"}) {
		t.Errorf("got %+v, %v, want a rendition's origin to need its prefix only", s, err)
	}
}

func TestParseSettingsRefuses(t *testing.T) {
	for header, values := range map[string][]string{
		"x-env-role":               {"boss", "Rendition"},
		"x-env-resized-path":       {"", "/", "a//b", "a/../b"},
		"x-env-quality":            {"0", "101", "-1", "high", "70.5", "1000"},
		"x-env-check-source":       {"yes", "2"},
		"x-env-pending":            {"worst", "true"},
		"x-env-widths":             {"on", "w"},
		"x-env-cache-tag":          {"Cache Tag", "cache:tag", "X-Amz-Cf-Tag", "X-Edge-Tag"},
		"x-env-auto":               {"avif,", "svg", "jpeg", "webp,webp", "gif", ","},
		"x-env-backfill-queue-url": {"://", "https://sqs.eu-west-1.amazonaws.com/1/q.fifo"},
		"x-env-bucket-name":        {"", "ab", "Pictures", "a/b", "a@b.c", ".ab", strings.Repeat("a", 64)},
		"x-env-bucket-region":      {"eu-west-1.evil.example", "EU"},
		"x-env-max-source-jobs":    {"0", "-1", "many", "1000001"},
		"x-env-max-jobs":           {"0", "1e3"},
		"x-env-queue-url":          {"", "://", "ftp://h/q", "/1/q", "https://AKIA:secret@h/q", "https://sqs.eu-west-1.amazonaws.com/1/q.fifo"},
	} {
		for _, value := range values {
			changed := maps.Clone(complete)
			changed[header] = value
			_, err := parseSettings(headersOf(changed))
			if err == nil || !strings.Contains(err.Error(), header) {
				t.Errorf("%s %q: got %v, want it refused", header, value, err)
			} else if strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: the error quotes credentials: %v", header, err)
			}
		}
	}
	_, err := parseSettings(headersOf(map[string]string{"x-env-quality": "101"}))
	for _, header := range []string{"x-env-resized-path", "x-env-quality", "x-env-bucket-name", "x-env-queue-url"} {
		if err == nil || !strings.Contains(err.Error(), header) {
			t.Errorf("got %v, want every mistake at once: %s is left out", err, header)
		}
	}
}
