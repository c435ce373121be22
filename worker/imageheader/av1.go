package imageheader

// codedPicture holds what a codec's own sequence header declares.
type codedPicture struct {
	Size
	depth  int
	chroma Chroma
	cicp   CICP
}

// av1Sequence finds the sequence headers among the OBUs of an item, and returns the
// largest. AV1 bitstream specification, 5.3 to 5.5.
func av1Sequence(data []byte) (largest codedPicture, ok bool) {
	const sequenceHeader = 1
	for len(data) > 0 {
		header := data[0]
		kind, extended, sized := header>>3&15, header&4 != 0, header&2 != 0
		data = data[1:]
		if extended {
			data = data[min(1, len(data)):]
		}
		size := uint64(len(data))
		if sized {
			var n int
			if size, n = leb128(data); n == 0 {
				return largest, ok
			}
			data = data[n:]
		}
		body := data[:min(size, uint64(len(data)))]
		data = data[len(body):]
		if kind != sequenceHeader {
			continue
		}
		if p, valid := readAV1Sequence(body); valid && (!ok || p.Width*p.Height > largest.Width*largest.Height) {
			largest, ok = p, true
		}
	}
	return largest, ok
}

// leb128 reads a size; n is zero if it is broken. AV1, 4.10.5.
func leb128(data []byte) (v uint64, n int) {
	for n < 8 && n < len(data) {
		b := data[n]
		v |= uint64(b&0x7f) << (7 * n)
		if n++; b&0x80 == 0 {
			return v, n
		}
	}
	return 0, 0
}

// readAV1Sequence reads a sequence header. AV1, 5.5.1.
func readAV1Sequence(body []byte) (p codedPicture, ok bool) {
	r := &bitReader{b: body}
	profile := r.bits(3)
	r.skip(1) // still_picture
	reduced := r.flag()
	if reduced {
		r.skip(5) // seq_level_idx
	} else {
		skipAV1OperatingPoints(r)
	}
	widthBits, heightBits := int(r.bits(4))+1, int(r.bits(4))+1
	p.Width, p.Height = int(r.bits(widthBits))+1, int(r.bits(heightBits))+1
	if !reduced && r.flag() { // frame_id_numbers_present_flag
		r.skip(4 + 3)
	}
	r.skip(3) // 128x128 blocks, intra filter, intra edge
	if !reduced {
		skipAV1Tools(r)
	}
	r.skip(3) // superres, cdef, restoration
	p.depth, p.chroma, p.cicp = readAV1Colour(r, profile)
	return p, !r.short
}

// skipAV1OperatingPoints skips from the timing to the operating points. AV1, 5.5.1.
func skipAV1OperatingPoints(r *bitReader) {
	var delayBits int
	model := false
	if r.flag() { // timing_info_present_flag
		r.skip(32 + 32)
		if r.flag() { // equal_picture_interval
			r.exponential()
		}
		if model = r.flag(); model {
			delayBits = int(r.bits(5)) + 1
			r.skip(32 + 5 + 5)
		}
	}
	display := r.flag()
	for range r.bits(5) + 1 {
		r.skip(12)
		if level := r.bits(5); level > 7 {
			r.skip(1)
		}
		if model && r.flag() {
			r.skip(2*delayBits + 1)
		}
		if display && r.flag() {
			r.skip(4)
		}
	}
}

// skipAV1Tools skips what only sequences of several pictures use. AV1, 5.5.1.
func skipAV1Tools(r *bitReader) {
	r.skip(4) // interintra, masked, warped, dual filter
	order := r.flag()
	if order {
		r.skip(2)
	}
	const selectTools = 2
	tools := uint32(selectTools)
	if !r.flag() {
		tools = r.bit()
	}
	if tools > 0 && !r.flag() { // seq_choose_integer_mv
		r.skip(1)
	}
	if order {
		r.skip(3)
	}
}

// readAV1Colour reads color_config. AV1, 5.5.2.
func readAV1Colour(r *bitReader, profile uint32) (depth int, chroma Chroma, c CICP) {
	depth = 8
	if r.flag() {
		if depth = 10; profile == 2 && r.flag() {
			depth = 12
		}
	}
	mono := profile != 1 && r.flag()
	c = CICP{Primaries: Unspecified, Transfer: Unspecified, Matrix: Unspecified}
	if r.flag() {
		c = CICP{Primaries: uint16(r.bits(8)), Transfer: uint16(r.bits(8)), Matrix: uint16(r.bits(8))}
	}
	switch {
	case mono:
		c.FullRange = r.flag()
		return depth, Chroma400, c
	case c.Primaries == PrimariesBT709 && c.Transfer == TransferSRGB && c.Matrix == MatrixIdentity:
		c.FullRange = true
		return depth, Chroma444, c
	}
	c.FullRange = r.flag()
	chroma = Chroma422
	switch {
	case profile == 0:
		chroma = Chroma420
	case profile == 1:
		chroma = Chroma444
	case depth == 12:
		if !r.flag() {
			chroma = Chroma444
		} else if r.flag() {
			chroma = Chroma420
		}
	}
	return depth, chroma, c
}
