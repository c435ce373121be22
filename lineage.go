package calotype

import (
	"strconv"
	"strings"
)

// Lineage is what a rendition's metadata records: which version of the source it
// was made from and by which recipe, so that anyone can tell whether it is
// current and why it is what it is.
type Lineage struct {
	// SourceETag is the ETag of the source it was made from, without quotes.
	SourceETag string
	// Recipe is how it was made.
	Recipe Recipe
	// CopyReason is empty for a rendition. Otherwise the object is a copy of the
	// source's own bytes, and CopyReason is the class of the reason: [CopyAsIs], or a
	// fault's.
	CopyReason string
	// Size is the picture's size in pixels, zero where it is not known.
	Size Box
}

// Recipe is what determines a rendition, beside its source.
type Recipe struct {
	// Boxes are those of the preset, as [Preset.Boxes] writes them.
	Boxes string
	// Quality is the setting it was encoded with, 1 to 100.
	Quality int
	// Format is what it was written as.
	Format Format
	// Encoder names the program and the library and their versions.
	Encoder string
}

// CopyAsIs is the reason of a passthrough, a copy that is not a fallback: the source was smaller
// and lighter already, with nothing to remove, turn or convert.
const CopyAsIs = "as-is"

// The names of the metadata, as the SDKs give them: without "x-amz-meta-".
const (
	metaSource  = "calotype-source-etag"
	metaBoxes   = "calotype-boxes"
	metaQuality = "calotype-quality"
	metaFormat  = "calotype-format"
	metaEncoder = "calotype-encoder"
	metaKept    = "calotype-kept"
	metaSize    = "calotype-size"
)

// Metadata writes the lineage as S3 user metadata.
func (l Lineage) Metadata() map[string]string {
	m := map[string]string{
		metaSource:  TrimETag(l.SourceETag),
		metaBoxes:   l.Recipe.Boxes,
		metaQuality: strconv.Itoa(l.Recipe.Quality),
		metaFormat:  string(l.Recipe.Format),
		metaEncoder: l.Recipe.Encoder,
	}
	if l.CopyReason != "" {
		m[metaKept] = l.CopyReason
	}
	if l.Size != (Box{}) {
		m[metaSize] = l.Size.String()
	}
	return m
}

// ParseLineage is the inverse of [Lineage.Metadata]. What is missing or unreadable
// stays zero: such an object is current for nobody.
func ParseLineage(m map[string]string) Lineage {
	quality, _ := strconv.Atoi(m[metaQuality])
	size, _ := parseBox(m[metaSize])
	return Lineage{
		SourceETag: m[metaSource],
		Recipe: Recipe{
			Boxes:   m[metaBoxes],
			Quality: quality,
			Format:  Format(m[metaFormat]),
			Encoder: m[metaEncoder],
		},
		CopyReason: m[metaKept],
		Size:       size,
	}
}

// IsFallback reports whether the object is a copy that was kept because of a fault.
func (l Lineage) IsFallback() bool { return l.CopyReason != "" && l.CopyReason != CopyAsIs }

// TrimETag takes an ETag out of its quotes.
func TrimETag(etag string) string {
	return strings.Trim(etag, `"`)
}
