package cases

import (
	"bytes"
	"slices"
)

// addPNGDamage adds PNGs that are cut or wrong, and ones that only look damaged.
func addPNGDamage(s *set) {
	c := newCanvas(pngRGB, 8)
	rows := c.rows()
	for y := range Height { // Not flat, so that missing rows are noticed.
		for x := range Width * 3 {
			rows[y*(1+Width*3)+1+x] += byte((x/3*7 + y*13) % 11)
		}
	}
	data := deflate(rows)
	whole := pngFile(c.header(), chunk("IDAT", data), iend())
	wrong := func(name string, parts ...[]byte) []byte {
		b := chunk(name, parts...)
		b[len(b)-1] ^= 0x55
		return b
	}
	var single [][]byte
	for part := range slices.Chunk(data, 100) {
		single = append(single, chunk("IDAT", part))
	}
	adler := bytes.Clone(data)
	adler[len(adler)-1] ^= 0x55
	zeros := bytes.Clone(data)
	clear(zeros[len(zeros)/2 : len(zeros)/2+40])
	for name, body := range ordered(
		"noiend", pngFile(c.header(), chunk("IDAT", data)),
		"trailing", append(bytes.Clone(whole), "and more bytes"...),
		"text-crc", pngFile(c.header(), wrong("tEXt", []byte("Comment\x00a case")), chunk("IDAT", data), iend()),
		"many-idat", pngFile(c.header(), slices.Concat(single...), iend()),
		"empty-idat", pngFile(c.header(), chunk("IDAT"), chunk("IDAT", data), chunk("IDAT"), iend()),
		"adler", pngFile(c.header(), chunk("IDAT", adler), iend()),
		"unknown-chunk", pngFile(c.header(), chunk("caSe", []byte("x")), chunk("IDAT", data), iend()),
		"time-text", pngFile(c.header(), chunk("tIME", []byte{7, 0xea, 11, 27, 1, 2, 3}), chunk("tEXt", []byte("Software\x00a case")), chunk("IDAT", data), iend()),
		"palette-long", pngFile(newCanvas(pngPalette, 1).header(), palette(4), newCanvas(pngPalette, 1).data(), iend()),
	) {
		s.add("png-warning", "png-"+name+".png", body)
	}
	for name, body := range ordered(
		"cut-half", whole[:len(whole)/2],
		"cut-tenth", whole[:len(whole)/10+60],
		"cut-last", whole[:len(whole)-20],
		"cut-header", whole[:30],
		"idat-crc", pngFile(c.header(), wrong("IDAT", data), iend()),
		"ihdr-crc", pngFile(wrong("IHDR", c.header()[8:21]), chunk("IDAT", data), iend()),
		"zeros", pngFile(c.header(), chunk("IDAT", zeros), iend()),
		"short-data", pngFile(c.header(), chunk("IDAT", deflate(rows[:len(rows)/2])), iend()),
		"critical-chunk", pngFile(c.header(), chunk("CASE", []byte("x")), chunk("IDAT", data), iend()),
		"second-header", pngFile(c.header(), chunk("gAMA", b32(100000)), chunk("IDAT", data), chunk("IHDR")),
		"no-idat", pngFile(c.header(), iend()),
	) {
		s.add("png-damage", "png-"+name+".png", body)
	}
}
