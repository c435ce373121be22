package animation

import (
	"fmt"
	"image"
	"sync"
)

// gifImage is the pixels of a frame.
type gifImage struct {
	literal     uint   // Bits of a pixel: LZW's minimum code size.
	blocks      []byte // Sub-blocks, each with its size in front.
	palette     []byte // 3 bytes a colour.
	transparent int    // A colour, or -1.
	interlaced  bool
}

// decoders pools the decoders, because the table of each is large.
var decoders = sync.Pool{New: func() any { return new(gifDecoder) }}

type gifDecoder struct {
	lzw  lzwDecoder
	data []byte
	row  []byte
}

// draw decodes a frame and draws what is within the canvas, row by row. Rows before
// damage are drawn. A colour that the palette does not have is black, as in Chromium.
func (g *gifImage) draw(canvas *image.NRGBA, bounds image.Rectangle) error {
	const minBits, maxBits = 1, 8
	visible := bounds.Intersect(canvas.Rect)
	if visible.Empty() {
		return nil
	}
	if g.literal < minBits || g.literal > maxBits {
		return fmt.Errorf("gif: %d bits a pixel", g.literal)
	}
	var colours [1 << maxBits][4]byte
	for i := range colours {
		colours[i][3] = 255
		if 3*i < len(g.palette) {
			copy(colours[i][:3], g.palette[3*i:])
		}
	}
	d := decoders.Get().(*gifDecoder)
	defer decoders.Put(d)
	d.join(g.blocks)
	d.lzw.reset(d.data, g.literal)
	if cap(d.row) < bounds.Dx() {
		d.row = make([]byte, bounds.Dx())
	}
	row := d.row[:bounds.Dx()]
	for y := range rows(bounds.Dy(), g.interlaced) {
		n, err := d.lzw.read(row)
		if y += bounds.Min.Y; y < visible.Max.Y {
			to := canvas.Pix[canvas.PixOffset(visible.Min.X, y):]
			from := row[min(n, visible.Min.X-bounds.Min.X):min(n, visible.Max.X-bounds.Min.X)]
			for i, index := range from {
				if int(index) != g.transparent {
					*(*[4]byte)(to[4*i:]) = colours[index]
				}
			}
		}
		if err != nil {
			return err
		}
		if y >= visible.Max.Y && !g.interlaced {
			break
		}
	}
	return nil
}

// join copies sub-blocks into one.
func (d *gifDecoder) join(blocks []byte) {
	d.data = d.data[:0]
	for len(blocks) > 0 && blocks[0] != 0 {
		size := min(1+int(blocks[0]), len(blocks))
		d.data = append(d.data, blocks[1:size]...)
		blocks = blocks[size:]
	}
}

// rows returns the rows of a frame in the order that they are stored in. GIF89a, appendix E.
func rows(height int, interlaced bool) func(yield func(int) bool) {
	passes := [][2]int{{0, 1}}
	if interlaced {
		passes = [][2]int{{0, 8}, {4, 8}, {2, 4}, {1, 2}}
	}
	return func(yield func(int) bool) {
		for _, pass := range passes {
			for y := pass[0]; y < height; y += pass[1] {
				if !yield(y) {
					return
				}
			}
		}
	}
}
