package main

import (
	"image"
	"math"
)

// grey is a picture's luminance, from 0 to 255 (ITU-R BT.601, as in JPEG).
type grey struct {
	width, height int
	pixels        []float64
}

// toGrey converts a picture, over a white background.
func toGrey(img image.Image) grey {
	b := img.Bounds()
	g := grey{b.Dx(), b.Dy(), make([]float64, b.Dx()*b.Dy())}
	for y := range g.height {
		for x := range g.width {
			r, gr, bl, a := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
			white := float64(0xffff - a)
			g.pixels[y*g.width+x] = (0.299*(float64(r)+white) + 0.587*(float64(gr)+white) + 0.114*(float64(bl)+white)) / 257
		}
	}
	return g
}

// lanczos scales down with the three-lobed Lanczos filter from every pixel. It is the
// reference for a rendition.
func (g grey) lanczos(width, height int) grey {
	return g.across(width).turned().across(height).turned()
}

// across scales the rows.
func (g grey) across(width int) grey {
	out := grey{width, g.height, make([]float64, width*g.height)}
	scale := float64(g.width) / float64(width)
	for x := range width {
		centre := (float64(x) + 0.5) * scale
		from, to := max(0, int(centre-3*scale)), min(g.width, int(centre+3*scale)+1)
		weights, sum := make([]float64, to-from), 0.0
		for i := range weights {
			weights[i] = lanczos3((float64(from+i) + 0.5 - centre) / scale)
			sum += weights[i]
		}
		for y := range g.height {
			row, value := g.pixels[y*g.width+from:], 0.0
			for i, w := range weights {
				value += w * row[i]
			}
			out.pixels[y*width+x] = min(max(value/sum, 0), 255)
		}
	}
	return out
}

func lanczos3(x float64) float64 {
	if x = math.Abs(x); x >= 3 {
		return 0
	} else if x < 1e-9 {
		return 1
	}
	x *= math.Pi
	return 3 * math.Sin(x) * math.Sin(x/3) / (x * x)
}

// turned swaps rows and columns.
func (g grey) turned() grey {
	out := grey{g.height, g.width, make([]float64, len(g.pixels))}
	for y := range g.height {
		for x := range g.width {
			out.pixels[x*g.height+y] = g.pixels[y*g.width+x]
		}
	}
	return out
}

// ssim returns the mean structural similarity of two pictures of the same size, 1 if they
// are equal: over windows of 8x8, every 4 pixels. Wang, Bovik, Sheikh, Simoncelli: "Image
// quality assessment: from error visibility to structural similarity", 2004.
func ssim(a, b grey) float64 {
	const window, step = 8, 4
	const c1, c2 = (0.01 * 255) * (0.01 * 255), (0.03 * 255) * (0.03 * 255)
	sum, windows := 0.0, 0
	for y := 0; y+window <= a.height; y += step {
		for x := 0; x+window <= a.width; x += step {
			var sa, sb, saa, sbb, sab float64
			for j := range window {
				at := (y+j)*a.width + x
				for i := range window {
					p, q := a.pixels[at+i], b.pixels[at+i]
					sa, sb, saa, sbb, sab = sa+p, sb+q, saa+p*p, sbb+q*q, sab+p*q
				}
			}
			const n = window * window
			ma, mb := sa/n, sb/n
			va, vb, cov := saa/n-ma*ma, sbb/n-mb*mb, sab/n-ma*mb
			sum += (2*ma*mb + c1) * (2*cov + c2) / ((ma*ma + mb*mb + c1) * (va + vb + c2))
			windows++
		}
	}
	if windows == 0 {
		return 1
	}
	return sum / float64(windows)
}
