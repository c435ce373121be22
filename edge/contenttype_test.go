package edge

import "testing"

func TestContentType(t *testing.T) {
	const unknown = "application/octet-stream"
	for stored, want := range map[string]string{
		"image/jpeg":                "image/jpeg",
		"IMAGE/PNG":                 "IMAGE/PNG",
		"image/webp; charset=utf-8": "image/webp; charset=utf-8",
		"binary/octet-stream":       "binary/octet-stream",
		unknown:                     unknown,
		"text/plain":                unknown,
		"text/html; charset=utf-8":  unknown,
		"application/json":          unknown,
		"imagery/odd":               unknown,
		"image":                     unknown,
		"":                          unknown,
	} {
		if got := ContentType(stored); got != want {
			t.Errorf("%q: got %q, want %q", stored, got, want)
		}
	}
}
