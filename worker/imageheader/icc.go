package imageheader

import (
	"bytes"
	"encoding/binary"
	"math"
)

// Profile is the header of an ICC profile. ICC.1:2010, 7.2.
type Profile struct {
	// Space is the colour space of the pictures that it applies to: "RGB ", "GRAY", "CMYK".
	Space string
	// PCS is the space that it converts to: "XYZ " or "Lab ".
	PCS string
	// Class is the kind of device: "mntr", "scnr", "prtr", "spac", "link".
	Class string
	// Version is the major version.
	Version int
}

// ReadProfile reads a profile's header; ok is false if the bytes are not a profile.
func ReadProfile(icc []byte) (p Profile, ok bool) {
	if len(icc) < iccHeaderSize || string(icc[36:40]) != "acsp" {
		return Profile{}, false
	}
	return Profile{Space: string(icc[16:20]), PCS: string(icc[20:24]), Class: string(icc[12:16]), Version: int(icc[8])}, true
}

// Fits reports whether a profile applies to pictures with a number of colour channels (1, 3
// or 4) without alpha. Browsers ignore one that does not. They do apply an RGB profile to a
// grey picture, which they decode to RGB.
func (p Profile) Fits(channels int) bool {
	switch channels {
	case 1:
		return p.Space == "GRAY" || p.Space == "RGB "
	case 3:
		return p.Space == "RGB "
	case 4:
		return p.Space == "CMYK"
	}
	return false
}

const iccHeaderSize = 128

// iccParts collects the parts of a profile in a JPEG's segments: each begins with its
// number, from 1, and the number of parts. ICC.1:2010, B.4.
type iccParts struct {
	parts [256][]byte
	total int
	bad   bool
}

func (p *iccParts) add(body []byte) {
	if len(body) < 2 {
		return
	}
	number, total := int(body[0]), int(body[1])
	if p.total == 0 {
		p.total = total
	}
	if number == 0 || number > total || total != p.total || p.parts[number] != nil {
		p.bad = true
		return
	}
	p.parts[number] = body[2:]
}

// join returns the parts in order, or nil if one is missing or repeated.
func (p *iccParts) join() []byte {
	if p.total == 0 || p.bad {
		return nil
	}
	for _, part := range p.parts[1 : p.total+1] {
		if part == nil {
			return nil
		}
	}
	return bytes.Join(p.parts[1:p.total+1], nil)
}

// IsSRGB reports whether an ICC profile describes sRGB, so that no conversion is needed: a
// display profile with sRGB's three primaries, each with sRGB's curve. Profiles express
// this in many ways (there are dozens of files named sRGB), so the meaning is compared and
// not the bytes. ICC.1:2010, sections 7.2, 9.2 and 10.
func IsSRGB(profile []byte) bool {
	const header, countSize, entrySize = iccHeaderSize, 4, 12
	if len(profile) < header+countSize || string(profile[16:24]) != "RGB XYZ " {
		return false
	}
	tags := map[string][]byte{}
	count := binary.BigEndian.Uint32(profile[header:])
	for i := range min(int64(count), 100) {
		at := header + countSize + i*entrySize
		if at+entrySize > int64(len(profile)) {
			return false
		}
		entry := profile[at:]
		offset, size := int64(binary.BigEndian.Uint32(entry[4:])), int64(binary.BigEndian.Uint32(entry[8:]))
		if offset+size > int64(len(profile)) {
			return false
		}
		tags[string(entry[:4])] = profile[offset : offset+size]
	}
	if tags["A2B0"] != nil || tags["A2B1"] != nil {
		return false // A table, which would take precedence over the primaries.
	}
	// The primaries, adapted to D50 as all profiles' are. IEC 61966-2-1.
	for name, want := range map[string][3]float64{
		"rXYZ": {0.4361, 0.2225, 0.0139},
		"gXYZ": {0.3851, 0.7169, 0.0971},
		"bXYZ": {0.1431, 0.0606, 0.7141},
	} {
		tag := tags[name]
		if len(tag) < 20 {
			return false
		}
		for i := range want {
			if math.Abs(fixed(tag[8+4*i:])-want[i]) > 0.002 {
				return false
			}
		}
	}
	for _, name := range []string{"rTRC", "gTRC", "bTRC"} {
		for _, x := range []float64{0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1} {
			if y, ok := curve(tags[name], x); !ok || math.Abs(toGamma(y)-x) > 0.5/255 {
				return false
			}
		}
	}
	return true
}

// toGamma is sRGB's function from light to value. IEC 61966-2-1, 5.2.
func toGamma(light float64) float64 {
	if light <= 0.0031308 {
		return 12.92 * light
	}
	return 1.055*math.Pow(light, 1/2.4) - 0.055
}

// curve evaluates a curveType of entries, or a parametricCurveType of sRGB's form,
// at a value from 0 to 1. ICC.1:2010, 10.5 and 10.15.
func curve(tag []byte, x float64) (y float64, ok bool) {
	if len(tag) < 12 {
		return 0, false
	}
	switch string(tag[:4]) {
	case "curv":
		n := int64(binary.BigEndian.Uint32(tag[8:]))
		if n < 2 || int64(len(tag)) < 12+2*n {
			return 0, false // A plain power function, which is not sRGB's.
		}
		at := x * float64(n-1)
		i := min(int64(at), n-2)
		entry := func(i int64) float64 { return float64(binary.BigEndian.Uint16(tag[12+2*i:])) / 65535 }
		return entry(i) + (at-float64(i))*(entry(i+1)-entry(i)), true
	case "para":
		const form, parameters = 3, 5
		if binary.BigEndian.Uint16(tag[8:]) != form || len(tag) < 12+4*parameters {
			return 0, false
		}
		g, a, b, c, d := fixed(tag[12:]), fixed(tag[16:]), fixed(tag[20:]), fixed(tag[24:]), fixed(tag[28:])
		if x < d {
			return c * x, true
		}
		return math.Pow(max(0, a*x+b), g), true
	}
	return 0, false
}

// fixed is an s15Fixed16Number.
func fixed(b []byte) float64 {
	return float64(int32(binary.BigEndian.Uint32(b))) / 65536
}
