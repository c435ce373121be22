package imageheader

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"
)

// Builders of small files, by hand. The parts have the names of the format's specification.

func be16(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }
func be32(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
func le16(n int) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(n)) }
func le32(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }
func le24(n int) []byte { return le32(n)[:3] }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func pngChunk(name string, body ...[]byte) []byte {
	content := join(body...)
	named := join([]byte(name), content)
	return join(be32(len(content)), named, binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(named)))
}

func pngIHDR(width, height int, bits, colourType byte) []byte {
	return pngChunk("IHDR", be32(width), be32(height), []byte{bits, colourType, 0, 0, 0})
}

// pngFile is a PNG of 4x3 pixels in RGB with chunks between IHDR and IDAT. Its pixels are
// not a zlib stream.
func pngFile(chunks ...[]byte) []byte {
	return join([]byte(pngSignature), pngIHDR(4, 3, 8, pngRGB), join(chunks...), pngChunk("IDAT", []byte("pixels")), pngChunk("IEND"))
}

func jpegSegment(marker byte, body ...[]byte) []byte {
	content := join(body...)
	return join([]byte{0xff, marker}, be16(len(content)+2), content)
}

// jpegFrame is a frame header of width x height with components of the sampling factors.
func jpegFrame(marker byte, width, height int, factors ...byte) []byte {
	body := join([]byte{8}, be16(height), be16(width), []byte{byte(len(factors))})
	for i, f := range factors {
		body = append(body, byte(i+1), f, 0)
	}
	return jpegSegment(marker, body)
}

func jpegScan(components ...byte) []byte {
	body := []byte{byte(len(components))}
	for _, id := range components {
		body = append(body, id, 0)
	}
	return join(jpegSegment(markerSOS, body, []byte{0, 63, 0}), []byte{1, 2, 0xff, 0, 3, 0xff, 0xd0, 4})
}

// jpegFile is a JPEG of 40x30 pixels, 4:2:0, with segments before its frame header.
func jpegFile(segments ...[]byte) []byte {
	return join([]byte{0xff, markerSOI}, join(segments...), jpegFrame(markerSOF0, 40, 30, 0x22, 0x11, 0x11),
		jpegScan(1, 2, 3), []byte{0xff, markerEOI})
}

func riffChunk(name string, body ...[]byte) []byte {
	content := join(body...)
	return join([]byte(name), le32(len(content)), content, make([]byte, len(content)%2))
}

func webpFile(chunks ...[]byte) []byte {
	content := join([]byte("WEBP"), join(chunks...))
	return join([]byte("RIFF"), le32(len(content)), content)
}

func vp8(width, height int) []byte {
	return riffChunk("VP8 ", []byte{0, 0, 0, 0x9d, 0x01, 0x2a}, le16(width), le16(height))
}

func vp8l(width, height int, alpha uint32) []byte {
	return riffChunk("VP8L", []byte{0x2f}, le32(width-1|(height-1)<<14|int(alpha)<<28))
}

func vp8x(flags byte, width, height int) []byte {
	return riffChunk("VP8X", []byte{flags, 0, 0, 0}, le24(width-1), le24(height-1))
}

func anmf(x, y, width, height, delay int, flags byte, picture []byte) []byte {
	return riffChunk("ANMF", le24(x/2), le24(y/2), le24(width-1), le24(height-1), le24(delay), []byte{flags}, picture)
}

func gifFile(width, height int, blocks ...[]byte) []byte {
	return join([]byte("GIF89a"), le16(width), le16(height), []byte{0x80, 0, 0}, make([]byte, 6), join(blocks...), []byte{gifTrailer})
}

func gifFrame(x, y, width, height int) []byte {
	return join([]byte{gifImage}, le16(x), le16(y), le16(width), le16(height), []byte{0, 2, 2, 0x44, 1, 0})
}

func gifControl(flags byte, delay int) []byte {
	return join([]byte{gifExtension, gifGraphicControl, 4, flags}, le16(delay), []byte{0, 0})
}

func gifLoopOf(count int) []byte {
	return join([]byte{gifExtension, gifApplication}, []byte(gifLoop), []byte{3, 1}, le16(count), []byte{0})
}

// tiffEntry is a directory entry in little endian.
func tiffEntry(tag, kind, count, value int) []byte {
	return join(le16(tag), le16(kind), le32(count), le32(value))
}

// exifOf is an EXIF block in little endian.
func exifOf(entries ...[]byte) []byte {
	return join([]byte("II*\x00"), le32(8), le16(len(entries)), join(entries...), le32(0))
}

func parse(t *testing.T, file []byte) *Header {
	t.Helper()
	h, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestSniff(t *testing.T) {
	for file, want := range map[string]string{
		"\xff\xd8\xff\xe0":           "jpeg",
		"\xff\xd8\x00":               "",
		pngSignature:                 "png",
		"GIF87a":                     "gif",
		"GIF88a":                     "",
		"RIFF\x00\x00\x00\x00WEBP":   "webp",
		"RIFF\x00\x00\x00\x00WAVE":   "",
		"II*\x00":                    "tiff",
		"MM\x00*":                    "tiff",
		"II+\x00\x08\x00\x00\x00":    "tiff",
		"MM\x00+\x00\x08\x00\x00":    "tiff",
		"\xff\x0a":                   "jxl",
		string(jxlContainer):         "jxl",
		string(icoFile([]byte("x"))): "ico",
		string(icoFile(nil)):         "",
		"BM":                         "bmp",
		"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic": "heic",
		"\x00\x00\x00\x14ftypavif\x00\x00\x00\x00":         "avif",
		"\x00\x00\x00\x14ftypmp42\x00\x00\x00\x00":         "",
		"": "",
	} {
		if got, ok := Sniff([]byte(file)); string(got) != want || ok != (want != "") {
			t.Errorf("%q: got %q, want %q", file, got, want)
		}
	}
}

func TestParseRefusesPicturesWithoutSize(t *testing.T) {
	for name, file := range map[string][]byte{
		"no picture":     []byte("a picture of a cat"),
		"jpeg, cut":      {0xff, 0xd8, 0xff, 0xe0},
		"jpeg, 0 wide":   join([]byte{0xff, markerSOI}, jpegFrame(markerSOF0, 0, 30, 0x11)),
		"png, signature": []byte(pngSignature),
		"png, no IHDR":   join([]byte(pngSignature), pngChunk("IDAT"), pngIHDR(4, 3, 8, pngRGB)),
		"png, 0 high":    join([]byte(pngSignature), pngIHDR(4, 0, 8, pngRGB)),
		"webp, empty":    webpFile(),
		"webp, no frame": webpFile(vp8x(WebPAnimation, 4, 3), riffChunk("ANIM", le32(0), le16(0))),
		"gif, cut":       []byte("GIF89a"),
		"gif, no size":   gifFile(0, 0),
	} {
		if h, err := Parse(file); err == nil {
			t.Errorf("%s: %dx%d", name, h.Width, h.Height)
		} else if unknown := errors.Is(err, ErrFormat); unknown != (name == "no picture") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDisplayIsTurned(t *testing.T) {
	for orientation := range 9 {
		h := &Header{Orientation: orientation, Crop: Rect{1, 1, 4, 3}}
		want := Size{4, 3}
		if orientation >= 5 {
			want = Size{3, 4}
		}
		if got := h.Display(); got != want {
			t.Errorf("%d: got %v, want %v", orientation, got, want)
		}
	}
}
