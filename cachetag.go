package calotype

import (
	"encoding/hex"
	"hash/fnv"
)

// CacheTagMetadata is the name of the metadata of a rendition that holds its [CacheTag],
// without "x-amz-meta-". A CDN that reads the bucket itself finds the tag there.
const CacheTagMetadata = "calotype-tag"

// CacheTag returns the tag of a source's responses in a cache, of all variants and of the
// source itself: 32 hexadecimal digits. CloudFront ignores case in tags, and keys do not, so
// the tag is a hash of the key: FNV-1a of 128 bits. It is not a secret. Two sources with one
// tag would be invalidated together.
func CacheTag(source string) string {
	h := fnv.New128a()
	h.Write([]byte(source)) //nolint:errcheck // A hash returns no error.
	return hex.EncodeToString(h.Sum(nil))
}
