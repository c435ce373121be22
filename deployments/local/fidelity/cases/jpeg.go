package cases

import (
	"fmt"
	"slices"
)

// addJPEG adds JPEGs of every kind: sampling, coding, colour model.
func addJPEG(s *set) {
	add := func(name string, j jpeg) { s.add("jpeg-kinds", "jpeg-"+name+".jpg", j.body()) }
	for name, sampling := range ordered("444", [2]int{1, 1}, "422", [2]int{2, 1}, "420", [2]int{2, 2}, "440", [2]int{1, 2}, "411", [2]int{4, 1}) {
		j := newJPEG(sampling[0], sampling[1])
		add(name, j)
		j.progressive = true
		add(name+"-progressive", j)
	}
	grey := greyJPEG()
	add("grey", grey)
	grey.components[0].horizontal, grey.components[0].vertical = 2, 2
	add("grey-2x2", grey)
	grey.progressive = true
	add("grey-progressive", grey)
	restarts := newJPEG(2, 2)
	restarts.restart = 3
	add("restarts", restarts)
	restarts.progressive = true
	add("restarts-progressive", restarts)
	separate := newJPEG(2, 2)
	separate.separate = true
	add("separate-scans", separate)
	odd := newJPEG(2, 2)
	odd.width, odd.height = 161, 97
	add("odd-size", odd)
	addColourModels(s, add)
	s.add("jpeg-arithmetic", "jpeg-arithmetic.jpg", payload("jpeg-arithmetic"))
	s.add("jpeg-arithmetic", "jpeg-arithmetic-progressive.jpg", payload("jpeg-arithmetic-progressive"))
	s.add("names", "jpeg-named.jfif", newJPEG(2, 2).body())
	s.add("names", "jpeg-named.jpe", newJPEG(2, 2).body())
	s.add("names", "jpeg-named.png", newJPEG(2, 2).body())
}

// addColourModels adds JPEGs of RGB, CMYK and YCCK, declared by Adobe's marker, by the
// components' names or not at all.
func addColourModels(s *set, add func(string, jpeg)) {
	noJFIF := newJPEG(1, 1)
	noJFIF.header = nil
	add("no-jfif", noJFIF)
	noJFIF.components[0].id, noJFIF.components[1].id, noJFIF.components[2].id = 0, 1, 2
	add("no-jfif-ids-012", noJFIF)
	adobeYCC := newJPEG(2, 2)
	adobeYCC.header = [][]byte{adobe(1)}
	add("adobe-1", adobeYCC)

	rgb := newJPEG(1, 1)
	for i := range 3 {
		for q, c := range Quadrants {
			rgb.components[i].values[q] = c[i]
		}
	}
	rgb.header = [][]byte{adobe(0)}
	add("rgb-adobe-0", rgb)
	rgb.header = [][]byte{jfif(), adobe(0)}
	add("rgb-jfif-adobe-0", rgb)
	rgb.header = nil
	rgb.components = slices.Clone(rgb.components)
	rgb.components[0].id, rgb.components[1].id, rgb.components[2].id = 'R', 'G', 'B'
	add("rgb-names", rgb)

	for name, headers := range ordered("adobe-0", [][]byte{adobe(0)}, "plain", none, "jfif", [][]byte{jfif()}) {
		s.add("jpeg-cmyk", "jpeg-cmyk-"+name+".jpg", cmyk(headers...).body())
	}
	ycck := cmyk(adobe(2))
	for q := range 4 {
		v := func(i int) uint8 { return 255 - ycck.components[i].values[q] } // Decoders invert it.
		y, cb, cr := ycc(Colour{v(0), v(1), v(2)})
		for i, value := range []uint8{y, cb, cr} {
			ycck.components[i].values[q] = value
		}
	}
	s.add("jpeg-cmyk", "jpeg-ycck-adobe-2.jpg", ycck.body())
	ycck.progressive = true
	s.add("jpeg-cmyk", "jpeg-ycck-progressive.jpg", ycck.body())
	ycck.progressive = false
	ycck.components[0].horizontal, ycck.components[0].vertical = 2, 2
	ycck.components[3].horizontal, ycck.components[3].vertical = 2, 2
	s.add("jpeg-cmyk", "jpeg-ycck-420.jpg", ycck.body())
}

// none means no header at all.
var none [][]byte

// cmyk is a JPEG of four inks, stored inverted as Adobe's programs do.
func cmyk(header ...[]byte) jpeg {
	j := jpeg{width: Width, height: Height, header: header}
	for i := range 4 {
		c := component{id: byte(i + 1), horizontal: 1, vertical: 1}
		for q, colour := range Quadrants {
			black := max(colour[0], colour[1], colour[2])
			if i == 3 {
				c.values[q] = black
				continue
			}
			c.values[q] = uint8(int(colour[i]) * 255 / int(black))
		}
		j.components = append(j.components, c)
	}
	return j
}

// iccChunks are the segments of a profile, split into a number of parts: ICC.1:2010, B.4.
func iccChunks(profile []byte, parts int) [][]byte {
	var all [][]byte
	size := ceil(len(profile), parts)
	for i := range parts {
		all = append(all, segment(0xe2, []byte("ICC_PROFILE\x00"), []byte{byte(i + 1), byte(parts)}, profile[i*size:min(len(profile), (i+1)*size)]))
	}
	return all
}

// addJPEGColour adds JPEGs with profiles of their colour space, and of another one.
func addJPEGColour(s *set) {
	with := func(j jpeg, header ...[]byte) []byte {
		j.header = append(slices.Clone(j.header), header...)
		return j.body()
	}
	p3 := profileRGB(primariesP3, 0)
	for name, profile := range ordered("p3", p3, "srgb", profileRGB(primariesSRGB, 0), "linear", profileRGB(primariesSRGB, 1), "2.2", profileRGB(primariesSRGB, 2.2), "broken", []byte("no profile at all")) {
		s.add("jpeg-colour", "jpeg-icc-"+name+".jpg", with(newJPEG(2, 2), iccChunks(profile, 1)...))
	}
	progressive := newJPEG(2, 2)
	progressive.progressive = true
	s.add("jpeg-colour", "jpeg-icc-p3-progressive.jpg", with(progressive, iccChunks(p3, 1)...))
	three := iccChunks(p3, 3)
	s.add("jpeg-colour", "jpeg-icc-p3-3-parts.jpg", with(newJPEG(2, 2), three...))
	s.add("jpeg-colour", "jpeg-icc-p3-parts-312.jpg", with(newJPEG(2, 2), three[2], three[0], three[1]))
	s.add("jpeg-colour", "jpeg-icc-p3-part-missing.jpg", with(newJPEG(2, 2), three[0], three[2]))
	s.add("jpeg-colour", "jpeg-icc-p3-exif-6.jpg", with(newJPEG(2, 2), append(iccChunks(p3, 1), app1(turned(6)))...))

	for kind, j := range ordered("grey", greyJPEG(), "rgb", newJPEG(1, 1), "cmyk", cmyk(adobe(0))) {
		for name, profile := range ordered("grey1.0", profileGrey(1), "grey2.2", profileGrey(2.2), "p3", p3, "rgblinear", profileRGB(primariesSRGB, 1), "cmyk", profileCMYK()) {
			s.add("profile-space", fmt.Sprintf("jpeg-%s-profile-%s.jpg", kind, name), with(j, iccChunks(profile, 1)...))
		}
	}
}
