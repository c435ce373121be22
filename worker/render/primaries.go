package render

import (
	"math"

	"calotype/worker/imageheader"
)

var (
	whiteD65 = [2]float64{0.3127, 0.3290}
	whiteC   = [2]float64{0.310, 0.316}

	primariesBT709 = imageheader.Primaries{White: whiteD65, Red: [2]float64{0.64, 0.33}, Green: [2]float64{0.30, 0.60}, Blue: [2]float64{0.15, 0.06}}
)

// primariesOf are the primaries of the code points of ITU-T H.273, table 2, except sRGB's
// and the unspecified ones.
var primariesOf = map[uint16]imageheader.Primaries{
	4:  {White: whiteC, Red: [2]float64{0.67, 0.33}, Green: [2]float64{0.21, 0.71}, Blue: [2]float64{0.14, 0.08}},
	5:  {White: whiteD65, Red: [2]float64{0.64, 0.33}, Green: [2]float64{0.29, 0.60}, Blue: [2]float64{0.15, 0.06}},
	6:  {White: whiteD65, Red: [2]float64{0.630, 0.340}, Green: [2]float64{0.310, 0.595}, Blue: [2]float64{0.155, 0.070}},
	7:  {White: whiteD65, Red: [2]float64{0.630, 0.340}, Green: [2]float64{0.310, 0.595}, Blue: [2]float64{0.155, 0.070}},
	8:  {White: whiteC, Red: [2]float64{0.681, 0.319}, Green: [2]float64{0.243, 0.692}, Blue: [2]float64{0.145, 0.049}},
	9:  {White: whiteD65, Red: [2]float64{0.708, 0.292}, Green: [2]float64{0.170, 0.797}, Blue: [2]float64{0.131, 0.046}},
	11: {White: [2]float64{0.314, 0.351}, Red: [2]float64{0.680, 0.320}, Green: [2]float64{0.265, 0.690}, Blue: [2]float64{0.150, 0.060}},
	12: {White: whiteD65, Red: [2]float64{0.680, 0.320}, Green: [2]float64{0.265, 0.690}, Blue: [2]float64{0.150, 0.060}},
	22: {White: whiteD65, Red: [2]float64{0.630, 0.340}, Green: [2]float64{0.295, 0.605}, Blue: [2]float64{0.155, 0.077}},
}

// primariesToSRGB returns the matrix from light in three primaries to light in sRGB's.
// White becomes white. It reports false for primaries that span no colours.
func primariesToSRGB(p imageheader.Primaries) (m [9]float64, ok bool) {
	from, ok := primariesToXYZ(p)
	if !ok {
		return m, false
	}
	srgb, _ := primariesToXYZ(primariesBT709)
	back, _ := inverse(srgb)
	adapt, ok := bradford(toXYZ(p.White), toXYZ(whiteD65))
	if !ok {
		return m, false
	}
	return product(back, product(adapt, from)), true
}

// primariesToXYZ returns the matrix from light to CIE XYZ, in which white has a Y of 1.
// SMPTE RP 177, 3.3.
func primariesToXYZ(p imageheader.Primaries) (m [9]float64, ok bool) {
	for i, xy := range [][2]float64{p.Red, p.Green, p.Blue} {
		c := toXYZ(xy)
		m[i], m[3+i], m[6+i] = c[0], c[1], c[2]
	}
	inv, ok := inverse(m)
	if !ok || p.White[1] <= 0 {
		return m, false
	}
	scale := times(inv, toXYZ(p.White))
	for i := range m {
		m[i] *= scale[i%3]
	}
	return m, true
}

// toXYZ returns a chromaticity as CIE XYZ with a Y of 1.
func toXYZ(xy [2]float64) [3]float64 {
	if xy[1] == 0 {
		return [3]float64{}
	}
	return [3]float64{xy[0] / xy[1], 1, (1 - xy[0] - xy[1]) / xy[1]}
}

// bradford returns the matrix that adapts colours from one white to another. ICC.1:2010,
// annex E.
func bradford(from, to [3]float64) (m [9]float64, ok bool) {
	cone := [9]float64{0.8951, 0.2664, -0.1614, -0.7502, 1.7135, 0.0367, 0.0389, -0.0685, 1.0296}
	back, _ := inverse(cone)
	a, b := times(cone, from), times(cone, to)
	var scale [9]float64
	for i := range 3 {
		if a[i] == 0 {
			return m, false
		}
		scale[4*i] = b[i] / a[i]
	}
	return product(back, product(scale, cone)), true
}

func times(m [9]float64, v [3]float64) (out [3]float64) {
	for i := range 3 {
		out[i] = m[3*i]*v[0] + m[3*i+1]*v[1] + m[3*i+2]*v[2]
	}
	return out
}

func product(a, b [9]float64) (m [9]float64) {
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				m[3*i+j] += a[3*i+k] * b[3*k+j]
			}
		}
	}
	return m
}

// inverse reports false for a matrix without an inverse.
func inverse(m [9]float64) (out [9]float64, ok bool) {
	cofactor := func(a, b, c, d int) float64 { return m[a]*m[d] - m[b]*m[c] }
	out = [9]float64{
		cofactor(4, 5, 7, 8), -cofactor(1, 2, 7, 8), cofactor(1, 2, 4, 5),
		-cofactor(3, 5, 6, 8), cofactor(0, 2, 6, 8), -cofactor(0, 2, 3, 5),
		cofactor(3, 4, 6, 7), -cofactor(0, 1, 6, 7), cofactor(0, 1, 3, 4),
	}
	determinant := m[0]*out[0] + m[1]*out[3] + m[2]*out[6]
	if math.Abs(determinant) < 1e-9 || math.IsNaN(determinant) {
		return out, false
	}
	for i := range out {
		out[i] /= determinant
	}
	return out, true
}
