package imageheader

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"iter"
	"math"
	"slices"
	"time"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// PNG holds the fields that only a PNG has.
type PNG struct {
	// ColourType is 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA; Bits is the depth
	// of a sample or of a palette's index.
	ColourType, Bits byte
	// Interlaced means that the rows come in seven passes.
	Interlaced bool
	// Palette counts the palette's colours.
	Palette int
	// Transparency is a tRNS chunk's content: an alpha for each colour of the palette, or
	// one transparent colour.
	Transparency []byte
	// StillInAnimation means that the picture shown by decoders without animation is the
	// animation's first frame.
	StillInAnimation bool
	// DeclaredFrames is the number in acTL; Header.Frames counts the frames that exist.
	DeclaredFrames uint32
	// Ancillary counts the chunks that decoding does not need, and AncillaryBytes their
	// content. Compressed counts those with compressed data.
	Ancillary, Compressed int
	AncillaryBytes        int64
	compressed            [][]byte // The zlib streams of ancillary chunks, in the file.
	// PixelBytes is the compressed size of the pixels.
	PixelBytes int64
	// End means that there is an end chunk. Trailing counts the bytes after it.
	End      bool
	Trailing int
}

// The colour types. ISO 15948, 11.2.2.
const (
	pngGrey, pngRGB, pngPalette, pngGreyAlpha, pngRGBA = 0, 2, 3, 4, 6
)

// PNGChunk is a chunk of a PNG. ISO 15948, 5.3.
type PNGChunk struct {
	Name string
	// Start and End delimit the chunk in the file, from its length to the end of its
	// checksum.
	Start, End int
	Body       []byte
}

// Valid reports whether a chunk's checksum is right.
func (c PNGChunk) Valid(file []byte) bool {
	return crc32.ChecksumIEEE(file[c.Start+4:c.End-4]) == binary.BigEndian.Uint32(file[c.End-4:])
}

// Needed reports whether a chunk is needed to show the picture, or harmless.
func (c PNGChunk) Needed() bool { return slices.Contains(pngNeeded, c.Name) }

// Critical reports whether a decoder must know the chunk. ISO 15948, 5.4.
func (c PNGChunk) Critical() bool { return c.Name[0]&0x20 == 0 }

// PNGChunks yields the chunks of a PNG, up to IEND or to where the file is cut.
func PNGChunks(file []byte) iter.Seq[PNGChunk] {
	const overhead = 12 // The sizes of a chunk's length, name and checksum.
	return func(yield func(PNGChunk) bool) {
		for at := len(pngSignature); at+overhead <= len(file); {
			end := int64(at) + overhead + int64(binary.BigEndian.Uint32(file[at:]))
			if end > int64(len(file)) {
				return
			}
			c := PNGChunk{string(file[at+4 : at+8]), at, int(end), file[at+8 : end-4]}
			if !yield(c) || c.Name == "IEND" {
				return
			}
			at = c.End
		}
	}
}

var pngNeeded = []string{
	"IHDR", "PLTE", "tRNS", "IDAT", "IEND", "gAMA", "cHRM", "sRGB", "cICP", "sBIT", "bKGD", "pHYs", "hIST",
	"acTL", "fcTL", "fdAT",
}

func parsePNG(h *Header, file []byte) error {
	p := &PNG{}
	h.PNG = p
	h.NoMetadata = true
	r := pngReader{Header: h, PNG: p, file: file}
	end := len(pngSignature)
	for c := range PNGChunks(file) {
		if end = c.End; c.Start == len(pngSignature) {
			if c.Name != "IHDR" {
				return errors.New("the first chunk is not IHDR")
			}
		}
		h.NoMetadata = h.NoMetadata && c.Needed()
		if err := r.read(c); err != nil {
			return err
		}
	}
	if h.Width == 0 {
		return errors.New("no IHDR")
	}
	p.Trailing = len(file) - end
	if !p.End {
		h.damaged("no end chunk")
	}
	if p.PixelBytes == 0 {
		h.damaged("no pixels")
	}
	h.NoMetadata = h.NoMetadata && p.End && p.Trailing == 0
	r.finish()
	return nil
}

// pngReader reads chunk by chunk. As in libpng, a chunk counts only in its place, and only
// if its checksum is right.
type pngReader struct {
	*Header
	*PNG
	file          []byte
	palette, idat bool
	exif          bool
	animated      *Animation
	profile       []byte
}

func (r *pngReader) read(c PNGChunk) error {
	early := !r.idat && !r.palette // The place of colour chunks.
	if !c.Critical() && c.Name != "fcTL" && c.Name != "fdAT" {
		r.Ancillary++
		r.AncillaryBytes += int64(len(c.Body))
	}
	if c.Name == "zTXt" || c.Name == "iTXt" || c.Name == "iCCP" {
		r.Compressed++
		if data := compressedData(c); data != nil {
			r.compressed = append(r.compressed, data)
		}
	}
	switch c.Name {
	case "IHDR":
		return r.readHeader(c)
	case "PLTE":
		r.palette, r.Palette = true, len(c.Body)/3
	case "IDAT":
		r.idat = true
		r.PixelBytes += int64(len(c.Body))
	case "IEND":
		r.End = true
	case "tRNS":
		if !r.idat && c.Valid(r.file) && r.clears(c.Body) {
			r.Transparency = c.Body
		}
	case "fcTL":
		r.readFrame(c)
	case "acTL":
		if !r.idat && r.animated == nil && len(c.Body) == 8 && c.Valid(r.file) && binary.BigEndian.Uint32(c.Body) > 0 {
			r.DeclaredFrames = binary.BigEndian.Uint32(c.Body)
			r.animated = &Animation{Plays: int(min(binary.BigEndian.Uint32(c.Body[4:]), math.MaxInt32))}
		}
	case "eXIf":
		if !r.idat && !r.exif && c.Valid(r.file) {
			r.exif = true
			r.Orientation = max(1, readEXIF(c.Body).orientation)
		}
	case "cICP", "iCCP", "sRGB", "gAMA", "cHRM":
		if early && c.Valid(r.file) {
			r.readColour(c)
		}
	}
	return nil
}

// clears reports whether the content of tRNS has the size that the colour type requires.
// ISO 15948, 11.3.2.1.
func (r *pngReader) clears(body []byte) bool {
	switch r.ColourType {
	case pngGrey:
		return len(body) == 2
	case pngRGB:
		return len(body) == 6
	case pngPalette:
		return len(body) > 0 && len(body) <= r.Palette
	}
	return false
}

// readHeader reads IHDR. ISO 15948, 11.2.2.
func (r *pngReader) readHeader(c PNGChunk) error {
	if r.Width != 0 {
		return nil // A second one, of any size.
	}
	if len(c.Body) != 13 {
		return errors.New("IHDR has a wrong size")
	}
	if !c.Valid(r.file) {
		r.damaged("the checksum of IHDR is wrong")
	}
	width, height := binary.BigEndian.Uint32(c.Body), binary.BigEndian.Uint32(c.Body[4:])
	if width == 0 || height == 0 || width > math.MaxInt32 || height > math.MaxInt32 {
		return errors.New("no size")
	}
	r.Width, r.Height = int(width), int(height)
	r.Bits, r.ColourType, r.Interlaced = c.Body[8], c.Body[9], c.Body[12] != 0
	r.Header.Depth = int(r.Bits)
	switch r.ColourType {
	case pngGrey:
		r.Channels = 1
	case pngRGB:
		r.Channels = 3
	case pngPalette:
		r.Channels, r.Header.Depth = 3, 8
	case pngGreyAlpha:
		r.Channels, r.Alpha = 2, true
	case pngRGBA:
		r.Channels, r.Alpha = 4, true
	default:
		return errors.New("an unknown colour type")
	}
	return nil
}

// readColour reads a chunk that defines the colours; the first of each name counts. ISO
// 15948, 11.3.2, and PNG third edition, 11.3.2.6.
func (r *pngReader) readColour(c PNGChunk) {
	colour := &r.Colour
	switch {
	case c.Name == "cICP" && len(c.Body) == 4 && colour.CICP == nil:
		colour.CICP = &CICP{uint16(c.Body[0]), uint16(c.Body[1]), uint16(c.Body[2]), c.Body[3] != 0}
	case c.Name == "iCCP" && r.profile == nil:
		r.profile = inflateProfile(c.Body)
	case c.Name == "sRGB" && len(c.Body) == 1 && c.Body[0] < 4:
		colour.SRGB = true
	case c.Name == "gAMA" && len(c.Body) == 4 && colour.Gamma == 0:
		colour.Gamma = float64(binary.BigEndian.Uint32(c.Body)) / 100000
	case c.Name == "cHRM" && len(c.Body) == 32 && colour.Primaries == nil:
		var xy [8]float64
		for i := range xy {
			xy[i] = float64(binary.BigEndian.Uint32(c.Body[4*i:])) / 100000
		}
		colour.Primaries = &Primaries{[2]float64(xy[:2]), [2]float64(xy[2:4]), [2]float64(xy[4:6]), [2]float64(xy[6:])}
	}
}

// maxProfile bounds the inflated size of an ICC profile: the largest, for printers, have
// about 3 MB.
const maxProfile = 4 << 20

// inflateProfile reads an iCCP chunk: a name, a zero, the method and a zlib stream. It is
// nil if the stream is broken or too large. ISO 15948, 11.3.3.3.
func inflateProfile(body []byte) []byte {
	const maxName, deflate = 79, 0
	name := bytes.IndexByte(body, 0)
	if name < 1 || name > maxName || name+2 > len(body) || body[name+1] != deflate {
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(body[name+2:]))
	if err != nil {
		return nil
	}
	profile, err := io.ReadAll(io.LimitReader(z, maxProfile+1))
	if err != nil || len(profile) > maxProfile {
		return nil
	}
	return profile
}

// readFrame reads fcTL. PNG third edition, 11.3.6.2.
func (r *pngReader) readFrame(c PNGChunk) {
	if r.animated == nil || len(c.Body) != 26 || !c.Valid(r.file) {
		return
	}
	if !r.idat {
		r.StillInAnimation = true
	}
	number := func(i int) uint32 { return binary.BigEndian.Uint32(c.Body[i:]) }
	x, y, width, height := int64(number(12)), int64(number(16)), int64(number(4)), int64(number(8))
	if width == 0 || height == 0 || x+width > int64(r.Width) || y+height > int64(r.Height) {
		r.damaged("a frame outside the canvas")
		return
	}
	n, d := binary.BigEndian.Uint16(c.Body[20:]), binary.BigEndian.Uint16(c.Body[22:])
	if d == 0 {
		d = 100
	}
	r.animated.Frames = append(r.animated.Frames, Frame{
		X: int32(x), Y: int32(y), Width: int32(width), Height: int32(height),
		Delay:   time.Duration(n) * time.Second / time.Duration(d),
		Dispose: Dispose(min(c.Body[24], 2)), Replace: c.Body[25] == 0,
	})
}

// finish decides what follows from all chunks together. The precedence of colour chunks
// follows PNG third edition, 4.3 "Colour spaces". Browsers ignore cICP of limited range, and
// cHRM without gAMA.
func (r *pngReader) finish() {
	if len(r.Transparency) > 0 && !r.Alpha {
		r.Alpha = true
		r.Channels++
	}
	if r.animated != nil && len(r.animated.Frames) > 0 {
		for i := range r.animated.Frames {
			r.animated.Frames[i].Alpha = r.Alpha
		}
		r.Animation, r.Frames = r.animated, len(r.animated.Frames)
	}
	colour := &r.Colour
	colour.ICC = r.profile
	switch {
	case colour.CICP != nil && colour.CICP.Matrix == MatrixIdentity && colour.CICP.FullRange:
		colour.Source = ColourCICP
	case colour.ICC != nil:
		colour.Source = ColourICC
	case colour.SRGB:
		colour.Source = ColourSRGB
	case colour.Gamma > 0:
		colour.Source = ColourGammaChrm
	}
}
