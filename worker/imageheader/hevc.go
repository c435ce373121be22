package imageheader

import "bytes"

const hevcSPS = 33 // The type of a NAL unit. ITU-T H.265, table 7-1.

// hevcConfig reads the sequence parameter sets of a decoder configuration record. It
// returns the largest, and the size of the NAL units' length fields. ISO 14496-15, 8.3.3.1.
func hevcConfig(body []byte) (largest codedPicture, lengthSize int, ok bool) {
	r := &bytesReader{b: body}
	head := r.take(22)
	if r.short {
		return largest, 0, false
	}
	lengthSize = int(head[21]&3) + 1
	for range r.u8() {
		kind := r.u8() & 0x3f
		for range r.u16() {
			unit := r.take(int(r.u16()))
			if r.short {
				return largest, lengthSize, ok
			}
			if kind == hevcSPS {
				largest, ok = larger(largest, ok, unit)
			}
		}
	}
	return largest, lengthSize, ok
}

// hevcUnits looks for sequence parameter sets among the NAL units of an item.
func hevcUnits(data []byte, lengthSize int, largest codedPicture, ok bool) (codedPicture, bool) {
	for len(data) > lengthSize && lengthSize > 0 {
		size := 0
		for _, b := range data[:lengthSize] {
			size = size<<8 | int(b)
		}
		data = data[lengthSize:]
		unit := data[:min(size, len(data))]
		data = data[len(unit):]
		if len(unit) > 2 && unit[0]>>1&0x3f == hevcSPS {
			largest, ok = larger(largest, ok, unit)
		}
	}
	return largest, ok
}

func larger(p codedPicture, ok bool, unit []byte) (codedPicture, bool) {
	read, valid := readHEVCSPS(unit)
	if valid && (!ok || read.Width*read.Height > p.Width*p.Height) {
		return read, true
	}
	return p, ok
}

// readHEVCSPS reads a sequence parameter set up to the video signal type, or up to the
// parts that only videos have. ITU-T H.265, 7.3.2.2 and E.2.1.
func readHEVCSPS(unit []byte) (p codedPicture, ok bool) {
	const maxUnit = 4096
	unit = unit[:min(len(unit), maxUnit)]
	r := &bitReader{b: bytes.ReplaceAll(unit, []byte{0, 0, 3}, []byte{0, 0})} // 7.3.1.1
	r.skip(16 + 4)
	layers := int(r.bits(3))
	r.skip(1)
	skipHEVCProfile(r, layers)
	r.exponential()
	p.chroma = map[uint32]Chroma{0: Chroma400, 1: Chroma420, 2: Chroma422, 3: Chroma444}[r.exponential()]
	if p.chroma == Chroma444 {
		r.skip(1)
	}
	width, height := r.exponential(), r.exponential()
	if width > 1<<20 || height > 1<<20 {
		return p, false
	}
	p.Width, p.Height = int(width), int(height)
	if r.flag() { // The conformance window. The pixels that it hides are decoded all the same.
		for range 4 {
			r.exponential()
		}
	}
	p.depth = int(r.exponential()) + 8
	r.exponential()
	ok = !r.short && p.chroma != "" && p.depth <= 16 && width > 0 && height > 0
	p.cicp = readHEVCSignal(r, layers)
	return p, ok
}

// skipHEVCProfile skips profile_tier_level. ITU-T H.265, 7.3.3.
func skipHEVCProfile(r *bitReader, layers int) {
	const profile, level = 88, 8
	r.skip(profile + level)
	var skip [8]int
	for i := range layers {
		skip[i] = int(r.bit())*profile + int(r.bit())*level
	}
	if layers > 0 {
		r.skip(2 * (8 - layers))
	}
	for i := range layers {
		r.skip(skip[i])
	}
}

// readHEVCSignal reads the colour of the usability information for stills. It returns
// nothing for a set with scaling lists or references to other pictures.
func readHEVCSignal(r *bitReader, layers int) CICP {
	none := CICP{Primaries: Unspecified, Transfer: Unspecified, Matrix: Unspecified}
	r.exponential() // The order count.
	first := layers
	if r.flag() {
		first = 0
	}
	for range 3*(layers-first+1) + 6 { // The layers' buffers, the sizes of blocks.
		r.exponential()
	}
	if r.flag() {
		if ownLists := r.flag(); ownLists { // Explicit scaling lists.
			return none
		}
	}
	r.skip(2)
	if r.flag() { // PCM
		r.skip(8)
		r.exponential()
		r.exponential()
		r.skip(1)
	}
	if sets := r.exponential(); sets > 0 {
		return none
	}
	if r.flag() { // Long-term references.
		return none
	}
	r.skip(2)
	if !r.flag() {
		return none
	}
	const extended = 255
	if r.flag() && r.bits(8) == extended { // The aspect of a pixel.
		r.skip(32)
	}
	if r.flag() { // Overscan
		r.skip(1)
	}
	if !r.flag() {
		return none
	}
	r.skip(3)
	none.FullRange = r.flag()
	if !r.flag() {
		return none
	}
	c := CICP{uint16(r.bits(8)), uint16(r.bits(8)), uint16(r.bits(8)), none.FullRange}
	if r.short {
		return CICP{Primaries: Unspecified, Transfer: Unspecified, Matrix: Unspecified}
	}
	return c
}
