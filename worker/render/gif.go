package render

import "errors"

var errCutGIF = errors.New("gif: cut in the middle of a block")

// wholeGIF walks over the blocks of a GIF and says whether one is cut off. libvips'
// decoder shows what there is of such a file, and govips does not ask it not to.
// A missing trailer alone is common and harmless. GIF89a, sections 15 to 27.
func wholeGIF(file []byte) error {
	const (
		header     = 6 + 7 // Signature, logical screen descriptor.
		image      = 0x2c
		extension  = 0x21
		trailer    = 0x3b
		colorTable = 0x80
	)
	at := header
	if len(file) < at {
		return errCutGIF
	}
	if flags := file[10]; flags&colorTable != 0 {
		at += 3 << (flags&7 + 1)
	}
	for at < len(file) {
		switch file[at] {
		case trailer:
			return nil
		case extension:
			at += 2 // Introducer, label.
		case image:
			const descriptor = 10
			if at+descriptor > len(file) {
				return errCutGIF
			}
			flags := file[at+9]
			at += descriptor
			if flags&colorTable != 0 {
				at += 3 << (flags&7 + 1)
			}
			at++ // LZW minimum code size.
		default:
			return nil // Garbage behind the last block, for the decoder to judge.
		}
		// Data sub-blocks, each with its size in front, up to an empty one.
		for {
			if at >= len(file) {
				return errCutGIF
			}
			size := int(file[at])
			at += 1 + size
			if size == 0 {
				break
			}
		}
	}
	if at > len(file) {
		return errCutGIF
	}
	return nil
}
