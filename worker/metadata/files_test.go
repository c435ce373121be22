package metadata

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"golang.org/x/image/webp"
)

// secret is what no file may contain afterwards.
const secret = "52.5200 N 13.4050 E"

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// striped draws a picture of 200 colours.
func striped(width, height int) *image.Paletted {
	p := color.Palette{}
	for i := range 200 {
		p = append(p, color.NRGBA{uint8(i * 5), uint8(i * 11), uint8(i * 17), 255})
	}
	img := image.NewPaletted(image.Rect(0, 0, width, height), p)
	for i := range img.Pix {
		img.Pix[i] = uint8(i * 7 % len(p))
	}
	return img
}

func jpegFile(t testing.TB) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, striped(40, 30), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegSegment(marker byte, parts ...[]byte) []byte {
	body := join(parts...)
	return join([]byte{0xff, marker}, binary.BigEndian.AppendUint16(nil, uint16(len(body)+2)), body)
}

// withSegments inserts segments after the start of a JPEG.
func withSegments(file []byte, segments ...[]byte) []byte {
	return join(file[:2], join(segments...), file[2:])
}

func exif(orientation byte) []byte {
	entry := []byte{0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0}
	return join([]byte("II*\x00\x08\x00\x00\x00\x01\x00"), entry, []byte{0, 0, 0, 0}, []byte(secret))
}

func pngFile(t testing.TB) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, striped(40, 30)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngChunk(name string, parts ...[]byte) []byte {
	body := join(parts...)
	named := join([]byte(name), body)
	return join(binary.BigEndian.AppendUint32(nil, uint32(len(body))), named, binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(named)))
}

// withChunks inserts chunks after IHDR.
func withChunks(file []byte, chunks ...[]byte) []byte {
	const first = 8 + 12 + 13
	return join(file[:first], join(chunks...), file[first:])
}

func gifFile(t testing.TB, frames int) []byte {
	g := gif.GIF{LoopCount: 3}
	for i := range frames {
		img := striped(40, 30)
		img.Pix[i]++
		g.Image, g.Delay = append(g.Image, img), append(g.Delay, 7*(i+1))
		g.Disposal = append(g.Disposal, gif.DisposalBackground)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withBlocks inserts extensions after the screen of a GIF whose images have their own
// colours.
func withBlocks(file []byte, blocks ...[]byte) []byte {
	const first = 13
	return join(file[:first], join(blocks...), file[first:])
}

func gifExtension(label byte, blocks ...string) []byte {
	b := []byte{'!', label}
	for _, s := range blocks {
		b = append(append(b, byte(len(s))), s...)
	}
	return append(b, 0)
}

// The files of 4x3 pixels: lossless with alpha, lossy with alpha, and lossy.
var webpFiles = [][]byte{
	decoded("UklGRi4AAABXRUJQVlA4TCEAAAAvA4AAEBcQAoKi65YTkCT4vOdNZvgUCASSJJecOKL/0QAA"),
	decoded("UklGRn4AAABXRUJQVlA4WAoAAAAQAAAAAwAAAgAAQUxQSAoAAAABB9DMiAhERP8DVlA4IE4AAABwAwCdASoEAAMAAUAmJagCdGuA/gGEAfwD2/7sA/QAGBpZaAAA/v0Quwb2O//AvOGRk2v//AvOGRk2v//S4P/S4JtOo/MRxLYR+yIGAAA="),
	decoded("UklGRlwAAABXRUJQVlA4IFAAAADQAgCdASoEAAMAAsBMJaizAAqRwgP4BhAHr/3YAEXIAP7zrpy9xr9zdEnRV15rR//pQU+MrSb//8UFPjK0m///Wh/02/TSD3TzSELsGqAAAA=="),
}

func decoded(text string) []byte {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

func riffChunk(name string, parts ...[]byte) []byte {
	body := join(parts...)
	return join([]byte(name), binary.LittleEndian.AppendUint32(nil, uint32(len(body))), body, make([]byte, len(body)%2))
}

func riffFile(chunks ...[]byte) []byte {
	content := join([]byte("WEBP"), join(chunks...))
	return join([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(content))), content)
}

func vp8x(flags byte) []byte { return riffChunk("VP8X", []byte{flags, 0, 0, 0, 3, 0, 0, 2, 0, 0}) }

// webpFrame is a frame of 4x3 pixels that contains the chunks of a still.
func webpFrame(still []byte, chunks ...[]byte) []byte {
	return riffChunk("ANMF", []byte{0, 0, 0, 0, 0, 0, 3, 0, 0, 2, 0, 0, 80, 0, 0, 0}, join(chunks...), still[12:])
}

// profile is an ICC profile of sRGB's primaries, with a curve: 3 for sRGB's own, 0 for a
// power function. ICC.1:2010, 7.2 and 10.15.
func profile(space string, function uint16, gamma float64) []byte {
	fixed := func(values ...float64) (b []byte) {
		for _, v := range values {
			b = binary.BigEndian.AppendUint32(b, uint32(int32(v*65536)))
		}
		return b
	}
	curve := join([]byte("para\x00\x00\x00\x00"), binary.BigEndian.AppendUint16(nil, function), []byte{0, 0},
		fixed(gamma, 1/1.055, 0.055/1.055, 1/12.92, 0.04045))
	colour := func(x, y, z float64) []byte { return join([]byte("XYZ \x00\x00\x00\x00"), fixed(x, y, z)) }
	tags := []struct {
		name string
		body []byte
	}{
		{"rXYZ", colour(0.4361, 0.2225, 0.0139)}, {"gXYZ", colour(0.3851, 0.7169, 0.0971)}, {"bXYZ", colour(0.1431, 0.0606, 0.7141)},
		{"rTRC", curve}, {"gTRC", curve}, {"bTRC", curve},
	}
	head := make([]byte, 128)
	copy(head[12:], "mntr"+space+"XYZ ")
	copy(head[36:], "acsp")
	table, bodies := binary.BigEndian.AppendUint32(nil, uint32(len(tags))), []byte(nil)
	for _, tag := range tags {
		table = append(table, tag.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(128+4+12*len(tags)+len(bodies)))
		table = binary.BigEndian.AppendUint32(table, uint32(len(tag.body)))
		bodies = append(bodies, tag.body...)
	}
	return join(head, table, bodies)
}

func srgb() []byte      { return profile("RGB ", 3, 2.4) }
func wideGamma() []byte { return profile("RGB ", 0, 1.8) }

// pixels decodes a file by Go's own decoders: every frame, with its time.
func pixels(t testing.TB, file []byte) (all []any) {
	t.Helper()
	r := bytes.NewReader(file)
	var img any
	var err error
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xd8")):
		img, err = jpeg.Decode(r)
	case bytes.HasPrefix(file, []byte("\x89PNG")):
		img, err = png.Decode(r)
	case bytes.HasPrefix(file, []byte("GIF8")):
		img, err = gif.DecodeAll(r)
	default:
		if frames := framesOfWebP(file); len(frames) > 0 {
			for _, f := range frames {
				all = append(all, pixels(t, f)...)
			}
			return all
		}
		img, err = webp.Decode(r)
	}
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	return []any{img}
}

// framesOfWebP returns the frames of an animation as stills, which are all that the decoder
// knows.
func framesOfWebP(file []byte) (frames [][]byte) {
	for rest := file[12:]; len(rest) >= 8; {
		size := int(binary.LittleEndian.Uint32(rest[4:]))
		if string(rest[:4]) == "ANMF" {
			chunks := rest[8+16 : 8+size]
			if i := bytes.Index(chunks, []byte("VP8")); i >= 0 {
				frames = append(frames, riffFile(chunks[i:]))
			}
		}
		rest = rest[min(len(rest), 8+size+size%2):]
	}
	return frames
}
