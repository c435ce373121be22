package render

import (
	"errors"
	"fmt"

	"calotype/worker/imageheader"
	"calotype/worker/metadata"
)

// withoutMetadata removes the metadata that an encoder wrote although it was not asked to.
// libvips 8.14.1's webpsave adds an EXIF block of its own:
// https://github.com/libvips/libvips/pull/3389
func withoutMetadata(encoded []byte) ([]byte, error) {
	header, err := imageheader.Parse(encoded)
	if err != nil {
		return nil, fmt.Errorf("read what was encoded: %w", err)
	}
	if header.NoMetadata {
		return encoded, nil
	}
	clean, ok := metadata.Remove(encoded, header)
	if !ok {
		return nil, errors.New("the metadata of what was encoded cannot be removed")
	}
	return clean, nil
}
