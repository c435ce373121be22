package render

import (
	"slices"

	"calotype"
	"calotype/worker/imageheader"
)

// Memory predicts the peak memory, in bytes, for rendering the targets, including the
// source's bytes, which stay in memory. It uses only the header. It errs on the high side,
// because a worker that runs out of memory is killed with all of its jobs.
//
// The figures were measured as the growth of VmHWM in a separate process, with libvips
// 8.14.1. They are bytes per pixel of the source, for 12 and 48 megapixels scaled to one
// JPEG of 1280x960 (which alone takes 15 MB):
//
//	JPEG, baseline              0    0   decoded and shrunk row by row
//	JPEG, progressive, 4:2:0    2.9  3.0 all coefficients, 2 bytes per sample
//	JPEG, progressive, 4:4:4    6.0  6.0
//	JPEG, progressive, CMYK     8.7
//	PNG                         0.9  0.6 rows: up to 5 kB per pixel of the width; up to 32 MB all of them, as they are stored
//	PNG, interlaced             3.0  3.4
//	WebP, lossy, shrunk by 3    6.8      the whole picture, at twice its last size
//	WebP, lossy, shrunk by 6         0.5 (5 per pixel at that size)
//	WebP, lossless              6.8  4.1
//	AVIF, HEIC, 4:2:0           6.5  6.5 planes, then RGB
//	BMP                         3.6  3.1 as a TIFF
//	TIFF, in strips, tiles, one 1.5  0.7
//	JPEG XL, 8 bits             3.5      9.7 with alpha, 7.5 with 16 bits (libvips 8.16, 8 MP)
//
// For 8 megapixels, without the 2 bytes per pixel of the target:
//
//	AVIF, 4:4:4                12        planes are copied from one form to the next
//	AVIF, 4:2:0, 10 bits       12
//	AVIF, 4:4:4, 10 bits       24
//	AVIF, 4:2:0, alpha          9.5      16 with 10 bits
//	PNG, alpha                  5        6 with 16 bits, 8 interlaced
//
// In bytes per pixel of the largest target: JPEG 7.5, WebP 9.7, AVIF 26, JPEG XL 42.
// Lossless WebP of a flat picture takes 14 more (libwebp 1.2, 4 MP). With a target of
// 960x720, a grainy picture takes 20 MB as GIF and 9 MB as PNG.
// Animated renditions are written while frames are decoded: see [Picture.animatedBytes].
func (p *Picture) Memory(targets []Target) int64 {
	const always = 12 << 20
	var width, height int
	var perPixel, copied, encoders, unscaled int64
	targets = withoutJXL(targets)
	animated := p.animated(targets)
	for _, t := range targets {
		whole := t.whole()
		width, height = max(width, t.Width, whole.Width), max(height, t.Height, whole.Height)
		if !slices.Contains(animated, t) {
			perPixel = max(perPixel, p.targetBytes(t.Format))
			if p.mayBeUnscaled(t) {
				unscaled = max(unscaled, int64(p.Width)*int64(p.Height)*(4+p.targetBytes(t.Format)))
			}
		}
		if t.Whole != (calotype.Box{}) || t.Background != "" { // What is cut out, or put on a background, is a copy.
			copied = max(copied, int64(t.Width)*int64(t.Height)*4)
		}
	}
	var again int64
	for _, t := range animated {
		encoders += p.animatedBytes(t)
		if p.mayBeUnscaled(t) {
			again = p.animatedBytes(p.withoutLoss(t))
		}
	}
	encoders = max(encoders, again)
	target := max(int64(width)*int64(height)*perPixel, unscaled) + copied + encoders
	if p.orientation != 1 { // Turned, it is in memory twice.
		target += int64(width) * int64(height) * 8
	}
	return int64(len(p.body)) + always + target + p.decodeBytes(width, height)
}

// animatedBytes is the memory to write one animated rendition: the frame at its size, the
// encoder's canvases, and the file. All such renditions of a picture are in memory at once. In
// a process of its own, 320x240 pixels of 10 and 300 frames took 5 and 8 MB as GIF, 4 and 6 as
// WebP, and 5 and 7 as PNG (TestMemoryOfFrames), of which the file is the growth.
func (p *Picture) animatedBytes(t Target) int64 {
	const perPixel = 40
	whole := t.whole()
	pixels := int64(t.Width) * int64(t.Height)
	file := pixels * int64(p.Frames) // A byte a pixel, of each frame.
	if p.keepsFrames() || t.Format == calotype.WebP {
		file = min(file, 4*int64(len(p.body))) // Both without loss, or with it.
	}
	return pixels*perPixel + int64(whole.Width)*int64(whole.Height)*4 + 2*file // The file is copied as it grows.
}

// targetBytes is the memory for a pixel of a target: the decoded picture, as it is written
// and read, and the encoder.
func (p *Picture) targetBytes(f calotype.Format) int64 {
	switch f {
	case calotype.JXL:
		return 48
	case calotype.AVIF:
		return 28
	case calotype.GIF:
		return 28
	case calotype.PNG:
		if p.Format == calotype.PNG { // It may get fewer colours.
			return 24
		}
		return 18
	case calotype.WebP:
		if p.mayBeFlat() {
			return 28
		}
		return 12
	case calotype.BMP:
		return 12
	}
	return 9
}

// decodeBytes returns the memory to decode the source to width x height.
func (p *Picture) decodeBytes(width, height int) int64 {
	stored := p.Width
	if swapsSides(p.orientation) {
		stored = p.Height
	}
	pixels := int64(p.Width) * int64(p.Height)
	rows := int64(stored) * 5 << 10
	if p.animation != nil {
		return p.frameBytes(pixels, width, height) + rows
	}
	header := p.header
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
		if stored := p.pngRows(); stored > 0 { // And the compressed ones.
			need = max(need, 2*stored)
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
	case calotype.ICO: // As pixels, as a TIFF, and scaled with alpha.
		return pixels*14 + rows
	case calotype.TIFF:
		need := pixels*4 + rows // One strip may hold the whole picture, in 16 bits.
		if p.byLibtiff() {
			need += pixels * 5
		}
		if t := header.TIFF; t != nil && (t.SampleFormat != 1 || header.Depth > 16) { // As they are, as floats, and as levels.
			need += pixels * int64(t.Samples) * (int64(header.Depth)/8 + 4 + 2)
		}
		return need
	}
	return pixels*p.jxlBytes() + rows // Of JPEG XL. A GIF has an animation.
}

// frameBytes returns the memory to compose an animation's frames one by one: the canvas,
// its saved part, a frame being decoded, and its copies until it is scaled. The last two
// scaled frames are compared.
func (p *Picture) frameBytes(pixels int64, width, height int) int64 {
	return pixels*4*6 + int64(width)*int64(height)*8
}

// jxlBytes is libjxl's memory per pixel: the samples, twice, and what scaling alpha takes,
// floating-point numbers as levels, or the canvas of an animation.
func (p *Picture) jxlBytes() int64 {
	header := p.header
	channels, bytes := int64(max(header.Channels, 3)), int64(header.Depth+7)/8
	need := 4 + 2*channels*bytes
	if header.Float {
		need = 4 + channels*(4+4+4+2)
	}
	if header.Alpha {
		need += 6
	}
	if p.sequence != nil {
		need += 8
	}
	return need
}

// byLibtiff reports whether libtiff converts a TIFF to RGB, because libvips does not: luma
// and chroma without compression or with one other than JPEG, and JPEG of the old style.
// TIFF 6.0, sections 21 and 22.
func (p *Picture) byLibtiff() bool {
	t := p.header.TIFF
	return t != nil && (t.Compression == imageheader.TIFFOldJPEG ||
		t.Photometric == imageheader.TIFFYCbCr && t.Compression != imageheader.TIFFNewJPEG)
}

// bytesPerSample is 2 for samples of more than 8 bits.
func bytesPerSample(header *imageheader.Header) int64 {
	if header.Depth > 8 {
		return 2
	}
	return 1
}

// heifBytes is libheif's memory per pixel: the codec's planes, copies of them, and the
// converted pixels. If the header cannot be read, it is that of the most expensive kind.
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

// jpegCoefficients is the memory that libjpeg keeps for a picture whose scans do not each
// cover all components: 2 bytes for every sample of every component. ISO 10918-1, B.2.2 and
// B.2.3.
func jpegCoefficients(header *imageheader.Header, pixels int64) int64 {
	const unknown = 8 // bytes per pixel if nothing is known: four components
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

// mayBeFlat reports whether a picture can be a drawing that loses nothing: its format keeps
// every pixel.
func (p *Picture) mayBeFlat() bool {
	switch p.Format {
	case calotype.PNG, calotype.GIF, calotype.BMP, calotype.ICO, calotype.TIFF:
		return p.Frames == 1
	case calotype.WebP:
		header := p.header.WebP // Nil if only libvips could read it.
		return p.Frames == 1 && header != nil && !header.Lossy
	}
	return false
}
