package cases

import (
	"fmt"
	"slices"
)

// apngFrame is a frame of an animated PNG: https://wiki.mozilla.org/APNG_Specification
type apngFrame struct {
	x, y, width, height int
	// delay is a numerator and a denominator, in seconds.
	delay          [2]int
	dispose, blend byte
	colour         Colour
	picture        bool // The quadrants, over the whole canvas.
}

// apng is an animation over RGBA or RGB of 8 bits, with chunks between header and frames.
type apng struct {
	hidden bool // The default picture is not a frame.
	loops  int
	frames []apngFrame
	before [][]byte
	colour int
}

func (a apng) body() []byte {
	c := newCanvas(a.colour, 8)
	parts := [][]byte{c.header(), slices.Concat(a.before...), chunk("acTL", b32(len(a.frames), a.loops))}
	if a.hidden {
		hidden := c
		hidden.quadrants = [4]Colour{{9, 9, 9, 255}, {9, 9, 9, 255}, {9, 9, 9, 255}, {9, 9, 9, 255}}
		parts = append(parts, hidden.data())
	}
	sequence := 0
	next := func() []byte { sequence++; return b32(sequence - 1) }
	for i, f := range a.frames {
		c := c
		c.width, c.height = f.width, f.height
		if !f.picture {
			c.quadrants = [4]Colour{f.colour, f.colour, f.colour, f.colour}
			c.alphas = [4]uint8{f.colour[3], f.colour[3], f.colour[3], f.colour[3]}
		}
		parts = append(parts, chunk("fcTL", next(), b32(f.width, f.height, f.x, f.y), b16(f.delay[0], f.delay[1]), []byte{f.dispose, f.blend}))
		if i == 0 && !a.hidden {
			parts = append(parts, c.data())
			continue
		}
		parts = append(parts, chunk("fdAT", next(), deflate(c.rows())))
	}
	return pngFile(append(parts, iend())...)
}

// apngStory has three frames: the quadrants, a small frame, and one more.
func apngStory(dispose, blend byte) []apngFrame {
	half := [2]int{1, 2}
	return []apngFrame{
		{0, 0, Width, Height, half, dispose, 0, Colour{}, true},
		{20, 12, 60, 36, half, dispose, blend, Colour{250, 200, 0, 128}, false},
		{80, 48, 40, 24, half, dispose, blend, Colour{0, 200, 250, 255}, false},
	}
}

func addAPNG(s *set) {
	add := func(name string, a apng) {
		if a.colour == 0 {
			a.colour = pngRGBA
		}
		s.add("apng", "apng-"+name+".png", a.body())
	}
	for d, dispose := range []string{"none", "background", "previous"} {
		for b, blend := range []string{"source", "over"} {
			add(fmt.Sprintf("dispose-%s-%s", dispose, blend), apng{frames: apngStory(byte(d), byte(b))})
		}
	}
	for _, loops := range []int{1, 3} {
		add(fmt.Sprintf("loop-%d", loops), apng{loops: loops, frames: apngStory(0, 1)})
	}
	for name, delay := range ordered("0", [2]int{0, 100}, "10ms", [2]int{1, 100}, "20ms", [2]int{2, 100}, "denominator-0", [2]int{50, 0}, "thirds", [2]int{1, 3}) {
		frames := apngStory(0, 1)
		for i := range frames {
			frames[i].delay = delay
		}
		add("delay-"+name, apng{frames: frames})
	}
	add("hidden", apng{hidden: true, frames: apngStory(0, 1)})
	add("rgb", apng{colour: pngRGB, frames: apngStory(0, 0)})
	add("one-frame", apng{frames: apngStory(0, 0)[:1]})
	add("hidden-one-frame", apng{hidden: true, frames: apngStory(0, 0)[:1]})
	add("small-first", apng{hidden: true, frames: apngStory(0, 0)[1:]})
	add("gama-1.0", apng{colour: pngRGB, frames: apngStory(0, 0), before: [][]byte{gama(1)}})
	add("iccp-p3", apng{colour: pngRGB, frames: apngStory(0, 0), before: [][]byte{iccp(profileRGB(primariesP3, 0))}})
	add("exif-6", apng{colour: pngRGB, frames: apngStory(0, 0), before: [][]byte{chunk("eXIf", turned(6))}})
	whole := apng{colour: pngRGB, frames: apngStory(0, 0)}.body()
	s.add("animation-damage", "apng-cut.png", whole[:len(whole)-60])
	s.add("animation-damage", "apng-noiend.png", whole[:len(whole)-12])
	more := slices.Clone(whole)
	copy(more[33:], chunk("acTL", b32(5, 0))) // Two frames are missing.
	s.add("animation-damage", "apng-frames-missing.png", more)
}
