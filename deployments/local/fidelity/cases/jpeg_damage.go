package cases

import (
	"bytes"
	"fmt"
	"slices"
)

// addJPEGDamage adds JPEGs that decoders warn about, and ones that are cut or wrong.
func addJPEGDamage(s *set) {
	rough := newJPEG(2, 2)
	rough.rough = true
	parts := rough.parts()
	index := func(name string) int { return slices.IndexFunc(parts, func(p part) bool { return p.name == name }) }
	before := func(name string, junk []byte) []byte {
		return joined(slices.Insert(slices.Clone(parts), index(name), part{"junk", junk}))
	}
	instead := func(name string, body []byte) []byte {
		changed := slices.Clone(parts)
		changed[index(name)].body = body
		return joined(changed)
	}
	scan := parts[index("scan")].body
	sos := parts[index("SOS")].body
	wrongScan := func(from, to, approximation byte) []byte {
		return instead("SOS", append(bytes.Clone(sos[:len(sos)-3]), from, to, approximation))
	}
	header := func(h ...[]byte) []byte { return instead("header", slices.Concat(h...)) }
	whole := joined(parts)
	for name, body := range ordered(
		"junk-1-before-dqt", before("DQT", []byte{0x11}),
		"junk-2-before-dht", before("DHT", []byte{0, 0}),
		"junk-18-before-sof", before("SOF", bytes.Repeat([]byte{0x20}, 18)),
		"junk-4-before-sos", before("SOS", []byte{1, 2, 3, 4}),
		"junk-3-before-eoi", before("EOI", []byte{0, 0, 0}),
		"fill-before-dqt", before("DQT", []byte{0xff, 0xff}),
		"scan-0-0", wrongScan(0, 0, 0), "scan-0-255", wrongScan(0, 255, 0), "scan-1-63", wrongScan(1, 63, 0), "scan-approximation", wrongScan(0, 63, 0x11),
		"jfif-2.01", header(segment(0xe0, []byte("JFIF\x00\x02\x01\x00\x00\x01\x00\x01\x00\x00"))),
		"jfif-density-0", header(segment(0xe0, []byte("JFIF\x00\x01\x01\x01\x00\x00\x00\x00\x00\x00"))),
		"jfif-short", header(segment(0xe0, []byte("JFIF\x00\x01"))),
		"adobe-short", header(jfif(), segment(0xee, []byte("Adobe"))),
		"app-empty", header(jfif(), segment(0xe5)),
		"trailing", append(bytes.Clone(whole), "and more bytes"...),
		"picture-behind", append(bytes.Clone(whole), greyJPEG().body()...),
	) {
		s.add("jpeg-warning", "jpeg-"+name+".jpg", body)
	}
	restarts := rough
	restarts.restart = 3
	wrongRestart := restarts.body()
	if i := bytes.Index(wrongRestart, []byte{0xff, 0xd2}); i > 0 {
		wrongRestart[i+1] = 0xd5
	}
	progressive := rough
	progressive.progressive = true
	first, scan1 := 0, 0
	for _, p := range progressive.parts() {
		first += len(p.body)
		if p.name == "scan" {
			scan1 = len(p.body)
			break
		}
	}
	zeros, flipped := bytes.Clone(scan), bytes.Clone(scan)
	clear(zeros[len(zeros)/2 : len(zeros)*3/4])
	flipped[len(flipped)/3] ^= 0x10
	for name, body := range ordered(
		"no-eoi", whole[:len(whole)-2],
		"cut-1", whole[:len(whole)-1],
		"restart-wrong", wrongRestart,
		"progressive-cut-scan-1", progressive.body()[:first],
		"progressive-cut-in-scan-1", progressive.body()[:first-scan1/2],
		"progressive-cut-in-scan-2", progressive.body()[:first+scan1/2],
		"progressive-cut-last", progressive.body()[:len(progressive.body())-12],
		"zeros", instead("scan", zeros),
		"flipped", instead("scan", flipped),
		"cut-header", whole[:40],
	) {
		s.add("jpeg-damage", "jpeg-"+name+".jpg", body)
	}
	start := len(whole) - len(scan) - 2
	for _, percent := range []int{5, 50, 90} {
		s.add("jpeg-damage", fmt.Sprintf("jpeg-cut-%d.jpg", percent), whole[:start+len(scan)*percent/100])
	}
}
