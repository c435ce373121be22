//go:build cgo

package render

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"image/png"
	"io"

	"calotype/worker/animation"
)

// decodeDamagedPNG decodes the rows that a PNG has. Missing rows are transparent, as in
// browsers. It pads the stream of pixels with zeros, makes an intact file of it, and
// decodes that, so nothing in it is undefined. The picture is in memory several times
// meanwhile.
func decodeDamagedPNG(body []byte) (*pages, error) {
	parts, err := splitPNG(body)
	if err != nil {
		return nil, err
	}
	layout := parts.passes()
	total := 0
	for _, pass := range layout {
		total += pass.rows * (1 + pass.stride)
	}
	raw := inflate(parts.data, total)
	have := intactRows(raw, layout)
	raw = append(raw, make([]byte, total-len(raw))...)
	zeroFrom(raw, layout, have)
	whole, err := parts.file(raw)
	if err != nil {
		return nil, err
	}
	img, err := png.Decode(bytes.NewReader(whole))
	if err != nil {
		return nil, err
	}
	size := img.Bounds().Size()
	return pagesOfPixels(size.X, size.Y, 4, func(pixels []byte) error {
		copyNRGBA(img, pixels)
		parts.hideMissing(pixels, have)
		return nil
	})
}

// pngParts are the parts of a PNG that are needed to decode its pixels.
type pngParts struct {
	header, palette, transparency []byte
	data                          []byte // The zlib stream, or the existing part of it.
}

const pngMagic = "\x89PNG\r\n\x1a\n"

// splitPNG collects the parts, whatever the checksums are, up to the end of the file.
func splitPNG(file []byte) (p pngParts, err error) {
	for at := len(pngMagic); at+8 <= len(file); {
		size := int64(binary.BigEndian.Uint32(file[at:]))
		name := string(file[at+4 : at+8])
		end := min(int64(at)+8+size, int64(len(file)))
		body := file[at+8 : end]
		switch name {
		case "IHDR":
			p.header = body
		case "PLTE":
			p.palette = body
		case "tRNS":
			p.transparency = body
		case "IDAT":
			p.data = append(p.data, body...)
		}
		if name == "IEND" || end+4 > int64(len(file)) {
			break
		}
		at = int(end) + 4
	}
	if len(p.header) != 13 || len(p.data) < 3 {
		return p, errors.New("png: ends before its first row")
	}
	return p, nil
}

// pngPass is a part that is stored together: the whole picture, or one of its seven passes.
type pngPass struct {
	x, y, dx, dy int
	rows, stride int // A row also has a byte for its filter.
}

// passes returns how the pixels are stored. ISO 15948, 8.2.
func (p pngParts) passes() []pngPass {
	width, height := int(binary.BigEndian.Uint32(p.header)), int(binary.BigEndian.Uint32(p.header[4:]))
	bits := int(p.header[8]) * map[byte]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[p.header[9]]
	all := []pngPass{{0, 0, 1, 1, 0, 0}}
	if p.header[12] != 0 {
		all = []pngPass{{0, 0, 8, 8, 0, 0}, {4, 0, 8, 8, 0, 0}, {0, 4, 4, 8, 0, 0}, {2, 0, 4, 4, 0, 0}, {0, 2, 2, 4, 0, 0}, {1, 0, 2, 2, 0, 0}, {0, 1, 1, 2, 0, 0}}
	}
	for i := range all {
		pass := &all[i]
		if columns := (width - pass.x + pass.dx - 1) / pass.dx; columns > 0 && height > pass.y {
			pass.rows, pass.stride = (height-pass.y+pass.dy-1)/pass.dy, (columns*bits+7)/8
		}
	}
	return all
}

// inflate returns the content of a broken zlib stream, up to maxBytes. It ignores
// the checksum at the end.
func inflate(data []byte, maxBytes int) []byte {
	const zlibHeader = 2
	var out bytes.Buffer
	_, _ = io.Copy(&out, io.LimitReader(flate.NewReader(bytes.NewReader(data[zlibHeader:])), int64(maxBytes)))
	return out.Bytes()
}

// intactRows counts the rows, over all passes, that are complete and have a known filter.
func intactRows(raw []byte, layout []pngPass) (rows int) {
	const filters = 5
	for _, pass := range layout {
		for range pass.rows {
			if len(raw) < 1+pass.stride || raw[0] >= filters {
				return rows
			}
			raw, rows = raw[1+pass.stride:], rows+1
		}
	}
	return rows
}

// zeroFrom clears the rows after the given number.
func zeroFrom(raw []byte, layout []pngPass, rows int) {
	at := 0
	for _, pass := range layout {
		n := min(rows, pass.rows)
		at, rows = at+n*(1+pass.stride), rows-n
	}
	clear(raw[at:])
}

// file makes a PNG of the parts and of pixels.
func (p pngParts) file(raw []byte) ([]byte, error) {
	var data bytes.Buffer
	z, err := zlib.NewWriterLevel(&data, zlib.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(raw); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	out := []byte(pngMagic)
	out = animation.AppendPNGChunk(out, "IHDR", p.header)
	if p.palette != nil {
		out = animation.AppendPNGChunk(out, "PLTE", p.palette)
	}
	if p.transparency != nil {
		out = animation.AppendPNGChunk(out, "tRNS", p.transparency)
	}
	out = animation.AppendPNGChunk(out, "IDAT", data.Bytes())
	out = animation.AppendPNGChunk(out, "IEND", nil)
	return out, nil
}

// hideMissing makes the pixels of missing rows transparent. In an interlaced picture it
// replaces them with the nearest pixel of an earlier pass.
func (p pngParts) hideMissing(pixels []byte, have int) {
	width, height := int(binary.BigEndian.Uint32(p.header)), int(binary.BigEndian.Uint32(p.header[4:]))
	if p.header[12] == 0 {
		clear(pixels[min(have, height)*width*4:])
		return
	}
	var rows [7]int // For each pass.
	for i, pass := range p.passes() {
		rows[i] = min(have, pass.rows)
		have -= rows[i]
	}
	passes := p.passes()
	has := func(x, y int) bool {
		for i, pass := range passes {
			if x%pass.dx == pass.x && y%pass.dy == pass.y {
				return y/pass.dy < rows[i]
			}
		}
		return false
	}
	for y := range height {
		for x := range width {
			at := pixels[(y*width+x)*4:][:4]
			found := false
			for _, near := range [][2]int{{x, y}, {x, y &^ 1}, {x &^ 1, y &^ 1}, {x &^ 1, y &^ 3}, {x &^ 3, y &^ 3}, {x &^ 3, y &^ 7}, {x &^ 7, y &^ 7}} {
				if found = has(near[0], near[1]); found {
					copy(at, pixels[(near[1]*width+near[0])*4:][:4])
					break
				}
			}
			if !found {
				clear(at)
			}
		}
	}
}
