package cases

import "slices"

// addICO adds icons: browsers show their largest picture, whatever a file's name says.
func addICO(s *set) {
	small := newCanvas(pngRGBA, 8)
	small.width, small.height, small.alphas = 32, 32, softs
	whole := small
	whole.width, whole.height = 64, 64
	type entry struct {
		size, bits int
		body       []byte
	}
	icon := func(entries ...entry) []byte {
		head, bodies := l16(0, 1, len(entries)), []byte(nil)
		for _, e := range entries {
			head = slices.Concat(head, []byte{byte(e.size), byte(e.size), 0, 0}, l16(1, e.bits), l32(len(e.body), 6+16*len(entries)+len(bodies)))
			bodies = append(bodies, e.body...)
		}
		return append(head, bodies...)
	}
	s.add("ico", "ico-png.ico", icon(entry{64, 32, whole.file()}))
	s.add("ico", "ico-png-two.ico", icon(entry{32, 32, small.file()}, entry{64, 32, whole.file()}))
	s.add("ico", "ico-32.ico", icon(entry{32, 32, dib(32, 32)}))
	s.add("ico", "ico-24.ico", icon(entry{32, 24, dib(32, 24)}))
	s.add("ico", "ico-two.ico", icon(entry{16, 32, dib(16, 32)}, entry{32, 32, dib(32, 32)}))
	s.add("ico", "ico-named.png", icon(entry{32, 32, dib(32, 32)}))
}

// dib is a bitmap of an icon, whose mask hides the last quadrant.
func dib(size, depth int) []byte {
	head := slices.Concat(l32(40, size, 2*size), l16(1, depth), l32(0, 0, 0, 0, 0, 0))
	var pixels, mask []byte
	for row := range size {
		y := size - 1 - row
		var hidden []int
		for x := range size {
			q := quadrant(x, y, size, size)
			pixels = append(pixels, bgr(q)...)
			if depth == 32 {
				pixels = append(pixels, softs[q])
			}
			hide := 0
			if q == 3 {
				hide = 1
			}
			hidden = append(hidden, hide)
		}
		line := pack(1, hidden)
		for len(line)%4 != 0 {
			line = append(line, 0)
		}
		mask = append(mask, line...)
	}
	return slices.Concat(head, pixels, mask)
}
