package cases

import (
	"bytes"
	"compress/lzw"
	"fmt"
	"slices"
)

// gifFile is a GIF89a: https://www.w3.org/Graphics/GIF/spec-gif89a.txt
type gifFile struct {
	width, height int
	background    byte
	loops         int // -1 writes no loop extension.
	noPalette     bool
	frames        []gifFrame
}

// gifFrame is a frame of one palette entry, or the quadrants of the palette.
type gifFrame struct {
	x, y, width, height int
	delay               int // Hundredths of a second; -1 writes no graphic control.
	disposal            int
	transparent         int // -1 is none.
	colour              int // -1 is the quadrants.
	interlaced          bool
	localPalette        bool
}

// gifPalette is the quadrants, black, yellow and two more.
func gifPalette() []byte {
	var p []byte
	for _, q := range Quadrants {
		p = append(p, q[:3]...)
	}
	return append(p, 0, 0, 0, 250, 200, 0, 0, 200, 250, 120, 120, 120)
}

const (
	gifBlack  = 4
	gifYellow = 5
	gifCyan   = 6
)

func (g gifFile) head() []byte {
	flags := byte(0x80 | 2)
	colours := gifPalette()
	if g.noPalette {
		flags, colours = 0, nil
	}
	head := slices.Concat([]byte("GIF89a"), l16(g.width, g.height), []byte{flags, g.background, 0}, colours)
	if g.loops >= 0 {
		head = slices.Concat(head, []byte("\x21\xff\x0bNETSCAPE2.0\x03\x01"), l16(g.loops), []byte{0})
	}
	return head
}

func (f gifFrame) body() []byte {
	var all []byte
	if f.delay >= 0 {
		flags, index := byte(f.disposal<<2), byte(0)
		if f.transparent >= 0 {
			flags, index = flags|1, byte(f.transparent)
		}
		all = slices.Concat([]byte{0x21, 0xf9, 4, flags}, l16(f.delay), []byte{index, 0})
	}
	flags := byte(0)
	if f.interlaced {
		flags |= 0x40
	}
	var colours []byte
	if f.localPalette {
		flags, colours = flags|0x80|2, gifPalette()
		slices.Reverse(colours[:12]) // Other colours, in other places.
	}
	all = slices.Concat(all, []byte{0x2c}, l16(f.x, f.y, f.width, f.height), []byte{flags}, colours, []byte{3})
	return append(all, subBlocks(compressed(f.indices()))...)
}

func (f gifFrame) indices() []byte {
	order := make([]int, 0, f.height)
	if f.interlaced {
		for _, pass := range [][2]int{{0, 8}, {4, 8}, {2, 4}, {1, 2}} {
			for y := pass[0]; y < f.height; y += pass[1] {
				order = append(order, y)
			}
		}
	} else {
		for y := range f.height {
			order = append(order, y)
		}
	}
	var all []byte
	for _, y := range order {
		for x := range f.width {
			index := f.colour
			if index < 0 {
				index = quadrant(x, y, f.width, f.height)
			}
			all = append(all, byte(index))
		}
	}
	return all
}

func compressed(indices []byte) []byte {
	var out bytes.Buffer
	w := lzw.NewWriter(&out, lzw.LSB, 3)
	_, err := w.Write(indices)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // Writes to memory cannot fail.
	}
	return out.Bytes()
}

func subBlocks(data []byte) []byte {
	var all []byte
	for part := range slices.Chunk(data, 255) {
		all = append(append(all, byte(len(part))), part...)
	}
	return append(all, 0)
}

func (g gifFile) body() []byte {
	all := g.head()
	for _, f := range g.frames {
		all = append(all, f.body()...)
	}
	return append(all, 0x3b)
}

// full is a frame of the whole canvas, for half a second.
func full(colour int) gifFrame { return gifFrame{0, 0, Width, Height, 50, 1, -1, colour, false, false} }

func gifOf(frames ...gifFrame) gifFile {
	return gifFile{Width, Height, 0, 0, false, frames}
}

func addGIF(s *set) {
	still, small := full(-1), gifFrame{20, 12, 60, 36, 50, 1, -1, gifYellow, false, false}
	plain := still
	plain.delay = -1
	for name, g := range ordered("still", gifOf(plain), "still-control", gifOf(still)) {
		s.add("gif-kinds", "gif-"+name+".gif", g.body())
	}
	interlaced, local := plain, plain
	interlaced.interlaced, local.localPalette = true, true
	s.add("gif-kinds", "gif-interlaced.gif", gifOf(interlaced).body())
	s.add("gif-kinds", "gif-local-palette.gif", gifOf(local).body())
	onlyLocal := gifOf(local)
	onlyLocal.noPalette = true
	s.add("gif-kinds", "gif-only-local-palette.gif", onlyLocal.body())
	s.add("gif-kinds", "gif-87a.gif", slices.Concat([]byte("GIF87a"), gifFile{Width, Height, 0, -1, false, []gifFrame{plain}}.body()[6:]))
	hole := still
	hole.transparent = 2
	s.add("gif-kinds", "gif-transparent.gif", gifOf(hole).body())
	hole.transparent = 200
	s.add("gif-kinds", "gif-transparent-beyond.gif", gifOf(hole).body())

	for name, delays := range ordered("0", []int{0, 0, 0}, "1", []int{1, 1, 1}, "2", []int{2, 2, 2}, "5", []int{5, 5, 5}, "100", []int{100, 100, 100}, "mixed", []int{0, 2, 30}, "none", []int{-1, -1, -1}) {
		frames := []gifFrame{full(-1), full(gifYellow), full(gifCyan)}
		for i := range frames {
			frames[i].delay = delays[i]
		}
		s.add("gif-timing", "gif-delay-"+name+".gif", gifOf(frames...).body())
	}
	for _, loops := range []int{-1, 0, 1, 3, 65535} {
		g := gifOf(full(-1), full(gifYellow))
		g.loops = loops
		name := fmt.Sprint(loops)
		if loops < 0 {
			name = "none"
		}
		s.add("gif-timing", "gif-loop-"+name+".gif", g.body())
	}
	twins := gifOf(full(-1), full(-1), full(gifYellow))
	s.add("gif-timing", "gif-same-frames.gif", twins.body())

	for disposal := range 4 {
		for _, transparent := range []int{-1, gifYellow} {
			first, second := full(-1), small
			first.disposal, second.disposal = disposal, disposal
			if disposal == 3 {
				first.disposal = 1
			}
			second.transparent = transparent
			third := gifFrame{100, 60, 30, 20, 50, 1, -1, gifCyan, false, false}
			s.add("gif-canvas", fmt.Sprintf("gif-disposal-%d-transparent-%d.gif", disposal, transparent), gifOf(first, second, third).body())
		}
	}
	hidden := small
	hidden.transparent = gifBlack
	outside := gifFrame{120, 70, 80, 60, 50, 1, -1, gifYellow, false, false}
	large := gifFrame{0, 0, 200, 120, 50, 1, -1, -1, false, false}
	for name, frames := range ordered(
		"still-small", []gifFrame{small}, "small-first", []gifFrame{small, full(-1)}, "small-first-transparent", []gifFrame{hidden, full(-1)},
		"frame-outside", []gifFrame{full(-1), outside}, "still-outside", []gifFrame{outside}, "frame-larger", []gifFrame{large}, "frame-larger-second", []gifFrame{full(-1), large},
	) {
		g := gifOf(frames...)
		g.background = 1
		s.add("gif-canvas", "gif-"+name+".gif", g.body())
	}
	empty := gifOf(full(-1))
	empty.width, empty.height = 0, 0
	s.add("gif-canvas", "gif-no-canvas.gif", empty.body())
	addGIFDamage(s)
}

func addGIFDamage(s *set) {
	g := gifOf(full(-1), full(gifYellow), full(-1))
	whole := g.body()
	one := len(g.head()) + len(g.frames[0].body())
	comment := []byte("\x21\xfe\x06a note\x00")
	for name, body := range ordered(
		"comment", slices.Concat(g.head(), comment, whole[len(g.head()):]),
		"trailing", append(bytes.Clone(whole), "and more bytes"...),
		"extension-unknown", slices.Concat(g.head(), []byte("\x21\x55\x02ab\x00"), whole[len(g.head()):]),
	) {
		s.add("gif-warning", "gif-"+name+".gif", body)
	}
	still := gifOf(full(-1)).body()
	two, second := one+len(g.frames[1].body()), g.frames[1].body()
	// The second frame's pixels, whole as sub-blocks, are replaced.
	pixels := func(literal byte, data []byte) []byte {
		head := second[:bytes.IndexByte(second, 0x2c)+10]
		return slices.Concat(whole[:one], head, []byte{literal}, subBlocks(data), whole[two:])
	}
	packed := compressed(g.frames[1].indices())
	for name, body := range ordered(
		"pixels-few", pixels(3, packed[:len(packed)/2]),
		"pixels-none", pixels(3, nil),
		"pixels-wrong", pixels(3, append(bytes.Clone(packed[:len(packed)/2]), 0xff, 0xff, 0xff)),
		"bits-0", pixels(0, packed),
		"bits-12", pixels(12, packed),
		"no-trailer", whole[:len(whole)-1],
		"cut-second", whole[:one+30],
		"cut-after-first", whole[:one],
		"cut-still", still[:len(still)-40],
		"junk-between", slices.Concat(whole[:one], []byte{0, 0, 7}, whole[one:]),
		"cut-header", whole[:12],
	) {
		s.add("animation-damage", "gif-"+name+".gif", body)
	}
}
