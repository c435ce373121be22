package calotype

import (
	"maps"
	"slices"
)

// MetadataNames returns the names of all metadata that a rendition may have, without
// "x-amz-meta-", sorted. Viewers must not see them.
func MetadataNames() []string {
	every := Lineage{SourceETag: "x", Recipe: Recipe{Boxes: "x"}, CopyReason: "x", Damaged: true, Size: Box{1, 1}, Focal: "x"}.Metadata()
	every[CacheTagMetadata] = ""
	return slices.Sorted(maps.Keys(every))
}
