package render

import (
	"bytes"
	"errors"
)

var (
	errCutGIF     = errors.New("gif: cut in the middle of a block")
	errGarbageGIF = errors.New("gif: garbage between blocks")
)

// walkGIF walks over the blocks of a GIF and says whether one is cut off or is none.
// libvips' decoder shows what there is of such a file, and govips does not ask it
// not to. A missing trailer, or a little padding, is common and harmless. Plain
// files have no comments, no data of applications but the loop count, and nothing
// behind the trailer. GIF89a, sections 15 to 27.
func walkGIF(file []byte) (plain bool, err error) {
	const (
		header     = 6 + 7 // Signature, logical screen descriptor.
		image      = 0x2c
		extension  = 0x21
		trailer    = 0x3b
		colorTable = 0x80

		graphicControl = 0xf9
		application    = 0xff
		loopCount      = "\x0bNETSCAPE2.0"
		mostPadding    = 64
	)
	plain = true
	at := header
	if len(file) < at {
		return false, errCutGIF
	}
	if flags := file[10]; flags&colorTable != 0 {
		at += 3 << (flags&7 + 1)
	}
	for at < len(file) {
		switch file[at] {
		case trailer:
			return plain && at+1 == len(file), nil
		case extension:
			if at+2 > len(file) {
				return false, errCutGIF
			}
			label := file[at+1]
			at += 2
			plain = plain && (label == graphicControl || label == application && bytes.HasPrefix(file[at:], []byte(loopCount)))
		case image:
			const descriptor = 10
			if at+descriptor > len(file) {
				return false, errCutGIF
			}
			flags := file[at+9]
			at += descriptor
			if flags&colorTable != 0 {
				at += 3 << (flags&7 + 1)
			}
			at++ // LZW minimum code size.
		default:
			if rest := file[at:]; len(rest) > mostPadding || len(bytes.Trim(rest, "\x00\x3b")) > 0 {
				return false, errGarbageGIF
			}
			return false, nil
		}
		// Data sub-blocks, each with its size in front, up to an empty one.
		for {
			if at >= len(file) {
				return false, errCutGIF
			}
			size := int(file[at])
			at += 1 + size
			if size == 0 {
				break
			}
		}
	}
	if at > len(file) {
		return false, errCutGIF
	}
	return false, nil
}
