package render

import (
	"calotype"
	"calotype/worker/imageheader"
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
//	AVIF, HEIC, 4:2:0           6.5  6.5 planes, then RGB
//	BMP                         3.6  3.1 as a TIFF
//	TIFF, in strips, tiles, one 1.5  0.7
//	GIF, 30 frames              4        every frame, 4 bytes a pixel
//
// and for 8 megapixels, without the 2 that the target takes:
//
//	AVIF, 4:4:4                12        planes are copied from one form to the next
//	AVIF, 4:2:0, 10 bits       12
//	AVIF, 4:4:4, 10 bits       24
//	AVIF, 4:2:0, alpha          9.5      16 with 10 bits
//	PNG, alpha                  5        6 with 16 bits, 8 interlaced
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

// header is what could be read of the file's header.
func (p *Picture) header() *imageheader.Header {
	header, err := imageheader.Parse(p.body)
	if err != nil {
		return &imageheader.Header{}
	}
	return header
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
	header := p.header()
	switch p.Format {
	case calotype.JPEG:
		return jpegCoefficients(header, pixels) + rows/2
	case calotype.PNG:
		depth := bytesPerSample(header)
		need := rows * depth
		if header.PNG != nil && header.PNG.Interlaced {
			need = pixels*4*depth + rows
		}
		if header.Alpha {
			need += pixels * 6
		}
		return need
	case calotype.WebP:
		shrink := min(float64(p.Width)/float64(max(width, 1)), float64(p.Height)/float64(max(height, 1)))
		decoded := pixels
		if shrink >= 4 {
			decoded = int64(float64(pixels) * 4 / (shrink * shrink))
		}
		if header.WebP != nil && !header.WebP.Lossless && !header.Alpha {
			return decoded*8 + rows
		}
		return decoded*8 + pixels*4 + rows
	case calotype.HEIC, calotype.AVIF:
		return pixels*heifBytes(header) + rows
	case calotype.BMP:
		return pixels * 5
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

// bytesPerSample is 2 for samples of more than 8 bits.
func bytesPerSample(header *imageheader.Header) int64 {
	if header.Depth > 8 {
		return 2
	}
	return 1
}

// heifBytes is what libheif takes for a pixel: the codec's planes, copies of them, and what
// they are converted to. It is that of the costliest kind if the header cannot be read.
func heifBytes(header *imageheader.Header) int64 {
	var samples int64
	switch header.Chroma {
	case imageheader.Chroma420, imageheader.Chroma400:
		samples = 8
	case imageheader.Chroma422:
		samples = 11
	default:
		samples = 14
	}
	if header.Alpha {
		samples += 4
	}
	if header.HEIF == nil {
		return samples * 2
	}
	return samples * max(bytesPerSample(header), (int64(header.HEIF.AlphaDepth)+7)/8)
}

// jpegCoefficients is what libjpeg keeps of a picture whose scans are not each of the
// whole: 2 bytes for every sample of every component. ISO 10918-1, B.2.2 and B.2.3.
func jpegCoefficients(header *imageheader.Header, pixels int64) int64 {
	const unknown = 8 // bytes a pixel, if nothing can be said: four components
	if header.JPEG == nil || header.JPEG.Scans == 0 {
		return pixels * unknown
	}
	if header.JPEG.Interleaved && !header.JPEG.Progressive {
		return 0
	}
	var samples int64
	for i := range header.JPEG.Components {
		width, height := header.JPEG.Samples(header, i)
		samples += width * height
	}
	return samples * 2
}
