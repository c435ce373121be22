package imageheader

import "testing"

// jxlWriter writes bits, the lowest of a byte first.
type jxlWriter struct {
	b []byte
	n int
}

func (w *jxlWriter) bits(n int, v uint32) *jxlWriter {
	for i := range n {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[w.n/8] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
	return w
}

// jxlStream is a codestream of 64x48; metadata writes its metadata.
func jxlStream(metadata func(*jxlWriter)) []byte {
	w := &jxlWriter{}
	w.bits(1, 1).bits(5, 5).bits(3, 3) // 48 high, 4:3.
	metadata(w)
	return join([]byte{0xff, 0x0a}, w.b, make([]byte, 8))
}

func jxlFull(w *jxlWriter) {
	w.bits(1, 0).bits(1, 1)                                                                   // Extra fields:
	w.bits(3, 5).bits(1, 0).bits(1, 0)                                                        // Turned to the right.
	w.bits(1, 1).bits(2, 0).bits(2, 0).bits(2, 1).bits(3, 4).bits(1, 0)                       // Four times.
	w.bits(1, 0).bits(2, 1).bits(1, 1)                                                        // 10 bits.
	w.bits(2, 1).bits(1, 0).bits(2, 0).bits(1, 0).bits(2, 0).bits(2, 0).bits(2, 0).bits(1, 1) // Alpha, premultiplied.
	w.bits(1, 0)                                                                              // Not XYB.
	w.bits(1, 0).bits(1, 0).bits(2, 0).bits(2, 1)                                             // RGB of D65,
	w.bits(2, 2).bits(4, 7).bits(1, 0).bits(2, 2).bits(4, 14)                                 // of BT.2020 and PQ.
}

func TestJXL(t *testing.T) {
	plain := jxlStream(func(w *jxlWriter) { w.bits(1, 1) })
	if h := parse(t, plain); h.Width != 64 || h.Height != 48 || h.Depth != 8 || h.Alpha || h.Orientation != 1 || h.Colour.Source != ColourSRGB || h.JXL.Container {
		t.Errorf("got %+v", h)
	}
	for name, file := range map[string][]byte{
		"stream":   jxlStream(jxlFull),
		"boxes":    join(jxlContainer, box("jxlc", jxlStream(jxlFull))),
		"in parts": join(jxlContainer, box("jbrd"), box("jxlp", be32(0), jxlStream(jxlFull)), box("jxlp", be32(1))),
	} {
		h := parse(t, file)
		if h.Display() != (Size{48, 64}) || h.Depth != 10 || h.Channels != 4 || !h.Alpha || !h.Premultiplied || h.Animation.Plays != 4 {
			t.Errorf("%s: got %+v", name, h)
		}
		if x := h.JXL; !x.Animated || x.XYB || x.Extra != 1 || x.FromJPEG != (name == "in parts") || x.Container == (name == "stream") {
			t.Errorf("%s: got %+v", name, x)
		}
		if c := h.Colour; c.Source != ColourCICP || *c.CICP != (CICP{PrimariesBT2020, TransferPQ, MatrixIdentity, true}) {
			t.Errorf("%s: got %+v, %+v", name, c, c.CICP)
		}
	}
	for name, file := range map[string][]byte{"empty": {0xff, 0x0a}, "no stream": jxlContainer} {
		if h, err := Parse(file); err == nil {
			t.Errorf("%s: %+v", name, h)
		}
	}
}
