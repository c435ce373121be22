package imageheader

import "encoding/binary"

// lumaTable is the luminance quantisation table that the standard suggests and libjpeg
// scales: ISO 10918-1, table K.1. It is in rows, as the order does not matter here.
var lumaTable = [64]int{
	16, 11, 10, 16, 24, 40, 51, 61,
	12, 12, 14, 19, 26, 58, 60, 55,
	14, 13, 16, 24, 40, 57, 69, 56,
	14, 17, 22, 29, 51, 87, 80, 62,
	18, 22, 37, 56, 68, 109, 103, 77,
	24, 35, 55, 64, 81, 104, 113, 92,
	49, 64, 78, 87, 103, 121, 120, 101,
	72, 92, 95, 98, 112, 100, 103, 99,
}

// lumaSums are the sums of the table at each quality, as libjpeg's jcparam.c scales it
// (jpeg_quality_scaling, jpeg_add_quant_table): by 5000/quality percent below 50, by
// 200-2*quality percent otherwise.
var lumaSums = func() (sums [101]int) {
	for quality := 1; quality <= 100; quality++ {
		percent := 200 - 2*quality
		if quality < 50 {
			percent = 5000 / quality
		}
		for _, step := range lumaTable {
			sums[quality] += min(max((step*percent+50)/100, 1), 255)
		}
	}
	return sums
}()

// JPEGQuality estimates the quality at which a JPEG was encoded, from 1 to 100. It compares
// the first quantisation table, in practice the luminance's, with libjpeg's, and returns
// the quality with the nearest sum. A file with tables of another shape gets the quality of
// about the same coarseness. It is false without a table before the first scan.
func JPEGQuality(file []byte) (quality int, ok bool) {
	for s := range JPEGSegments(file) {
		switch s.Marker {
		case markerSOS:
			return 0, false
		case markerDQT:
			sum, ok := sumTable(s.Body)
			if !ok {
				return 0, false
			}
			return nearestQuality(sum), true
		}
	}
	return 0, false
}

func nearestQuality(sum int) int {
	best := 100
	for q := 100; q >= 1; q-- {
		if abs(lumaSums[q]-sum) < abs(lumaSums[best]-sum) {
			best = q
		}
	}
	return best
}

// sumTable adds the entries of the first table of a DQT segment: a byte of precision and
// number, then 64 steps of one or two bytes. ISO 10918-1, B.2.4.1.
func sumTable(body []byte) (sum int, ok bool) {
	if len(body) < 1 {
		return 0, false
	}
	size, steps := 1+int(body[0]>>4), body[1:]
	if size > 2 || len(steps) < 64*size {
		return 0, false
	}
	for i := range 64 {
		step := int(steps[i*size])
		if size == 2 {
			step = int(binary.BigEndian.Uint16(steps[i*size:]))
		}
		sum += step
	}
	return sum, true
}

func abs(n int) int { return max(n, -n) }
