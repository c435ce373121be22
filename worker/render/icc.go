package render

import (
	"encoding/binary"
	"math"
)

// isSRGB reports whether an ICC profile describes sRGB, so that there is nothing to
// convert: a display profile of three primaries, those of sRGB, each with sRGB's curve.
// Profiles say the same in many ways (there are dozens of files named sRGB), so it is
// their meaning that is compared. ICC.1:2010, sections 7.2, 9.2 and 10.
func isSRGB(profile []byte) bool {
	const header, countSize, entrySize = 128, 4, 12
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
		return false // A table, which would go before the primaries.
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
			return 0, false // A power alone, which is not sRGB's.
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
