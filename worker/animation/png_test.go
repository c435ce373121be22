package animation

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"testing"

	"calotype"
)

// pngParts returns the data of IHDR and the compressed pixels of a scene as RGBA.
func pngParts(scene string) (header, pixels []byte) {
	img := drawn(scene) // With a transparent pixel: otherwise the encoder leaves alpha out.
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	for c, err := range pngChunks(b.Bytes()) {
		if err != nil {
			panic(err)
		}
		switch c.name {
		case "IHDR":
			header = c.body
		case "IDAT":
			pixels = append(pixels, c.body...)
		}
	}
	return header, pixels
}

// part is one frame of a file to be written.
type part struct {
	scene          string
	x, y           int
	num, den       int
	dispose, blend byte
	spoil          func(control []byte)
}

// pngOf writes an animated PNG. Hidden is a still picture that is not a frame.
func pngOf(declared, plays uint32, hidden string, parts ...part) []byte {
	still := hidden
	if hidden == "" {
		still = parts[0].scene
	}
	header, pixels := pngParts(still)
	file := AppendPNGChunk([]byte(pngSignature), "IHDR", header)
	file = AppendPNGChunk(file, "acTL", number(declared), number(plays))
	if hidden != "" {
		file = AppendPNGChunk(file, "IDAT", pixels)
	}
	sequence := uint32(0)
	for i, p := range parts {
		header, pixels := pngParts(p.scene)
		c := append(number(sequence), header[:8]...)
		c = append(append(c, number(uint32(p.x))...), number(uint32(p.y))...)
		c = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(c, uint16(p.num)), uint16(p.den))
		c = append(c, p.dispose, p.blend)
		sequence++
		if p.spoil != nil {
			p.spoil(c)
		}
		file = AppendPNGChunk(file, "fcTL", c)
		if i == 0 && hidden == "" {
			file = AppendPNGChunk(file, "IDAT", pixels[:5])
			file = AppendPNGChunk(file, "IDAT", pixels[5:])
			continue
		}
		for _, data := range [][]byte{pixels[:7], pixels[7:]} {
			file = AppendPNGChunk(file, "tEXt", []byte("a\x00b"))
			file = AppendPNGChunk(file, "fdAT", number(sequence), data)
			sequence++
		}
	}
	return AppendPNGChunk(file, "IEND")
}

func number(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// What Chromium 156 shows of each of these.
func TestPNG(t *testing.T) {
	first, last := part{scene: ".RRR|RRRR|RRRR|RRRR", num: 1, den: 2}, part{scene: ".B|BB", x: 2, num: 1, den: 2}
	second := func(change func(*part)) part {
		p := part{scene: ".G|GG", x: 1, y: 1, num: 500, den: 1000, blend: 1}
		change(&p)
		return p
	}
	as := func(file []byte, damage string, frames ...string) scene {
		return scene{file: file, size: image.Pt(4, 4), plays: 3, damage: damage, frames: frames}
	}
	three := func(change func(*part)) []byte { return pngOf(3, 3, "", first, second(change), last) }
	nothing := func(*part) {}
	whole := three(nothing)
	const red = ".RRR|RRRR|RRRR|RRRR"
	for name, want := range map[string]scene{
		"over":               as(three(nothing), "", red, ".RRR|RRGR|RGGR|RRRR", ".R.B|RRBB|RGGR|RRRR"),
		"replace":            as(three(func(p *part) { p.blend = 0 }), "", red, ".RRR|R.GR|RGGR|RRRR", ".R.B|R.BB|RGGR|RRRR"),
		"half over":          as(three(func(p *part) { p.scene = ".h|hh" }), "", red, ".RRR|RRxR|RxxR|RRRR", ".R.B|RRBB|RxxR|RRRR"),
		"half replaces":      as(three(func(p *part) { p.scene, p.blend = ".h|hh", 0 }), "", red, ".RRR|R.hR|RhhR|RRRR", ".R.B|R.BB|RhhR|RRRR"),
		"clear":              as(three(func(p *part) { p.dispose = 1 }), "", red, ".RRR|RRGR|RGGR|RRRR", ".R.B|R.BB|R..R|RRRR"),
		"restore":            as(three(func(p *part) { p.dispose = 2 }), "", red, ".RRR|RRGR|RGGR|RRRR", ".R.B|RRBB|RRRR|RRRR"),
		"more than declared": as(pngOf(2, 3, "", first, second(nothing), last), "", red, ".RRR|RRGR|RGGR|RRRR"),
		"fewer":              as(pngOf(9, 3, "", first, second(nothing)), "", red, ".RRR|RRGR|RGGR|RRRR"),
		"hidden":             as(pngOf(2, 3, ".WWW|WWWW|WWWW|WWWW", second(nothing), last), "", "....|..G.|.GG.|....", "...B|..BB|.GG.|...."),
		"one and hidden":     as(pngOf(1, 3, ".WWW|WWWW|WWWW|WWWW", first), "", red),
		"outside":            as(three(func(p *part) { p.x = 3 }), "does not fit", red),
		"unknown disposal":   as(three(func(p *part) { p.dispose = 3 }), "unknown dispose", red),
		"unknown blend":      as(three(func(p *part) { p.blend = 2 }), "unknown dispose", red),
		"out of sequence":    as(three(func(p *part) { p.spoil = func(c []byte) { c[3]++ } }), "out of sequence", red),
		"cut":                as(whole[:bytes.LastIndex(whole, []byte("fcTL"))+50], "cut", red, ".RRR|RRGR|RGGR|RRRR"),
		"first is smaller":   as(pngOf(2, 3, "", part{scene: ".R|RR", spoil: func(c []byte) { c[7] = 1 }}, last), "does not fit"),
	} {
		t.Run(name, func(t *testing.T) {
			want.check(t, calotype.PNG)
		})
	}
}

func TestPNGDelays(t *testing.T) {
	var parts []part
	for _, d := range [][2]int{{1, 2}, {30, 0}, {0, 10}, {1, 3}, {1, 60000}, {65535, 1}} {
		parts = append(parts, part{scene: ".R", num: d[0], den: d[1]})
	}
	scene{file: pngOf(6, 0, "", parts...), size: image.Pt(2, 1), delays: []int{500, 300, 0, 333, 0, 65535000},
		frames: []string{".R", ".R", ".R", ".R", ".R", ".R"}}.check(t, calotype.PNG)
}

func TestStillPNG(t *testing.T) {
	header, pixels := pngParts(".R|RR")
	still := AppendPNGChunk(AppendPNGChunk([]byte(pngSignature), "IHDR", header), "IDAT", pixels)
	for name, file := range map[string][]byte{
		"no acTL":             AppendPNGChunk(still, "IEND"),
		"acTL behind pixels":  AppendPNGChunk(AppendPNGChunk(still, "acTL", number(2), number(0)), "IEND"),
		"no frames":           pngOf(0, 0, ".R|RR", part{scene: ".G|GG"}),
		"one frame, and it":   pngOf(1, 0, "", part{scene: ".G|GG"}),
		"hidden, none follow": pngOf(2, 0, ".R|RR"),
	} {
		if _, err := Open(calotype.PNG, file); err != ErrNotAnimated {
			t.Errorf("%s: got %v, want ErrNotAnimated", name, err)
		}
	}
}

// The writer's file is read again, and its still picture is the first frame.
func TestPNGWriter(t *testing.T) {
	var w PNGWriter
	for _, p := range []part{{scene: ".RRR|RRRR", num: 100}, {scene: ".G", x: 2, y: 1, num: 70000}} {
		header, pixels := pngParts(p.scene)
		still := AppendPNGChunk(AppendPNGChunk(AppendPNGChunk([]byte(pngSignature), "IHDR", header), "IDAT", pixels), "IEND")
		if err := w.Add(still, image.Pt(p.x, p.y), p.num, 7); err != nil {
			t.Fatal(err)
		}
	}
	file := w.Bytes()
	scene{file: file, size: image.Pt(4, 2), plays: 7, delays: []int{100, 70000}, frames: []string{".RRR|RRRR", ".RRR|RR.G"}}.check(t, calotype.PNG)
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if c := img.At(3, 0); letterOf(color.NRGBAModel.Convert(c).(color.NRGBA)) != "R" {
		t.Errorf("the still picture has %v, want red", c)
	}
	if err := w.Add([]byte(pngSignature), image.Point{}, 0, 0); err == nil {
		t.Error("a PNG without header was added")
	}
}
