package cases

import (
	"math"
	"slices"
)

// Profiles written by hand: ICC.1:2001-04 (version 2.4), with only the required tags.
// Primaries are adapted to D50 as the specification requires.
type primaries [3][3]float64

var (
	primariesSRGB = primaries{{0.4361, 0.2225, 0.0139}, {0.3851, 0.7169, 0.0971}, {0.1431, 0.0606, 0.7141}}
	primariesP3   = primaries{{0.5151, 0.2412, -0.0011}, {0.2919, 0.6922, 0.0419}, {0.1572, 0.0666, 0.7841}}
	whiteD50      = [3]float64{0.9642, 1, 0.8249}
)

// profileRGB is a matrix profile. A gamma of 0 is sRGB's curve.
func profileRGB(p primaries, gamma float64) []byte {
	curve := curveOf(gamma)
	return profile("mntr", "RGB ", "XYZ ", []tag{
		{"desc", description("a case")}, {"cprt", text("none")}, {"wtpt", xyz(whiteD50)},
		{"rXYZ", xyz(p[0])}, {"gXYZ", xyz(p[1])}, {"bXYZ", xyz(p[2])},
		{"rTRC", curve}, {"gTRC", curve}, {"bTRC", curve},
	})
}

// profileGrey is a profile of one curve.
func profileGrey(gamma float64) []byte {
	return profile("mntr", "GRAY", "XYZ ", []tag{
		{"desc", description("a case")}, {"cprt", text("none")}, {"wtpt", xyz(whiteD50)}, {"kTRC", curveOf(gamma)},
	})
}

// profileCMYK is a printer's profile of the smallest table: the corners of the cube of
// inks, whose colours are those of (1-ink)(1-black) in sRGB.
func profileCMYK() []byte {
	const inputs, outputs, grid = 4, 3, 2
	table := slices.Concat([]byte("mft1\x00\x00\x00\x00"), []byte{inputs, outputs, grid, 0},
		b32(65536, 0, 0, 0, 65536, 0, 0, 0, 65536))
	identity := make([]byte, 256)
	for i := range identity {
		identity[i] = byte(i)
	}
	for range inputs {
		table = append(table, identity...)
	}
	for corner := range 16 { // The last ink varies fastest.
		light := func(ink int) float64 {
			if corner&(8>>ink) != 0 || corner&1 != 0 {
				return 0.1
			}
			return 0.9
		}
		table = append(table, lab8(light(0), light(1), light(2))...)
	}
	for range outputs {
		table = append(table, identity...)
	}
	return profile("prtr", "CMYK", "Lab ", []tag{
		{"desc", description("a case")}, {"cprt", text("none")}, {"wtpt", xyz(whiteD50)}, {"A2B0", table},
	})
}

// lab8 is a colour of sRGB, as light from 0 to 1, in the 8 bits of a table.
func lab8(r, g, b float64) []byte {
	f := func(t float64) float64 {
		if t > 216.0/24389 {
			return math.Cbrt(t)
		}
		return (24389.0/27*t + 16) / 116
	}
	var v [3]float64
	for i := range v {
		v[i] = f((r*primariesSRGB[0][i] + g*primariesSRGB[1][i] + b*primariesSRGB[2][i]) / whiteD50[i])
	}
	l, a, bb := 116*v[1]-16, 500*(v[0]-v[1]), 200*(v[1]-v[2])
	return []byte{byte(math.Round(l * 2.55)), byte(math.Round(a + 128)), byte(math.Round(bb + 128))}
}

type tag struct {
	name string
	body []byte
}

func profile(class, space, connection string, tags []tag) []byte {
	at := 128 + 4 + 12*len(tags)
	table, bodies := b32(len(tags)), []byte(nil)
	for _, t := range tags {
		table = slices.Concat(table, []byte(t.name), b32(at+len(bodies), len(t.body)))
		bodies = append(bodies, t.body...)
		for len(bodies)%4 != 0 {
			bodies = append(bodies, 0)
		}
	}
	header := slices.Concat(b32(at+len(bodies)), make([]byte, 4), b32(0x02400000), []byte(class+space+connection),
		b16(2026, 1, 1, 0, 0, 0), []byte("acsp"), make([]byte, 28), xyz(whiteD50)[8:], make([]byte, 48))
	return slices.Concat(header, table, bodies)
}

func xyz(v [3]float64) []byte {
	body := []byte("XYZ \x00\x00\x00\x00")
	for _, x := range v {
		body = append(body, b32(int(math.Round(x*65536)))...)
	}
	return body
}

func text(s string) []byte { return []byte("text\x00\x00\x00\x00" + s + "\x00") }

func description(s string) []byte {
	return slices.Concat([]byte("desc\x00\x00\x00\x00"), b32(len(s)+1), []byte(s+"\x00"), make([]byte, 4+4+2+1+67))
}

func curveOf(gamma float64) []byte {
	if gamma != 0 {
		return slices.Concat([]byte("curv\x00\x00\x00\x00"), b32(1), b16(int(math.Round(gamma*256))), []byte{0, 0})
	}
	const entries = 256
	curve := slices.Concat([]byte("curv\x00\x00\x00\x00"), b32(entries))
	for i := range entries {
		v := float64(i) / (entries - 1)
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		curve = append(curve, b16(int(math.Round(v*65535)))...)
	}
	return curve
}
