//go:build cgo

package render

import "github.com/davidbyttow/govips/v2/vips"

// NativeMemory returns the memory that libvips holds now.
func NativeMemory() Native {
	var s vips.MemoryStats
	vips.ReadVipsMemStats(&s)
	return Native{Bytes: s.Mem, Highest: s.MemHigh, Pieces: s.Allocs}
}
