package imageheader

// bitReader reads bits, the highest of a byte first. After the end it reads zeros, and
// short is set.
type bitReader struct {
	b     []byte
	at    int // In bits.
	short bool
}

func (r *bitReader) bit() uint32 {
	if r.at >= 8*len(r.b) {
		r.short = true
		return 0
	}
	bit := r.b[r.at/8] >> (7 - r.at%8) & 1
	r.at++
	return uint32(bit)
}

func (r *bitReader) flag() bool { return r.bit() == 1 }

// bits reads a number of at most 32 bits.
func (r *bitReader) bits(n int) (v uint32) {
	for range n {
		v = v<<1 | r.bit()
	}
	return v
}

func (r *bitReader) skip(n int) {
	if r.at += n; r.at > 8*len(r.b) {
		r.at, r.short = 8*len(r.b), true
	}
}

// exponential reads an unsigned Exp-Golomb code, ue(v) in ITU-T H.265, 9.2, and uvlc() in
// AV1, 4.10.3.
func (r *bitReader) exponential() uint32 {
	zeros := 0
	for !r.flag() {
		if zeros++; zeros > 31 || r.short {
			r.short = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.bits(zeros)
}
