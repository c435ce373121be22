package render

import "encoding/binary"

// The markers of JPEG that matter here. ISO 10918-1, table B.1.
const (
	markerSOI, markerEOI, markerSOS = 0xd8, 0xd9, 0xda
	markerSOF0, markerSOF15         = 0xc0, 0xcf // With DHT and DAC between; 0xc8 is reserved.
	markerDQT, markerDRI            = 0xdb, 0xdd
	markerAPP0, markerAPP14         = 0xe0, 0xee
)

// jpegSegment reads the segment that begins at a place of a file: its marker, what it
// holds, and where the next one begins. ISO 10918-1, B.1.1.4.
func jpegSegment(file []byte, at int) (marker byte, body []byte, next int, ok bool) {
	if at < 0 || at+4 > len(file) || file[at] != 0xff {
		return 0, nil, 0, false
	}
	size := int(binary.BigEndian.Uint16(file[at+2:]))
	if next = at + 2 + size; size < 2 || next > len(file) {
		return 0, nil, 0, false
	}
	return file[at+1], file[at+4 : next], next, true
}

// lumaTable is the quantisation table for luminance that the standard suggests, which
// libjpeg scales. Of ISO 10918-1, table K.1; in rows, as the order does not matter
// here.
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
// 200-2*quality percent from there on.
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

// jpegQuality estimates the quality that a JPEG was encoded at, from 1 to 100, by its
// first quantisation table, which is the luminance's in practice: the quality at which
// libjpeg's sums to the nearest. What was encoded with tables of another shape gets the
// quality of about the same coarseness.
func jpegQuality(file []byte) (quality int, ok bool) {
	for at := 2; ; {
		marker, body, next, ok := jpegSegment(file, at)
		if !ok || marker == markerSOS {
			return 0, false
		}
		if marker != markerDQT {
			at = next
			continue
		}
		sum, ok := sumTable(body)
		if !ok {
			return 0, false
		}
		best := 100
		for q := 100; q >= 1; q-- {
			if abs(lumaSums[q]-sum) < abs(lumaSums[best]-sum) {
				best = q
			}
		}
		return best, true
	}
}

// sumTable adds up the first table of a DQT segment: a byte of precision and number,
// then 64 steps of one or two bytes. ISO 10918-1, B.2.4.1.
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
