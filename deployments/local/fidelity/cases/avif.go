package cases

import (
	"fmt"
	"slices"
)

// av1Kinds are the payloads: av1C's last three bytes (AV1-ISOBMFF 2.3.3) and the depths.
var av1Kinds = map[string]struct {
	config []byte
	depths []byte
	full   bool
}{
	"444": {[]byte{0x20, 0x00, 0}, []byte{8, 8, 8}, true}, "444-second": {[]byte{0x20, 0x00, 0}, []byte{8, 8, 8}, true},
	"444-third": {[]byte{0x20, 0x00, 0}, []byte{8, 8, 8}, true}, "420": {[]byte{0x00, 0x0c, 0}, []byte{8, 8, 8}, true},
	"420-limited": {[]byte{0x00, 0x0c, 0}, []byte{8, 8, 8}, false}, "420-limited-second": {[]byte{0x00, 0x0c, 0}, []byte{8, 8, 8}, false},
	"420-limited-third": {[]byte{0x00, 0x0c, 0}, []byte{8, 8, 8}, false}, "422": {[]byte{0x40, 0x08, 0}, []byte{8, 8, 8}, true},
	"420-10bit": {[]byte{0x00, 0x4c, 0}, []byte{10, 10, 10}, true}, "444-12bit": {[]byte{0x40, 0x60, 0}, []byte{12, 12, 12}, true},
	"grey": {[]byte{0x00, 0x1c, 0}, []byte{8}, true}, "alpha": {[]byte{0x00, 0x1c, 0}, []byte{8}, true},
	"alpha-limited": {[]byte{0x00, 0x1c, 0}, []byte{8}, false}, "premultiplied": {[]byte{0x20, 0x00, 0}, []byte{8, 8, 8}, true},
	"identity": {[]byte{0x20, 0x00, 0}, []byte{8, 8, 8}, true},
}

func av1C(name string) []byte { return box("av1C", []byte{0x81}, av1Kinds[name].config) }

// av1 is a coded picture with more properties.
func av1(name string, more ...property) item {
	k := av1Kinds[name]
	properties := []property{ispe(Width, Height), pixi(k.depths...), {av1C(name), true}}
	return item{kind: "av01", body: payload("av1-" + name), properties: append(properties, more...)}
}

// unsaid is the colour space of a picture that declares only its matrix.
func unsaid(name string) property {
	matrix := 6
	if name == "identity" {
		matrix = 0
	}
	return nclx(2, 2, matrix, av1Kinds[name].full)
}

const avifBrands = "avifavifmif1miaf"

func avif(items ...item) heif { return heif{brands: avifBrands, items: items} }

// withAlpha has a picture's alpha as its second item.
func withAlpha(picture item, alpha string, more ...reference) heif {
	h := avif(picture, av1(alpha, auxC(urnAlphaMPEGB)))
	h.references = append([]reference{{"auxl", 2, []int{1}}}, more...)
	return h
}

func addAVIF(s *set) {
	add := func(class, name string, h heif) { s.add(class, "avif-"+name+".avif", h.body()) }
	for _, name := range []string{"444", "420", "420-limited", "422", "420-10bit", "444-12bit", "grey", "identity"} {
		add("avif-kinds", name, avif(av1(name, unsaid(name))))
	}
	add("avif-kinds", "no-colr", avif(av1("420")))
	add("avif-kinds", "no-pixi", avif(item{kind: "av01", body: payload("av1-420"), properties: []property{ispe(Width, Height), {av1C("420"), true}}}))
	add("avif-kinds", "pasp", avif(av1("444", property{box("pasp", b32(2, 1)), false})))
	grid := avif(item{kind: "grid", body: slices.Concat([]byte{0, 0, 0, 1}, b16(2*Width, Height)), properties: []property{ispe(2*Width, Height), pixi(8, 8, 8)}},
		av1("444"), av1("444-second"))
	grid.items[1].hidden, grid.items[2].hidden = true, true
	grid.references = []reference{{"dimg", 1, []int{2, 3}}}
	add("avif-kinds", "grid", grid)

	addAVIFTurn(add)
	addAVIFColour(s, add)
	add("avif-alpha", "soft", withAlpha(av1("444", unsaid("444")), "alpha"))
	add("avif-alpha", "soft-limited", withAlpha(av1("444", unsaid("444")), "alpha-limited"))
	add("avif-alpha", "soft-limited-nclx", func() heif {
		h := withAlpha(av1("444", unsaid("444")), "alpha-limited")
		h.items[1].properties = append(h.items[1].properties, nclx(2, 2, 2, false))
		return h
	}())
	add("avif-alpha", "soft-420", withAlpha(av1("420", unsaid("420")), "alpha"))
	add("avif-alpha", "soft-grey", withAlpha(av1("grey", unsaid("grey")), "alpha"))
	add("avif-alpha", "premultiplied", withAlpha(av1("premultiplied", unsaid("premultiplied")), "alpha", reference{"prem", 1, []int{2}}))
	add("avif-alpha", "premultiplied-unsaid", withAlpha(av1("premultiplied", unsaid("premultiplied")), "alpha"))
	turned := withAlpha(av1("444", unsaid("444"), irot(1)), "alpha")
	turned.items[1].properties = append(turned.items[1].properties, irot(1)) // As encoders do.
	add("avif-alpha", "soft-irot-1", turned)

	whole := avif(av1("444", unsaid("444"))).body()
	s.add("avif-damage", "avif-cut-10.avif", whole[:len(whole)-10])
	s.add("avif-damage", "avif-cut-half.avif", whole[:len(whole)-45])
	s.add("avif-damage", "avif-trailing.avif", append(whole[:len(whole):len(whole)], "and more"...))
	zeros := slices.Clone(whole)
	clear(zeros[len(zeros)-30:])
	s.add("avif-damage", "avif-zeros.avif", zeros)
	addAVIFMotion(s)
}

func addAVIFTurn(add func(class, name string, h heif)) {
	for quarters := range 4 {
		for axis := -1; axis < 2; axis++ {
			properties := []property{unsaid("444"), irot(quarters)}
			name := fmt.Sprintf("irot-%d", quarters)
			if axis >= 0 {
				properties = append(properties, imir(axis))
				name += fmt.Sprintf("-imir-%d", axis)
			}
			add("avif-turn", name, avif(av1("444", properties...)))
		}
	}
	for axis := range 2 {
		add("avif-turn", fmt.Sprintf("imir-%d", axis), avif(av1("444", unsaid("444"), imir(axis))))
	}
	add("avif-turn", "imir-0-irot-1", avif(av1("444", unsaid("444"), imir(0), irot(1))))
	for name, properties := range ordered("exif-6", []property{unsaid("444")}, "irot-0-exif-6", []property{unsaid("444"), irot(0)}, "irot-3-exif-6", []property{unsaid("444"), irot(3)}) {
		h := avif(av1("444", properties...), exifItem(turned(6)))
		h.references = []reference{{"cdsc", 2, []int{1}}}
		add("avif-turn", name, h)
	}
	add("avif-clap", "clap-middle", avif(av1("444", unsaid("444"), clap(100, 60, 0, 0))))
	add("avif-clap", "clap-right", avif(av1("444", unsaid("444"), clap(80, 48, 40, 20))))
	add("avif-clap", "clap-irot-3", avif(av1("444", unsaid("444"), clap(100, 60, 0, 0), irot(3))))
	add("avif-clap", "clap-whole", avif(av1("444", unsaid("444"), clap(Width, Height, 0, 0))))
}

func addAVIFColour(s *set, add func(class, name string, h heif)) {
	for _, kind := range []string{"444", "420-10bit", "420-limited"} {
		full := av1Kinds[kind].full
		for name, c := range ordered("p3", nclx(12, 13, 6, full), "bt709", nclx(1, 1, 6, full), "linear", nclx(1, 8, 6, full), "2020", nclx(9, 13, 6, full),
			"gamma22", nclx(1, 4, 6, full), "gamma28", nclx(1, 5, 6, full), "srgb", nclx(1, 13, 6, full), "matrix-709", nclx(1, 13, 1, full), "matrix-2020", nclx(9, 13, 9, full)) {
			if kind == "444" || name == "p3" || name == "linear" {
				add("avif-colour", "nclx-"+name+"-"+kind, avif(av1(kind, c)))
			}
		}
		add("hdr", "nclx-pq-"+kind, avif(av1(kind, nclx(9, 16, 6, full))))
		add("hdr", "nclx-hlg-"+kind, avif(av1(kind, nclx(9, 18, 6, full))))
	}
	add("avif-colour", "nclx-p3-grey", avif(av1("grey", nclx(12, 13, 6, true))))
	add("avif-colour", "nclx-linear-grey", avif(av1("grey", nclx(1, 8, 6, true))))
	add("avif-colour", "nclx-full-said-limited", avif(av1("420", nclx(1, 13, 6, false))))
	p3 := profileRGB(primariesP3, 0)
	add("avif-colour", "icc-p3", avif(av1("444", unsaid("444"), prof(p3))))
	add("avif-colour", "icc-p3-alone", avif(av1("444", prof(p3))))
	add("avif-colour", "icc-p3-nclx-srgb", avif(av1("444", nclx(1, 13, 6, true), prof(p3))))
	add("avif-colour", "icc-linear", avif(av1("420", unsaid("420"), prof(profileRGB(primariesSRGB, 1)))))
	add("avif-colour", "icc-p3-alpha", withAlpha(av1("444", unsaid("444"), prof(p3)), "alpha"))
	for name, profile := range ordered("grey1.0", profileGrey(1), "rgblinear", profileRGB(primariesSRGB, 1)) {
		add("profile-space", "grey-profile-"+name, avif(av1("grey", unsaid("grey"), prof(profile))))
	}
	add("profile-space", "rgb-profile-grey1.0", avif(av1("444", unsaid("444"), prof(profileGrey(1)))))
	add("profile-space", "rgb-profile-cmyk", avif(av1("444", unsaid("444"), prof(profileCMYK()))))
	h := withAlpha(av1("444", unsaid("444"), prof(profileGrey(1))), "alpha")
	add("profile-space", "alpha-profile-grey1.0", h)
}
