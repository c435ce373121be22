package metadata

import (
	"encoding/binary"

	"calotype/worker/imageheader"
)

// fromGIF keeps the images, their graphic controls, and how often they are played.
func fromGIF(file []byte) ([]byte, bool) {
	const trailer = ';'
	out := make([]byte, 0, len(file))
	played, images := false, 0
	for b := range imageheader.GIFBlocks(file) {
		if len(out) == 0 {
			out = append(out, file[:b.Start]...) // The screen and its colours.
		}
		switch {
		case b.IsImage():
			images++
			out = append(out, file[b.Start:b.End]...)
		case b.IsGraphicControl():
			out = append(out, file[b.Start:b.End]...)
		default:
			if plays, ok := b.Loop(); ok && !played {
				played = true
				out = appendLoop(out, plays)
			}
		}
	}
	return append(out, trailer), images > 0
}

// appendLoop appends the extension that says how often an animation is repeated. Its
// original may have other data after the number.
func appendLoop(out []byte, repetitions int) []byte {
	out = append(out, "\x21\xff\x0bNETSCAPE2.0\x03\x01"...)
	out = binary.LittleEndian.AppendUint16(out, uint16(repetitions))
	return append(out, 0)
}
