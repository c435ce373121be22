package cases

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// Flags of a VP8X chunk: RFC 9649, 2.7.
const (
	webpAnimation = 0x02
	webpXMP       = 0x04
	webpEXIF      = 0x08
	webpAlpha     = 0x10
	webpICC       = 0x20
)

func riff(chunks ...[]byte) []byte {
	body := slices.Concat(chunks...)
	return slices.Concat([]byte("RIFF"), l32(len(body)+4), []byte("WEBP"), body)
}

func webpChunk(name string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	all := slices.Concat([]byte(name), l32(len(body)), body)
	if len(body)%2 == 1 {
		all = append(all, 0)
	}
	return all
}

func vp8x(flags byte) []byte { return webpChunk("VP8X", []byte{flags, 0, 0, 0}, sizes()) }

// sizes are width and height less one, in 24 bits each.
func sizes() []byte { return slices.Concat(l32(Width - 1)[:3], l32(Height - 1)[:3]) }

func lossy() []byte    { return webpChunk("VP8 ", payload("vp8-quadrants")) }
func lossless() []byte { return webpChunk("VP8L", payload("vp8l-quadrants")) }

// alph is an alpha channel of raw bytes.
func alph() []byte {
	raw := []byte{0}
	for y := range Height {
		for x := range Width {
			raw = append(raw, softs[quadrant(x, y, Width, Height)])
		}
	}
	return webpChunk("ALPH", raw)
}

// anmf is a frame of the whole canvas. flags: 1 disposes, 2 does not blend.
func anmf(milliseconds int, flags byte, picture []byte) []byte {
	return webpChunk("ANMF", make([]byte, 6), sizes(), l32(milliseconds)[:3], []byte{flags}, picture)
}

func anim(background uint32, loops int) []byte {
	return webpChunk("ANIM", binary.LittleEndian.AppendUint32(nil, background), l16(loops))
}

func addWebP(s *set) {
	for name, picture := range ordered("lossy", lossy(), "lossless", lossless(), "grey", webpChunk("VP8 ", payload("vp8-grey")), "grey-lossless", webpChunk("VP8L", payload("vp8l-grey"))) {
		s.add("webp-kinds", "webp-"+name+".webp", riff(picture))
		s.add("webp-kinds", "webp-"+name+"-extended.webp", riff(vp8x(0), picture))
	}
	s.add("webp-alpha", "webp-alpha-lossless.webp", riff(webpChunk("VP8L", payload("vp8l-alpha"))))
	s.add("webp-alpha", "webp-alpha-lossless-extended.webp", riff(vp8x(webpAlpha), webpChunk("VP8L", payload("vp8l-alpha"))))
	s.add("webp-alpha", "webp-alpha-lossless-no-flag.webp", riff(vp8x(0), webpChunk("VP8L", payload("vp8l-alpha"))))
	s.add("webp-alpha", "webp-alpha-lossy.webp", riff(vp8x(webpAlpha), alph(), lossy()))
	s.add("webp-alpha", "webp-alpha-lossy-no-flag.webp", riff(vp8x(0), alph(), lossy()))

	for o := 1; o <= 8; o++ {
		s.add("webp-turn", fmt.Sprintf("webp-exif-%d.webp", o), riff(vp8x(webpEXIF), lossy(), webpChunk("EXIF", turned(o))))
	}
	s.add("webp-turn", "webp-exif-6-prefix.webp", riff(vp8x(webpEXIF), lossless(), webpChunk("EXIF", []byte("Exif\x00\x00"), turned(6))))
	s.add("webp-turn", "webp-exif-6-before.webp", riff(vp8x(webpEXIF), webpChunk("EXIF", turned(6)), lossy()))
	s.add("webp-turn", "webp-exif-6-animated.webp", riff(vp8x(webpEXIF|webpAnimation), anim(0, 0), anmf(500, 0, lossy()), anmf(500, 0, webpChunk("VP8 ", payload("vp8-second"))), webpChunk("EXIF", turned(6))))

	for kind, picture := range ordered("lossy", lossy(), "lossless", lossless(), "grey", webpChunk("VP8 ", payload("vp8-grey"))) {
		for name, profile := range ordered("p3", profileRGB(primariesP3, 0), "linear", profileRGB(primariesSRGB, 1)) {
			s.add("webp-colour", fmt.Sprintf("webp-icc-%s-%s.webp", name, kind), riff(vp8x(webpICC), webpChunk("ICCP", profile), picture))
		}
		for name, profile := range ordered("grey1.0", profileGrey(1), "cmyk", profileCMYK()) {
			s.add("profile-space", fmt.Sprintf("webp-%s-profile-%s.webp", kind, name), riff(vp8x(webpICC), webpChunk("ICCP", profile), picture))
		}
	}
	s.add("webp-colour", "webp-icc-p3-no-flag.webp", riff(vp8x(0), webpChunk("ICCP", profileRGB(primariesP3, 0)), lossy()))
	s.add("webp-colour", "webp-icc-p3-alpha.webp", riff(vp8x(webpICC|webpAlpha), webpChunk("ICCP", profileRGB(primariesP3, 0)), alph(), lossy()))
	s.add("profile-space", "webp-alpha-profile-grey1.0.webp", riff(vp8x(webpICC|webpAlpha), webpChunk("ICCP", profileGrey(1)), alph(), lossy()))
	addWebPMotion(s)
	addWebPDamage(s)
}

func addWebPMotion(s *set) {
	second, third := webpChunk("VP8L", payload("vp8l-second")), webpChunk("VP8 ", payload("vp8-third"))
	motion := func(flags byte, background uint32, loops int, frames ...[]byte) []byte {
		return riff(vp8x(webpAnimation|flags), anim(background, loops), slices.Concat(frames...))
	}
	for name, delays := range ordered("0", []int{0, 0, 0}, "10", []int{10, 10, 10}, "11", []int{11, 11, 11}, "500", []int{500, 500, 500}, "mixed", []int{0, 40, 1000}) {
		s.add("webp-motion", "webp-delay-"+name+".webp", motion(0, 0, 0, anmf(delays[0], 0, lossless()), anmf(delays[1], 0, second), anmf(delays[2], 0, third)))
	}
	for _, loops := range []int{1, 2, 3, 65535} {
		s.add("webp-motion", fmt.Sprintf("webp-loop-%d.webp", loops), motion(0, 0, loops, anmf(500, 0, lossless()), anmf(500, 0, second)))
	}
	soft := webpChunk("VP8L", payload("vp8l-alpha"))
	for name, flags := range ordered("keep-blend", byte(0), "dispose-blend", byte(1), "keep-replace", byte(2), "dispose-replace", byte(3)) {
		s.add("webp-motion", "webp-"+name+".webp", motion(webpAlpha, 0xff0000ff, 0, anmf(500, flags, second), anmf(500, flags, soft), anmf(500, flags, third)))
	}
	s.add("webp-motion", "webp-background.webp", motion(webpAlpha, 0xffff0000, 0, anmf(500, 1, soft), anmf(500, 3, soft)))
	s.add("webp-motion", "webp-one-frame.webp", motion(0, 0, 0, anmf(500, 0, lossless())))
	s.add("webp-motion", "webp-icc-p3-animated.webp", riff(vp8x(webpAnimation|webpICC), webpChunk("ICCP", profileRGB(primariesP3, 0)), anim(0, 0), anmf(500, 0, lossless()), anmf(500, 0, second)))
	whole := motion(0, 0, 0, anmf(500, 0, lossless()), anmf(500, 0, second), anmf(500, 0, third))
	s.add("animation-damage", "webp-motion-cut.webp", whole[:len(whole)-100])
	s.add("animation-damage", "webp-motion-cut-fitted.webp", fitted(whole[:len(whole)-100]))
}

// fitted sets the size of a RIFF file to its actual size.
func fitted(body []byte) []byte {
	body = bytes.Clone(body)
	copy(body[4:], l32(len(body)-8))
	return body
}

func addWebPDamage(s *set) {
	whole := riff(lossy())
	sized := func(by int) []byte {
		body := bytes.Clone(whole)
		copy(body[4:], l32(len(body)-8+by))
		return body
	}
	for name, body := range ordered(
		"trailing", append(bytes.Clone(whole), "and more"...),
		"unknown-chunk", riff(vp8x(0), webpChunk("CASE", []byte("a case")), lossy()),
		"xmp", riff(vp8x(webpXMP), lossy(), webpChunk("XMP ", []byte("<x:xmpmeta/>"))),
		"size-odd", riff(webpChunk("VP8L", append(payload("vp8l-quadrants"), 0))),
	) {
		s.add("webp-warning", "webp-"+name+".webp", body)
	}
	for name, body := range ordered(
		"size-short", sized(-6), "size-long", sized(20),
		"cut-half", whole[:len(whole)/2], "cut-half-fitted", fitted(whole[:len(whole)/2]), "cut-last", whole[:len(whole)-4],
		"lossless-cut", riff(lossless())[:60], "header", whole[:20],
	) {
		s.add("webp-damage", "webp-"+name+".webp", body)
	}
}
