package animation

import (
	"fmt"
	"image"
)

// Canvas composes the frames of an animation.
type Canvas struct {
	// Image is what is shown after the last [Canvas.Draw]. Its alpha is not premultiplied.
	Image *image.NRGBA

	dispose Dispose
	last    image.Rectangle // Where the last frame was drawn.
	saved   []byte          // The pixels that it covered, row by row, to be restored.
}

// NewCanvas returns a transparent canvas.
func NewCanvas(width, height int) *Canvas {
	return &Canvas{Image: image.NewNRGBA(image.Rect(0, 0, width, height))}
}

// Draw disposes of the last frame and draws the next. Decode decodes a still file into
// straight RGBA of 8 bits a sample and the frame's size; a GIF does not call it.
//
// The error is that of a frame that is damaged. Its pixels that could be decoded are
// drawn: a GIF's are, those of other formats are not.
func (c *Canvas) Draw(f Frame, decode func(file []byte) (*image.NRGBA, error)) error {
	c.disposeOfLast()
	bounds := f.Bounds.Intersect(c.Image.Rect)
	c.dispose, c.last = f.Dispose, bounds
	if f.Dispose == Restore {
		c.saved = c.saved[:0]
		for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
			c.saved = append(c.saved, c.row(bounds, y)...)
		}
	}
	if f.gif != nil {
		return f.gif.draw(c.Image, f.Bounds)
	}
	file, err := f.file()
	if err != nil {
		return err
	}
	img, err := decode(file)
	if err != nil {
		return err
	}
	if got := img.Rect.Size(); got != f.Bounds.Size() {
		return fmt.Errorf("frame of %dx%d pixels, want %dx%d", got.X, got.Y, f.Bounds.Dx(), f.Bounds.Dy())
	}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		from := img.Pix[img.PixOffset(img.Rect.Min.X+bounds.Min.X-f.Bounds.Min.X, img.Rect.Min.Y+y-f.Bounds.Min.Y):]
		if to := c.row(bounds, y); f.Over {
			over(to, from)
		} else {
			copy(to, from)
		}
	}
	return nil
}

func (c *Canvas) disposeOfLast() {
	saved := c.saved
	for y := c.last.Min.Y; y < c.last.Max.Y; y++ {
		switch row := c.row(c.last, y); c.dispose {
		case Clear:
			clear(row)
		case Restore:
			saved = saved[copy(row, saved):]
		}
	}
}

// row is the part of a row that is within bounds.
func (c *Canvas) row(bounds image.Rectangle, y int) []byte {
	return c.Image.Pix[c.Image.PixOffset(bounds.Min.X, y):][:4*bounds.Dx()]
}

// over draws pixels by their alpha: source-over of straight alpha, rounded. PNG third
// edition, 13.16.
func over(to, from []byte) {
	for i := 0; i+4 <= len(to) && i+4 <= len(from); i += 4 {
		switch alpha := uint32(from[i+3]); alpha {
		case 0:
		case 255:
			copy(to[i:i+4], from[i:i+4])
		default:
			below := uint32(to[i+3]) * (255 - alpha) // In 1/255.
			all := alpha*255 + below
			for j := i; j < i+3; j++ {
				to[j] = uint8((uint32(from[j])*alpha*255 + uint32(to[j])*below + all/2) / all)
			}
			to[i+3] = uint8((all + 127) / 255)
		}
	}
}
