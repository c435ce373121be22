package thumbhash

import "math"

// cosine returns the cosine of an angle from 0 to 20 as V8 does, the JavaScript engine of
// Chromium and Node. In a flat or regular picture most factors are zero but for rounding,
// and the hash magnifies that. So it equals the reference only if the last bits of the
// cosines do: those of package math differ for one angle in four.
//
// Like V8 it uses the polynomials of fdlibm 5.3, for an angle from -π/4 to π/4 in two parts.
// https://www.netlib.org/fdlibm/k_cos.c, k_sin.c
func cosine(angle float64) float64 {
	quarters := math.Round(angle / (math.Pi / 2))
	const high, low = 1.5707963267948966, 6.123233995736766e-17 // Their sum is π/2.
	product := quarters * high
	rest, slack := angle-product, -math.FMA(quarters, high, -product)-float64(quarters*low)
	x := rest + slack
	tail := slack - (x - rest)
	switch int(quarters) % 4 {
	case 0:
		return nearCosine(x, tail)
	case 1:
		return -nearSine(x, tail)
	case 2:
		return -nearCosine(x, tail)
	}
	return nearSine(x, tail)
}

// polynomial returns c0 + c1 z + c2 z² and so on. No product is fused with a sum.
func polynomial(z float64, coefficients ...float64) (sum float64) {
	for i := len(coefficients) - 1; i >= 0; i-- {
		sum = coefficients[i] + float64(z*sum)
	}
	return sum
}

func nearCosine(x, tail float64) float64 {
	z := x * x
	r := z * polynomial(z, 4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05,
		-2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11)
	r = float64(z*r) - float64(x*tail)
	const exponent, bits32 = 2 << 52, 0xffffffff << 32
	shift := 0.0 // About a quarter of the angle, with which the subtraction from 1 is exact.
	switch size := math.Abs(x); {
	case size >= 0.78125:
		shift = 0.28125
	case size >= 0.3:
		shift = math.Float64frombits((math.Float64bits(size) - exponent) & bits32)
	}
	return (1 - shift) - ((float64(0.5*z) - shift) - r)
}

func nearSine(x, tail float64) float64 {
	const first = -1.66666666666666324348e-01
	z := x * x
	cube := z * x
	r := polynomial(z, 8.33333333332248946124e-03, -1.98412698298579493134e-04, 2.75573137070700676789e-06,
		-2.50507602534068634195e-08, 1.58969099521155010221e-10)
	return x - ((float64(z*(float64(0.5*tail)-float64(cube*r))) - tail) - float64(cube*first))
}
