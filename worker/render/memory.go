package render

import (
	"encoding/binary"

	"calotype"
)

// Memory predicts how many bytes the rendering of targets takes at its peak, with the
// source's own, which are in memory all the while. It reads no more than the header, and
// rather says too much: a worker that runs out of memory is killed with everything it does.
//
// Measured as the growth of VmHWM in a process of its own, with libvips 8.14.1, in
// bytes a pixel of the source, for 12 and 48 megapixels to one JPEG of 1280x960 (which
// alone takes 15 MB):
//
//	JPEG, baseline              0    0   decoded row by row, and shrunk meanwhile
//	JPEG, progressive, 4:2:0    2.9  3.0 all coefficients, 2 bytes a sample
//	JPEG, progressive, 4:4:4    6.0  6.0
//	JPEG, progressive, CMYK     8.7
//	PNG                         0.9  0.6 rows: up to 5 kB a pixel of the width
//	PNG, interlaced             3.0  3.4
//	WebP, lossy, shrunk by 3    6.8      the whole picture, at twice its last size
//	WebP, lossy, shrunk by 6         0.5 (which is 5 a pixel of that)
//	WebP, lossless              6.8  4.1
//	AVIF, HEIC                  6.5  6.5 planes, then RGB
//	BMP, 24 bits                3.6  3.1 as a TIFF
//	BMP, other                  7.7      in Go, and as a TIFF
//	TIFF, in strips, tiles, one 1.5  0.7
//	GIF, 30 frames              4        every frame, 4 bytes a pixel
//
// and in bytes a pixel of the largest target: JPEG and PNG 7.5, WebP 9.7, GIF 17,
// AVIF 26; of an animation, 4 and what its frames are joined in.
func (p *Picture) Memory(targets []Target) int64 {
	const always = 12 << 20
	var width, height int
	var moving bool
	var perPixel int64
	for _, t := range targets {
		width, height = max(width, t.Width), max(height, t.Height)
		moving = moving || moves(t.Format) && p.Frames > 1
		perPixel = max(perPixel, targetBytes(t.Format))
	}
	frames := int64(1)
	if moving {
		frames = int64(p.Frames)
	}
	target := int64(width) * int64(height) * perPixel
	if moving {
		target *= frames
	}
	if p.orientation != 1 { // Turned, it is there twice.
		target += int64(width) * int64(height) * 8
	}
	return int64(len(p.body)) + always + target + p.decodeBytes(width, height, frames)
}

// targetBytes is what a pixel of a target takes: the base, as it is written and read,
// and the encoder.
func targetBytes(f calotype.Format) int64 {
	switch f {
	case calotype.AVIF:
		return 28
	case calotype.GIF:
		return 20
	case calotype.WebP, calotype.BMP:
		return 12
	}
	return 9
}

// decodeBytes is what it takes to decode the source for a base of width x height.
func (p *Picture) decodeBytes(width, height int, frames int64) int64 {
	stored := p.Width
	if turned(p.orientation) {
		stored = p.Height
	}
	pixels := int64(p.Width) * int64(p.Height)
	rows := int64(stored) * 5 << 10
	if p.animation != nil {
		return p.frameBytes(pixels, width, height) + rows
	}
	switch p.Format {
	case calotype.JPEG:
		return jpegCoefficients(p.body, pixels) + rows/2
	case calotype.PNG:
		if pngIsWhole(p.body) {
			return pixels*4*pngDepth(p.body) + rows
		}
		return rows * pngDepth(p.body)
	case calotype.WebP:
		shrink := min(float64(p.Width)/float64(max(width, 1)), float64(p.Height)/float64(max(height, 1)))
		decoded := pixels
		if shrink >= 4 {
			decoded = int64(float64(pixels) * 4 / (shrink * shrink))
		}
		if webpIsLossy(p.body) {
			return decoded*8 + rows
		}
		return decoded*8 + pixels*4 + rows
	case calotype.HEIC, calotype.AVIF:
		return pixels*9 + rows
	case calotype.BMP:
		if _, _, ok := bmpRows(p.body, p.Width, p.Height); ok {
			return pixels * 5
		}
		return pixels * 10
	case calotype.TIFF:
		return pixels*4 + rows // One strip may hold it all, in 16 bits.
	}
	return pixels*8 + rows // A frame of a GIF.
}

// frameBytes is what it takes to compose an animation's frames one by one: the canvas, what
// is restored of it, a frame as it is decoded, and its copies on the way to its size. Each
// scaled frame is there twice while they are joined; the second is the targets'.
func (p *Picture) frameBytes(pixels int64, width, height int) int64 {
	return pixels*4*6 + int64(width)*int64(height)*8
}

// jpegCoefficients is what libjpeg keeps of a picture whose scans are not each of the
// whole: 2 bytes for every sample of every component. ISO 10918-1, B.2.2 and B.2.3.
func jpegCoefficients(body []byte, pixels int64) int64 {
	const (
		unknown = 8 // bytes a pixel, if nothing can be said: four components
		sos     = 0xda
	)
	var samples, components int64
	progressive := false
	for at := 2; at+4 <= len(body) && body[at] == 0xff; {
		marker := body[at+1]
		if marker == 0xff { // Fill bytes.
			at++
			continue
		}
		size := int(binary.BigEndian.Uint16(body[at+2:]))
		segment := body[at+4 : max(at+4, min(at+2+size, len(body)))]
		switch {
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			progressive = marker&3 == 2
			samples, components = jpegSamples(segment, pixels)
		case marker == sos:
			inOneScan := len(segment) > 0 && int64(segment[0]) == components
			if samples > 0 && inOneScan && !progressive {
				return 0
			}
			if samples > 0 {
				return samples * 2
			}
		}
		at += 2 + size
	}
	return pixels * unknown
}

// jpegSamples reads the components of a frame header: the first has all its samples,
// others may have fewer.
func jpegSamples(segment []byte, pixels int64) (samples, components int64) {
	const header = 6
	if len(segment) < header {
		return 0, 0
	}
	components = int64(segment[5])
	var all, widest, highest int64
	for i := range components {
		at := header + 3*i + 1
		if at >= int64(len(segment)) {
			return 0, 0
		}
		h, v := int64(segment[at]>>4), int64(segment[at]&15)
		all += h * v
		widest, highest = max(widest, h), max(highest, v)
	}
	if all == 0 {
		return 0, 0
	}
	return pixels * all / (widest * highest), components
}

// pngIsWhole reports whether rows cannot be had one by one. ISO 15948, 11.2.2.
func pngIsWhole(body []byte) bool {
	const interlace = 28
	return len(body) > interlace && body[interlace] != 0
}

// pngDepth is the bytes of a sample.
func pngDepth(body []byte) int64 {
	const depth = 24
	if len(body) > depth && body[depth] == 16 {
		return 2
	}
	return 1
}

// webpIsLossy reports whether no plane of the picture is stored without loss. RFC
// 9649, 2.5.
func webpIsLossy(body []byte) bool {
	return len(body) >= 16 && string(body[12:16]) == "VP8 "
}
