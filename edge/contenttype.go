package edge

import "strings"

// ContentType returns the Content-Type of the response with a picture, given the stored one.
// A type that is neither a picture's nor an unknown one becomes
// application/octet-stream. Otherwise Chromium does not show a picture of another site
// that is stored as text/plain or text/html, once the response has
// X-Content-Type-Options: nosniff (opaque response blocking,
// https://github.com/annevk/orb). Nor does such an upload run as a page.
func ContentType(stored string) string {
	kind, _, ok := strings.Cut(stored, "/")
	media, _, _ := strings.Cut(stored, ";")
	switch {
	case ok && strings.EqualFold(kind, "image"):
		return stored
	case strings.EqualFold(strings.TrimSpace(media), "binary/octet-stream"): // What S3 stores by default.
		return stored
	}
	return "application/octet-stream"
}
