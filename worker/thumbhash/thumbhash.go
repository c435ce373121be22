// Package thumbhash describes a small picture in about 25 bytes, from which a page draws a
// blurred placeholder. It implements ThumbHash, as https://evanw.github.io/thumbhash/
// describes it, and equals the npm package thumbhash 0.1.1. It decodes no hashes.
package thumbhash

import (
	"fmt"
	"math"
)

// MaxSide is the maximum width and height of a picture, in pixels.
const MaxSide = 100

// Encode returns the hash of a picture of 8-bit RGBA, not premultiplied, of at most
// [MaxSide] in width and height. It panics if the pixels do not have that size.
//
// Products are converted explicitly, so that no machine fuses them with a sum: the hash is
// the same everywhere.
func Encode(width, height int, rgba []byte) []byte {
	if width < 1 || height < 1 || width > MaxSide || height > MaxSide || len(rgba) != 4*width*height {
		panic(fmt.Sprintf("thumbhash: %d bytes for %dx%d pixels", len(rgba), width, height))
	}
	luminance, yellowBlue, redGreen, alpha, opaque := split(width, height, rgba)
	detail := 7.0 // Of the longer side. Alpha takes some of the luminance's bits.
	if !opaque {
		detail = 5
	}
	longer := float64(max(width, height))
	across := max(1, int(round(detail*float64(width)/longer)))
	down := max(1, int(round(detail*float64(height)/longer)))
	waves := newWaves(width, height)
	l := waves.transform(luminance, max(3, across), max(3, down))
	p := waves.transform(yellowBlue, 3, 3)
	q := waves.transform(redGreen, 3, 3)

	landscape, shorter := 0, across
	if width > height {
		landscape, shorter = 1, down
	}
	var b packer
	b.add(63*l.mean, 6)
	b.add(31.5+float64(31.5*p.mean), 6)
	b.add(31.5+float64(31.5*q.mean), 6)
	b.add(31*l.scale, 5)
	if opaque {
		b.add(0, 1)
	} else {
		b.add(1, 1)
	}
	b.add(float64(shorter), 3)
	b.add(63*p.scale, 6)
	b.add(63*q.scale, 6)
	b.add(float64(landscape), 1)
	channels := []spectrum{l, p, q}
	if !opaque {
		a := waves.transform(alpha, 5, 5)
		b.add(15*a.mean, 4)
		b.add(15*a.scale, 4)
		channels = append(channels, a)
	}
	for _, c := range channels {
		for _, factor := range c.factors {
			b.add(15*factor, 4)
		}
	}
	return b.bytes
}

// split returns the picture's channels, from 0 to 1 or from -1 to 1. Pixels with alpha are
// shown on the picture's average colour.
func split(width, height int, rgba []byte) (luminance, yellowBlue, redGreen, alpha []float64, opaque bool) {
	n := width * height
	all := make([]float64, 4*n)
	luminance, yellowBlue, redGreen, alpha = all[:n], all[n:2*n], all[2*n:3*n], all[3*n:]
	var average [3]float64
	sum := 0.0
	for i := range n {
		alpha[i] = float64(rgba[4*i+3]) / 255
		for c := range average {
			average[c] += float64(alpha[i] / 255 * float64(rgba[4*i+c]))
		}
		sum += alpha[i]
	}
	for c := range average {
		if sum > 0 {
			average[c] /= sum
		}
	}
	for i, a := range alpha {
		var colour [3]float64
		for c := range colour {
			colour[c] = float64(average[c]*(1-a)) + float64(a/255*float64(rgba[4*i+c]))
		}
		r, g, b := colour[0], colour[1], colour[2]
		luminance[i], yellowBlue[i], redGreen[i] = (r+g+b)/3, (r+g)/2-b, r-g
	}
	return luminance, yellowBlue, redGreen, alpha, sum >= float64(n)
}

// waves are the cosines of the transform, for each frequency and pixel of an axis.
type waves struct {
	width, height int
	x, y          [maxWaves][]float64
}

const maxWaves = 7

func newWaves(width, height int) *waves {
	w := &waves{width: width, height: height}
	for i := range maxWaves {
		w.x[i], w.y[i] = cosines(i, width), cosines(i, height)
	}
	return w
}

func cosines(frequency, pixels int) []float64 {
	values := make([]float64, pixels)
	for i := range values {
		values[i] = cosine(math.Pi / float64(pixels) * float64(frequency) * (float64(i) + 0.5))
	}
	return values
}

// spectrum is the discrete cosine transform of a channel: the mean, and the other factors
// scaled from 0 to 1.
type spectrum struct {
	mean, scale float64
	factors     []float64
}

// transform returns the factors of the lower frequencies, in a triangle of across x down.
func (w *waves) transform(channel []float64, across, down int) spectrum {
	var s spectrum
	for v := range down {
		for u := 0; u*down < across*(down-v); u++ {
			sum := 0.0
			for y, wave := range w.y[v] {
				for x, value := range channel[y*w.width : (y+1)*w.width] {
					sum += float64(float64(value*w.x[u][x]) * wave)
				}
			}
			sum /= float64(w.width * w.height)
			if u == 0 && v == 0 {
				s.mean = sum
				continue
			}
			s.factors = append(s.factors, sum)
			s.scale = max(s.scale, math.Abs(sum))
		}
	}
	if s.scale > 0 {
		for i, f := range s.factors {
			s.factors[i] = 0.5 + float64(0.5/s.scale*f)
		}
	}
	return s
}

// round rounds halves up.
func round(x float64) float64 {
	floor := math.Floor(x)
	if x-floor >= 0.5 {
		return floor + 1
	}
	return floor
}

// packer packs numbers into bytes, the lowest bits first.
type packer struct {
	bytes []byte
	bits  int
}

// add rounds a number and appends it in the given number of bits.
func (p *packer) add(value float64, bits int) {
	number := int(round(value))
	for i := range bits {
		if p.bits%8 == 0 {
			p.bytes = append(p.bytes, 0)
		}
		p.bytes[p.bits/8] |= byte(number>>i&1) << (p.bits % 8)
		p.bits++
	}
}
