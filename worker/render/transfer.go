package render

import "math"

// transfer returns the light of a sample from 0 to 1. For sRGB and similar functions, 1 is
// white. For PQ and HLG white is [sdrWhite], and light goes up to [hdrPeak] times as much.
type transfer func(sample float64) (light float64)

// The light of HDR pictures is relative to diffuse white of 203 cd/m², and that of HLG is
// for a display of 1000. ITU-R BT.2408-7, table 1; BT.2100-2, table 5.
const (
	hdrWhite = 203.0
	hdrPeak  = 1000.0
)

// power is a gamma curve.
func power(exponent float64) transfer {
	return func(v float64) float64 { return math.Pow(v, exponent) }
}

// fromSRGB is sRGB's function from value to light. IEC 61966-2-1, 5.2.
func fromSRGB(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// fromPQ is the EOTF of perceptual quantisation. ITU-R BT.2100-2, table 4.
func fromPQ(v float64) float64 {
	const m1, m2 = 2610.0 / 16384, 2523.0 / 4096 * 128
	const c1, c2, c3 = 3424.0 / 4096, 2413.0 / 4096 * 32, 2392.0 / 4096 * 32
	p := math.Pow(v, 1/m2)
	return 10000 / hdrWhite * math.Pow(max(p-c1, 0)/(c2-c3*p), 1/m1)
}

// fromHLG is the inverse OETF of hybrid log-gamma: light of the scene, from 0 to 1. The
// display's gamma depends on all three samples. ITU-R BT.2100-2, table 5.
func fromHLG(v float64) float64 {
	const a, b, c = 0.17883277, 0.28466892, 0.55991073
	if v <= 0.5 {
		return v * v / 3
	}
	return (math.Exp((v-c)/a) + b) / 12
}

// fromST428 is the curve of digital cinema. SMPTE ST 428-1, 4.3.
func fromST428(v float64) float64 { return 52.37 / 48 * math.Pow(v, 2.6) }

// fromST240 is the inverse of the curve of SMPTE ST 240.
func fromST240(v float64) float64 {
	if v <= 4*0.0228 {
		return v / 4
	}
	return math.Pow((v+0.1115)/1.1115, 1/0.45)
}

// displayHLG returns the factor that converts scene light to display light, relative to
// [hdrWhite]. ITU-R BT.2100-2, table 5.
func displayHLG(r, g, b float64) float64 {
	const systemGamma = 1.2
	y := 0.2627*r + 0.6780*g + 0.0593*b
	return math.Pow(y, systemGamma-1) * hdrPeak / hdrWhite
}

// toneMap returns the factor that maps a pixel's light into the range of sRGB; brightest is
// its largest sample. Light up to white is halved, and a curve from there reaches 1 at the
// peak. Brighter light becomes 1. Hues are preserved. The curve approximates what Chromium 156 shows, within 8 levels
// of 255.
func toneMap(brightest float64) float64 {
	const slope, peak = 0.5, hdrPeak / hdrWhite
	if brightest <= 1 {
		return slope
	}
	x := min(brightest, peak)
	// A quadratic Bézier curve from (1, slope) by (1/slope, 1) to (peak, 1).
	const a, b = 1 - 2/slope + peak, 2 * (1/slope - 1)
	t := (math.Sqrt(b*b-4*a*(1-x)) - b) / (2 * a)
	return (slope*(1-t)*(1-t) + 2*t*(1-t) + t*t) / brightest
}
