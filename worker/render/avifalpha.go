package render

import (
	"bytes"
	"encoding/binary"

	"calotype/worker/imageheader"
)

// withFullRangeAlpha corrects the alpha plane of an AVIF that libheif wrote, in place. Up
// to 1.15 libheif encodes alpha with all values from 0 to 255 but marks it as limited
// range, so browsers stretch it: 190 becomes 202.
func withFullRangeAlpha(file []byte) {
	var primary uint32
	var items []imageheader.Box
	for meta := range imageheader.Boxes(file, 0, len(file)) {
		if meta.Type != "meta" {
			continue
		}
		for b := range imageheader.Boxes(file, meta.End-len(meta.Body)+4, meta.End) {
			switch b.Type {
			case "pitm":
				if len(b.Body) >= 6 && b.Body[0] == 0 {
					primary = uint32(binary.BigEndian.Uint16(b.Body[4:]))
				}
			case "iloc":
				items = append(items, b)
			}
		}
	}
	for _, b := range items {
		for _, item := range locations(b.Body) {
			if item.id != primary && item.offset+item.length <= uint64(len(file)) {
				markFullRange(file[item.offset:][:item.length])
			}
		}
	}
}

type location struct {
	id             uint32
	offset, length uint64
}

// locations reads where the items of a file are, in the form that libheif writes: each in
// one piece. ISO 14496-12, 8.11.3.
func locations(b []byte) (all []location) {
	if len(b) < 8 || b[0] > 1 || b[4] != 0x44 {
		return nil // Another version, or sizes other than 4 bytes.
	}
	version, baseSize := b[0], int(b[5]>>4)
	count := int(binary.BigEndian.Uint16(b[6:]))
	b = b[8:]
	skip := 2 + baseSize // data_reference_index, base_offset
	if version == 1 {
		skip += 2 // construction_method
	}
	for range count {
		if len(b) < 2+skip+2+8 || binary.BigEndian.Uint16(b[2+skip:]) != 1 {
			return all
		}
		extent := b[2+skip+2:]
		all = append(all, location{
			id:     uint32(binary.BigEndian.Uint16(b)),
			offset: uint64(binary.BigEndian.Uint32(extent)), length: uint64(binary.BigEndian.Uint32(extent[4:])),
		})
		b = extent[8:]
	}
	return all
}

// markFullRange sets color_range in the sequence header of a still grey picture. AV1
// bitstream specification, 5.5.1 and 5.5.2.
func markFullRange(item []byte) {
	const sequenceHeader = 0x0a // Its OBU header, with a size.
	start := bytes.IndexByte(item[:min(len(item), 4)], sequenceHeader)
	if start < 0 || start+2 > len(item) {
		return
	}
	header := item[start+2:]
	header = header[:min(int(item[start+1]), len(header))]
	at := 0
	bits := func(n int) (v int) {
		for range n {
			v <<= 1
			if at/8 < len(header) {
				v |= int(header[at/8]>>(7-at%8)) & 1
			}
			at++
		}
		return v
	}
	bits(3 + 1) // seq_profile, still_picture
	if reduced := bits(1); reduced == 0 {
		return
	}
	bits(5) // seq_level_idx
	width, height := bits(4)+1, bits(4)+1
	bits(width)
	bits(height)
	bits(6) // Tools.
	bits(1) // high_bitdepth
	mono, described := bits(1), bits(1)
	if described == 1 {
		bits(24)
	}
	if mono == 1 && at/8 < len(header) {
		header[at/8] |= 1 << (7 - at%8)
	}
}
