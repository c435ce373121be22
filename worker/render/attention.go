package render

import "math"

// attentionSide is the width and height of the copy in which attention is measured: a place
// is known to a 32nd of the picture.
const attentionSide = 32

// attention is how much each pixel of a copy of a picture attracts attention, by the method of
// libvips 8.18 (vips_smartcrop): the contrast to its neighbours, the likeness to skin, and red
// rather than green.
//
// It is not left to libvips: its operation takes 7 to 11 ms for each aspect ratio, of which
// computing 1,024 pixels is a small part, and needs twenty other operations.
type attention [attentionSide * attentionSide]float64

// measure returns the attention of RGB pixels.
func measure(rgb []byte) *attention {
	var xyz [attentionSide * attentionSide][3]float64
	for i := range xyz {
		xyz[i] = toAttentionXYZ(rgb[3*i], rgb[3*i+1], rgb[3*i+2])
	}
	var a attention
	for i, c := range xyz {
		x, y := i%attentionSide, i/attentionSide
		around := 0.0
		for _, at := range [][2]int{{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}} {
			around += xyz[within(at[1])*attentionSide+within(at[0])][1]
		}
		a[i] = 5 * math.Abs(4*c[1]-around)
		if c[1] > 5 { // Dark pixels have no reliable colour.
			a[i] += skin(c) + redness(c)
		}
	}
	return &a
}

func within(i int) int { return min(max(i, 0), attentionSide-1) }

// toAttentionXYZ returns an sRGB pixel in CIE XYZ, in which white has a Y of 100. IEC
// 61966-2-1, 5.2.
func toAttentionXYZ(red, green, blue byte) [3]float64 {
	r, g, b := 100*fromSRGB(float64(red)/255), 100*fromSRGB(float64(green)/255), 100*fromSRGB(float64(blue)/255)
	return [3]float64{
		0.4124*r + 0.3576*g + 0.1805*b,
		0.2126*r + 0.7152*g + 0.0722*b,
		0.0193*r + 0.1192*g + 0.9505*b,
	}
}

// skin returns how near a colour's direction in XYZ is to that of skin, at most 100. The
// direction is that of smartcrop.js.
func skin(c [3]float64) float64 {
	length := math.Sqrt(c[0]*c[0] + c[1]*c[1] + c[2]*c[2])
	x, y, z := c[0]/length-0.78, c[1]/length-0.57, c[2]/length-0.44
	return 100 - 100*math.Sqrt(x*x+y*y+z*z)
}

// redness is a* of CIE L*a*b* for D65. ISO/CIE 11664-4.
func redness(c [3]float64) float64 {
	f := func(t float64) float64 {
		if t < 0.008856 {
			return 7.787*t + 16.0/116
		}
		return math.Cbrt(t)
	}
	return 500 * (f(c[0]/95.047) - f(c[1]/100))
}

// most returns the place around which a part of width x height, in fractions of the picture,
// has the most attention, as fractions too. Around means a Gaussian blur, which is wider for
// a larger part.
func (a *attention) most(width, height float64) (x, y float64) {
	mask := gaussian(max(1, attentionSide*math.Hypot(width, height)/10))
	rows := a.blurred(mask, 1, attentionSide)
	sums := rows.blurred(mask, attentionSide, 1)
	best := 0
	for i, sum := range sums {
		if sum > sums[best] {
			best = i
		}
	}
	return float64(best%attentionSide) / attentionSide, float64(best/attentionSide) / attentionSide
}

// blurred blurs along one axis, whose pixels are step apart. Along the other they are across
// apart. Beyond the edges the outermost pixels repeat.
func (a *attention) blurred(mask []float64, step, across int) *attention {
	var to attention
	row := make([]float64, attentionSide+len(mask)-1)
	for line := range attentionSide {
		for i := range row {
			row[i] = a[line*across+within(i-len(mask)/2)*step]
		}
		for i := range attentionSide {
			sum := 0.0
			for j, value := range row[i : i+len(mask)] {
				sum += mask[j] * value
			}
			to[line*across+i*step] = sum
		}
	}
	return &to
}

// gaussian returns the weights of a blur, down to a fifth of the largest.
func gaussian(sigma float64) []float64 {
	weight := func(i int) float64 { return math.Exp(-float64(i*i) / (2 * sigma * sigma)) }
	radius := 0
	for weight(radius+1) >= 0.2 {
		radius++
	}
	mask := make([]float64, 2*radius+1)
	for i := range mask {
		mask[i] = math.Round(20 * weight(i-radius))
	}
	return mask
}
