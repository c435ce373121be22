package imageheader

import (
	"bytes"
	"compress/zlib"
	"io"
)

// compressedData returns the zlib stream in an ancillary chunk, or nil. ISO 15948, 11.3.4.4,
// 11.3.4.5 and 11.3.3.3.
func compressedData(c PNGChunk) []byte {
	_, rest, found := bytes.Cut(c.Body, []byte{0}) // The keyword.
	switch {
	case !found:
		return nil
	case (c.Name == "zTXt" || c.Name == "iCCP") && len(rest) > 1:
		return rest[1:]
	case c.Name == "iTXt" && len(rest) > 2 && rest[0] == 1:
		_, rest, _ = bytes.Cut(rest[2:], []byte{0}) // The language.
		_, rest, _ = bytes.Cut(rest, []byte{0})     // The translated keyword.
		return rest
	}
	return nil
}

// inflated returns the size of the streams after decompression, up to a little more than a
// limit. Of a damaged stream the beginning counts.
func inflated(streams [][]byte, limit int64) (size int64) {
	for _, s := range streams {
		z, err := zlib.NewReader(bytes.NewReader(s))
		if err != nil {
			continue
		}
		n, _ := io.Copy(io.Discard, io.LimitReader(z, limit+1-size)) // What is damaged is not decompressed further.
		if size += n; size > limit {
			break
		}
	}
	return size
}
