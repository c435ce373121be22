package cases

import "slices"

// addJXL adds JPEG XL: a bare codestream, one in boxes, and whole files.
func addJXL(s *set) {
	boxed := func(codestream []byte) []byte {
		return slices.Concat(box("JXL ", []byte{0x0d, 0x0a, 0x87, 0x0a}), box("ftyp", []byte("jxl \x00\x00\x00\x00jxl ")), box("jxlc", codestream))
	}
	bare, soft := payload("jxl-quadrants"), payload("jxl-alpha")
	s.add("jxl", "jxl-bare.jxl", bare)
	s.add("jxl", "jxl-boxed.jxl", boxed(bare))
	s.add("jxl", "jxl-alpha.jxl", soft)
	s.add("jxl", "jxl-alpha-boxed.jxl", boxed(soft))
	s.add("jxl", "jxl-named.jpg", bare)
	s.add("jxl", "jxl-cut.jxl", bare[:len(bare)/2])
	whole := func(class string, names ...string) {
		for _, name := range names {
			s.add(class, "jxl-"+name+".jxl", payload("jxl-"+name))
		}
	}
	whole("jxl-turn", "turn-2", "turn-6", "turn-8")
	whole("jxl-colour", "p3", "p3-16", "linear", "linear-16", "gamma", "grey-16", "10", "float", "premultiplied")
	whole("jxl-motion", "motion")
	whole("hdr", "pq", "pq-16", "hlg", "hlg-16")
}
