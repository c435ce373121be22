package render

import (
	"encoding/binary"
	"math"
)

// newTIFF makes an uncompressed TIFF of grey or RGB, without or with alpha, 8 bits per
// sample. It returns the file and the part for its pixels, row by row. libvips can read it
// without a copy of the pixels. The caller must write every pixel: they are not zeroed. The
// result is nil if a TIFF cannot hold as many. TIFF 6.0, section 2.
func newTIFF(width, height, bands int) (file, pixels []byte) {
	const (
		header, entrySize, stripRows = 8, 12, 16
		short, long                  = 3, 4
		blackIsZero, rgb             = 1, 2
		unassociatedAlpha            = 2
	)
	row := int64(width) * int64(bands)
	size, strips := row*int64(height), (height+stripRows-1)/stripRows
	if size > math.MaxUint32-1<<20-int64(strips)*8 {
		return nil, nil
	}
	photometric := uint32(rgb)
	if bands <= 2 {
		photometric = blackIsZero
	}
	type entry struct {
		tag, kind uint16
		values    []uint32
	}
	bits, offsets, counts := make([]uint32, bands), make([]uint32, strips), make([]uint32, strips)
	for i := range bits {
		bits[i] = 8
	}
	for i := range strips {
		offsets[i] = uint32(header + int64(i)*stripRows*row)
		counts[i] = uint32(int64(min(stripRows, height-i*stripRows)) * row)
	}
	entries := []entry{
		{256, long, []uint32{uint32(width)}},
		{257, long, []uint32{uint32(height)}},
		{258, short, bits},
		{259, short, []uint32{1}}, // Not compressed.
		{262, short, []uint32{photometric}},
		{273, long, offsets},
		{277, short, []uint32{uint32(bands)}},
		{278, long, []uint32{stripRows}},
		{279, long, counts},
		{284, short, []uint32{1}}, // A pixel's samples are adjacent.
	}
	if bands%2 == 0 {
		entries = append(entries, entry{338, short, []uint32{unassociatedAlpha}})
	}
	directory := header + size + size%2
	file = bufferPool.get(int(directory + int64(2+len(entries)*entrySize+4) + int64(strips)*8 + 64))[:header+size]
	pixels = file[header:]
	copy(file, "II*\x00")
	binary.LittleEndian.PutUint32(file[4:], uint32(directory))
	file = append(file, make([]byte, size%2)...)
	file = binary.LittleEndian.AppendUint16(file, uint16(len(entries)))
	var overflow []byte // Values that do not fit into an entry.
	for _, e := range entries {
		var values []byte
		for _, v := range e.values {
			if e.kind == short {
				values = binary.LittleEndian.AppendUint16(values, uint16(v))
			} else {
				values = binary.LittleEndian.AppendUint32(values, v)
			}
		}
		file = binary.LittleEndian.AppendUint16(file, e.tag)
		file = binary.LittleEndian.AppendUint16(file, e.kind)
		file = binary.LittleEndian.AppendUint32(file, uint32(len(e.values)))
		if len(values) <= 4 {
			file = append(file, append(values, 0, 0, 0, 0)[:4]...)
			continue
		}
		at := directory + int64(2+len(entries)*entrySize+4) + int64(len(overflow))
		file = binary.LittleEndian.AppendUint32(file, uint32(at))
		overflow = append(overflow, append(values, make([]byte, len(values)%2)...)...)
	}
	file = append(file, 0, 0, 0, 0) // No other picture.
	return append(file, overflow...), pixels
}
