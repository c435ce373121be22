package cases

import "math"

// fromP3 is what the quadrants show in sRGB if their values are Display P3's.
func fromP3() [4]Colour {
	// From P3's light to sRGB's, both with the white point D65: CSS Color 4, 10.2 and 10.4.
	matrix := [3][3]float64{{1.2249, -0.2247, 0}, {-0.0420, 1.0419, 0}, {-0.0197, -0.0786, 1.0979}}
	var all [4]Colour
	for q, c := range Quadrants {
		var light [3]float64
		for i := range light {
			light[i] = toLight(float64(c[i]) / 255)
		}
		for i, row := range matrix {
			v := row[0]*light[0] + row[1]*light[1] + row[2]*light[2]
			all[q][i] = uint8(math.Round(255 * fromLight(min(1, max(0, v)))))
		}
		all[q][3] = 255
	}
	return all
}

// toLight and fromLight are sRGB's curve: IEC 61966-2-1.
func toLight(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

func fromLight(v float64) float64 {
	if v <= 0.0031308 {
		return 12.92 * v
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}
