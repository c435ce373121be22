package cases

// addAVIFMotion adds image sequences: a primary picture and a track of pictures.
func addAVIFMotion(s *set) {
	limited, full := []string{"420-limited", "420-limited-second", "420-limited-third"}, []string{"444", "444-second", "444-third"}
	srgb := nclx(1, 13, 6, false)
	for name, delays := range ordered("500", []int{500, 500, 500}, "mixed", []int{40, 500, 1000}) {
		s.add("avif-motion", "avif-sequence-"+name+".avif", sequence(limited, delays, 1, srgb).body())
	}
	halves := []int{500, 500, 500}
	s.add("avif-motion", "avif-sequence-full-range.avif", sequence(full, halves, 1, nclx(1, 13, 6, true)).body())
	s.add("avif-motion", "avif-sequence-p3.avif", sequence(limited, halves, 1, nclx(12, 13, 6, false)).body())
	s.add("avif-motion", "avif-sequence-repeated.avif", sequence(limited, halves, 3, srgb).body())
	s.add("avif-motion", "avif-sequence-one.avif", sequence(limited[:1], halves[:1], 1, srgb).body())
	whole := sequence(limited, halves, 1, srgb).body()
	s.add("animation-damage", "avif-sequence-cut.avif", whole[:len(whole)-60])
}

// sequence is a track of coded pictures with delays in milliseconds, each a sync sample.
// The first is the primary item too. Plays is how often it is played: ISO 14496-12, 8.6.6.
func sequence(names []string, delays []int, plays int, colour property) heif {
	h := heif{brands: "avisavifavismif1miafmsf1"}
	for _, n := range names {
		h.items = append(h.items, av1(n, colour))
	}
	kept := h.items
	total := 0
	for _, d := range delays {
		total += d
	}
	h.tracks = func(at int) []byte {
		var durations, lengths, offsets []byte
		for i, it := range kept {
			durations = append(durations, b32(1, delays[i])...)
			lengths = append(lengths, b32(len(it.body))...)
			offsets = append(offsets, b32(at)...)
			at += len(it.body)
		}
		entry := box("av01", make([]byte, 6), b16(1), make([]byte, 16), b16(Width, Height), b32(0x480000, 0x480000, 0), b16(1),
			make([]byte, 32), b16(24, 0xffff), av1C(names[0]), colour.body, fullBox("ccst", 0, 0, b32(0x7c000000)))
		table := box("stbl",
			fullBox("stsd", 0, 0, b32(1), entry),
			fullBox("stts", 0, 0, b32(len(names)), durations),
			fullBox("stsc", 0, 0, b32(1, 1, 1, 1)),
			fullBox("stsz", 0, 0, b32(0, len(names)), lengths),
			fullBox("stco", 0, 0, b32(len(names)), offsets))
		media := box("mdia",
			fullBox("mdhd", 0, 0, b32(0, 0, 1000, total), b16(0x55c4, 0)),
			fullBox("hdlr", 0, 0, b32(0), []byte("pict"), b32(0, 0, 0), []byte{0}),
			box("minf", fullBox("vmhd", 0, 1, make([]byte, 8)), box("dinf", fullBox("dref", 0, 0, b32(1), fullBox("url ", 0, 1))), table))
		matrix := b32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
		edit := box("edts", fullBox("elst", 0, 1, b32(1, total, 0), b16(1, 0)))
		track := box("trak",
			fullBox("tkhd", 0, 3, b32(0, 0, 1, 0, total*plays, 0, 0), b16(0, 0, 0, 0), matrix, b32(Width<<16, Height<<16)),
			edit, media)
		return box("moov", fullBox("mvhd", 0, 0, b32(0, 0, 1000, total*plays), b32(0x10000), b16(0x100), make([]byte, 10), matrix, make([]byte, 24), b32(2)), track)
	}
	return h
}
