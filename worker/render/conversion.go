package render

import (
	"encoding/binary"
	"math"
	"sync"

	"calotype"
	"calotype/worker/imageheader"
)

// conversion converts samples to sRGB according to a file's code points, gamma and
// primaries, as an ICC profile does in other files. It handles RGB and grey with 8 or 16
// bits per sample.
type conversion struct {
	toLight transfer
	matrix  [9]float64 // From light in the file's primaries to light in sRGB's.
	pq, hlg bool
}

// newConversion returns nil if there is nothing to convert: the file declares nothing,
// sRGB, or unknown values.
func newConversion(format calotype.Format, c imageheader.Colour) *conversion {
	var to conversion
	from := primariesBT709
	switch c.Source {
	case imageheader.ColourCICP:
		known := false
		if to.toLight, known = transferOf(format, c.CICP.Transfer); !known {
			return nil
		}
		if p, ok := primariesOf[c.CICP.Primaries]; ok {
			from = p
		}
		to.pq, to.hlg = c.CICP.Transfer == imageheader.TransferPQ, c.CICP.Transfer == imageheader.TransferHLG
	case imageheader.ColourGammaChrm:
		to.toLight = fromSRGB
		if c.Gamma > 0 {
			to.toLight = power(1 / c.Gamma)
		}
		if c.Primaries != nil {
			from = *c.Primaries
		}
	default:
		return nil
	}
	matrix, ok := primariesToSRGB(from)
	if !ok {
		return nil
	}
	to.matrix = matrix
	if to.isIdentity() {
		return nil
	}
	return &to
}

// transferOf returns the transfer function of a code point of ITU-T H.273, table 3.
// Browsers use sRGB's for television's in pictures that are coded as video, and a display's
// gamma of 2.4 in PNG.
func transferOf(format calotype.Format, code uint16) (transfer, bool) {
	switch code {
	case 1, 6, 14, 15:
		if format == calotype.PNG {
			return power(2.4), true
		}
		return fromSRGB, true
	case 2, 13:
		return fromSRGB, true
	case 4:
		return power(2.2), true
	case 5:
		return power(2.8), true
	case 7:
		return fromST240, true
	case imageheader.TransferLinear:
		return power(1), true
	case imageheader.TransferPQ:
		return fromPQ, true
	case 17:
		return fromST428, true
	case imageheader.TransferHLG:
		return fromHLG, true
	}
	return nil, false
}

// isIdentity reports whether no sample of 8 bits changes by more than half a level.
func (c *conversion) isIdentity() bool {
	if c.pq || c.hlg {
		return false
	}
	for i, v := range c.matrix {
		want := 0.0
		if i%4 == 0 {
			want = 1
		}
		if math.Abs(v-want) > 0.002 {
			return false
		}
	}
	for i := range 256 {
		v := float64(i) / 255
		if math.Abs(toGamma(c.toLight(v))-v) > 0.5/255 {
			return false
		}
	}
	return true
}

// apply converts pixels with a number of bands; if that is even, the last one is alpha.
// Samples of 16 bits are in the machine's byte order.
func (c *conversion) apply(from []byte, bytesPerSample, bands int, to []byte) {
	levels := 1 << (8 * bytesPerSample)
	light := make([]float64, levels)
	for i := range light {
		light[i] = c.toLight(float64(i) / float64(levels-1))
	}
	sample := func(i int) int { return int(from[i]) }
	if bytesPerSample == 2 {
		sample = func(i int) int { return int(binary.NativeEndian.Uint16(from[2*i:])) }
	}
	encode, colours := srgbLevels(), bands-(bands+1)%2
	m := &c.matrix
	for i := 0; i+bands <= len(to); i += bands {
		r := light[sample(i)]
		g, b := r, r
		if colours == 3 {
			g, b = light[sample(i+1)], light[sample(i+2)]
		}
		if c.pq || c.hlg {
			if c.hlg {
				gain := displayHLG(r, g, b)
				r, g, b = r*gain, g*gain, b*gain
			}
			gain := toneMap(max(r, g, b))
			r, g, b = r*gain, g*gain, b*gain
		}
		if colours == 1 { // Grey has no hue to convert.
			to[i] = encode.level(r)
		} else {
			to[i] = encode.level(m[0]*r + m[1]*g + m[2]*b)
			to[i+1] = encode.level(m[3]*r + m[4]*g + m[5]*b)
			to[i+2] = encode.level(m[6]*r + m[7]*g + m[8]*b)
		}
		if colours < bands {
			to[i+colours] = byte(sample(i+colours) * 255 / (levels - 1))
		}
	}
}

// levelTable maps light from 0 to 1 to 8-bit sRGB.
type levelTable []byte

var srgbLevels = sync.OnceValue(func() levelTable {
	t := make(levelTable, 1<<16)
	for i := range t {
		t[i] = byte(toGamma(float64(i)/float64(len(t)-1))*255 + 0.5)
	}
	return t
})

func (t levelTable) level(light float64) byte {
	return t[int(min(max(light, 0), 1)*float64(len(t)-1)+0.5)]
}

// toGamma is sRGB's function from light to value. IEC 61966-2-1, 5.2.
func toGamma(light float64) float64 {
	if light <= 0.0031308 {
		return 12.92 * light
	}
	return 1.055*math.Pow(light, 1/2.4) - 0.055
}
