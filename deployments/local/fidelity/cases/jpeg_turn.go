package cases

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// addJPEGTurn adds JPEGs turned by EXIF, and ones that only seem to be.
func addJPEGTurn(s *set) {
	add := func(name string, header ...[]byte) {
		j := newJPEG(2, 2)
		j.header = header
		s.add("jpeg-turn", "jpeg-exif-"+name+".jpg", j.body())
	}
	orders := []struct {
		name string
		binary.AppendByteOrder
	}{{"big", binary.BigEndian}, {"little", binary.LittleEndian}}
	for _, order := range orders {
		for o := 1; o <= 8; o++ {
			add(fmt.Sprintf("%d-%s", o, order.name), app1(exif(order.AppendByteOrder, []field{orientation(order.AppendByteOrder, o)}, nil)))
		}
		fields := untidy(order.AppendByteOrder)
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			add(name+"-"+order.name, app1(exif(order.AppendByteOrder, []field{fields[name]}, nil)))
		}
	}
	six, one := orientation(binary.BigEndian, 6), orientation(binary.BigEndian, 1)
	maker := field{0x010f, typeASCII, 4, []byte("abc\x00")}
	add("6-after-jfif", jfif(), app1(turned(6)))
	add("6-before-jfif", app1(turned(6)), jfif())
	add("6-second-field", app1(exif(binary.BigEndian, []field{maker, six}, nil)))
	add("first-6-second-1", app1(turned(6)), app1(turned(1)))
	add("first-1-second-6", app1(turned(1)), app1(turned(6)))
	add("6-thumbnail-1", app1(exif(binary.BigEndian, []field{six}, []field{one})))
	add("1-thumbnail-6", app1(exif(binary.BigEndian, []field{one}, []field{six})))
	add("thumbnail-only-6", app1(exif(binary.BigEndian, []field{}, []field{six})))
	add("6-after-comment", segment(0xfe, []byte("a comment")), app1(turned(6)))
	add("6-no-prefix", segment(0xe1, turned(6)))
	add("6-in-app2", segment(0xe2, []byte("Exif\x00\x00"), turned(6)))
	add("6-cut", app1(turned(6)[:20]))
	xmp := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>`
	add("xmp-6", segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00"), []byte(xmp)))
	add("xmp-6-exif-8", app1(turned(8)), segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00"), []byte(xmp)))
	for name, j := range ordered("grey", greyJPEG(), "cmyk", cmyk(adobe(0)), "progressive", newJPEG(2, 1)) {
		j.progressive = name == "progressive"
		j.header = append(slices.Clone(j.header), app1(turned(6)))
		s.add("jpeg-turn", "jpeg-exif-6-"+name+".jpg", j.body())
	}
	late := newJPEG(2, 2).parts()
	i := slices.IndexFunc(late, func(p part) bool { return p.name == "SOS" })
	s.add("jpeg-turn", "jpeg-exif-6-before-scan.jpg", joined(slices.Insert(late, i, part{"header", app1(turned(6))})))
	// Density and size in EXIF: a picture of 144 pixels an inch is shown at half its size.
	for _, o := range []int{1, 6} {
		add(fmt.Sprintf("density-144-%d", o), app1(dense(o)))
	}
}

// dense is EXIF of 144 pixels per inch, with half the picture's size: browsers apply both.
func dense(o int) []byte {
	const at = 8 + 2 + 12*5 + 4 // After the directory.
	order := binary.BigEndian
	fields := []field{
		orientation(order, o),
		{0x011a, 5, 1, b32(at)}, {0x011b, 5, 1, b32(at + 8)},
		{0x0128, typeShort, 1, b16(2)},
		{0x8769, typeLong, 1, b32(at + 16)},
	}
	size := directory(order, []field{{0xa002, typeLong, 1, b32(Width / 2)}, {0xa003, typeLong, 1, b32(Height / 2)}}, 0)
	return slices.Concat(exif(order, fields, nil), b32(144, 1, 144, 1), size)
}
