package calotype

import (
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Format is a picture's file format. In a variant, the zero Format means the source's
// own format.
type Format string

// The formats that Calotype reads. JPEG, PNG, GIF, WebP, AVIF, BMP and JPEG XL are also
// written. Unless a format is requested, a TIFF or HEIC source is written as JPEG, and an
// icon as PNG. JPEG XL needs a worker whose libraries can read and write it.
const (
	JPEG Format = "jpeg"
	PNG  Format = "png"
	GIF  Format = "gif"
	WebP Format = "webp"
	AVIF Format = "avif"
	BMP  Format = "bmp"
	TIFF Format = "tiff"
	HEIC Format = "heic"
	JXL  Format = "jxl"
	ICO  Format = "ico"
)

var formatByExtension = map[string]Format{
	".jpg":  JPEG,
	".jpeg": JPEG,
	".jpe":  JPEG,
	".jfif": JPEG,
	".png":  PNG,
	".apng": PNG,
	".gif":  GIF,
	".webp": WebP,
	".avif": AVIF,
	".bmp":  BMP,
	".tif":  TIFF,
	".tiff": TIFF,
	".heic": HEIC,
	".heif": HEIC,
	".jxl":  JXL,
}

// Known reports whether f is one of the formats above.
func (f Format) Known() bool {
	switch f {
	case JPEG, PNG, GIF, WebP, AVIF, BMP, TIFF, HEIC, JXL, ICO:
		return true
	}
	return false
}

// FormatOfKey returns the format that a key's extension names, in upper or lower case.
// It reports false for a key without an image file extension. The content may have another
// format; workers use the format of the content.
func FormatOfKey(key string) (Format, bool) {
	f, ok := formatByExtension[strings.ToLower(path.Ext(key))]
	return f, ok
}

// Extensions returns the image file extensions, in lower case and sorted.
func Extensions() []string { return slices.Sorted(maps.Keys(formatByExtension)) }

var requestFormats = []Format{WebP, AVIF, JXL, JPEG, PNG}

// RequestFormats returns the formats that a viewer may ask for.
func RequestFormats() []Format { return slices.Clone(requestFormats) }

// FormatList names the formats that a viewer may ask for, with a word before the last one:
// "webp, avif, jxl, jpeg or png".
func FormatList(word string) string {
	var names []string
	for _, f := range requestFormats {
		names = append(names, string(f))
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " " + word + " " + names[last]
}

// ParseFormat parses one of [RequestFormats], in upper or lower case, and jpg as well. Only
// ASCII letters are folded, because the function that rewrites queries at CloudFront folds
// others differently, as JavaScript does.
func ParseFormat(s string) (Format, bool) {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return "", false
		}
	}
	if s = strings.ToLower(s); s == "jpg" {
		return JPEG, true
	}
	return parseFormat(s)
}

// parseFormat parses a format as it is written in keys and jobs.
func parseFormat(s string) (Format, bool) {
	f := Format(s)
	if !slices.Contains(requestFormats, f) {
		return "", false
	}
	return f, true
}

// ContentType returns the format's media type.
func (f Format) ContentType() string {
	if f == ICO {
		return "image/vnd.microsoft.icon"
	}
	return "image/" + string(f)
}

// Own returns the format of the plain variant of a source of format f: f itself, JPEG if
// browsers do not show f, or PNG for an icon.
func (f Format) Own() Format {
	switch f {
	case TIFF, HEIC:
		return JPEG
	case ICO:
		return PNG
	}
	return f
}
