package calotype

import (
	"strconv"
	"strings"
)

// Lineage is recorded in a rendition's metadata: the version of the source that it was
// made from, and the recipe. [Lineage.Staleness] decides from it whether the rendition
// is current.
type Lineage struct {
	// SourceETag is the ETag of the source, without quotes.
	SourceETag string
	// Recipe is how the rendition was made.
	Recipe Recipe
	// CopyReason is empty for a rendition. Otherwise the object is a copy of the source's
	// bytes: a passthrough if CopyReason is [CopyAsIs] or [CopyAnimation], or else a fallback copy, and
	// CopyReason is the class of the failure.
	CopyReason string
	// Damaged reports that the source is damaged, and that the rendition shows what could
	// be decoded.
	Damaged bool
	// Size is the picture's size in pixels, or zero if it is not known.
	Size Box
	// Focal is the source's focal point, if the rendition was cropped by it. A copy of the
	// source onto itself can change it and leave the ETag.
	Focal Focal
}

// Recipe determines a rendition, apart from its source.
type Recipe struct {
	// Boxes are the preset's boxes and options: its [Preset.Signature].
	Boxes string
	// Quality is the encoder's quality, 1 to 100.
	Quality int
	// Format is the format of the rendition.
	Format Format
	// Encoder names the program and the library and their versions.
	Encoder string
}

// CopyAsIs is the CopyReason of a passthrough: the source was small and light enough
// already, with nothing to remove, turn or convert.
const CopyAsIs = "as-is"

// CopyAnimation is the CopyReason of a passthrough whose animation the libraries of the
// worker cannot decode: a still in its place would be wrong.
const CopyAnimation = "animation"

// The names of the metadata without "x-amz-meta-", as the SDKs use them. They are those
// of the first builds: objects keep their metadata, and builds run side by side.
const (
	metaSource  = "calotype-source-etag"
	metaBoxes   = "calotype-boxes"
	metaQuality = "calotype-quality"
	metaFormat  = "calotype-format"
	metaEncoder = "calotype-encoder"
	metaKept    = "calotype-kept"
	metaSize    = "calotype-size"
	metaDamaged = "calotype-damaged"
	metaCropped = "calotype-focal"
)

// Metadata returns the lineage as S3 user metadata.
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
	if l.Damaged {
		m[metaDamaged] = "true"
	}
	if l.Size != (Box{}) {
		m[metaSize] = l.Size.String()
	}
	if l.Focal != "" {
		m[metaCropped] = string(l.Focal)
	}
	return m
}

// ParseLineage is the inverse of [Lineage.Metadata]. Missing or malformed fields are
// zero; an object without a SourceETag is never current.
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
		Damaged:    m[metaDamaged] == "true",
		Size:       size,
		Focal:      Focal(m[metaCropped]),
	}
}

// IsWholeCopy reports whether the object has all that the source's bytes contain, its
// metadata too: a fallback copy, or an animation that passed through undecoded.
func (l Lineage) IsWholeCopy() bool { return l.CopyReason != "" && l.CopyReason != CopyAsIs }

// IsFallback reports whether the object is a fallback copy, stored because the picture
// could not be rendered.
func (l Lineage) IsFallback() bool { return l.IsWholeCopy() && l.CopyReason != CopyAnimation }

// TrimETag returns an ETag without its quotes.
func TrimETag(etag string) string {
	return strings.Trim(etag, `"`)
}
