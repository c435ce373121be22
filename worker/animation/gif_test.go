package animation

import (
	"bytes"
	"compress/lzw"
	"encoding/binary"
	"image"
	"slices"
	"strings"
	"testing"

	"calotype"
)

// gifHead is a header with a table of the first colours of the palette, none for zero.
func gifHead(width, height, colours int) []byte {
	head := append([]byte("GIF89a"), byte(width), 0, byte(height), 0, 0x70, 1, 0)
	if colours > 0 {
		head[10] |= gifColours | tableBits(colours)
	}
	return append(head, table(colours)...)
}

func tableBits(colours int) byte { return map[int]byte{2: 0, 4: 1}[colours] }

func table(colours int) (b []byte) {
	for i := range colours {
		c := letters[palette[i]]
		b = append(b, c.R, c.G, c.B)
	}
	return b
}

// control is a graphic control extension of a delay of 50. Transparent is a colour, or -1.
func control(disposal, transparent int) []byte {
	b := []byte{gifExtension, gifControl, 4, byte(disposal << 2), 50, 0, 0, 0}
	if transparent >= 0 {
		b[3] |= 1
		b[6] = byte(transparent)
	}
	return b
}

// picture is a frame with a literal size of 3, so that letters beyond the palette can be
// written: a digit is an index. Local is the size of its own colour table.
func picture(x, y int, scene string, local int) []byte {
	rows := strings.Split(scene, "|")
	var pixels []byte
	for _, row := range rows {
		for i := range len(row) {
			index := strings.IndexByte(palette, row[i])
			if index < 0 {
				index = int(row[i] - '0')
			}
			pixels = append(pixels, byte(index))
		}
	}
	return rawPicture(x, y, len(rows[0]), len(rows), local, 3, compress(pixels))
}

func rawPicture(x, y, width, height, local int, literal byte, data []byte) []byte {
	b := []byte{gifImageBlock, byte(x), 0, byte(y), 0, byte(width), 0, byte(height), 0, 0}
	if local > 0 {
		b[9] |= gifColours | tableBits(local)
	}
	b = append(append(b, table(local)...), literal)
	for part := range slices.Chunk(data, 200) {
		b = append(append(b, byte(len(part))), part...)
	}
	return append(b, 0)
}

func compress(pixels []byte) []byte {
	var b bytes.Buffer
	w := lzw.NewWriter(&b, lzw.LSB, 3)
	if _, err := w.Write(pixels); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func loop(application string, count int) []byte {
	b := append([]byte{gifExtension, gifApplication, 11}, application...)
	return append(binary.LittleEndian.AppendUint16(append(b, 3, 1), uint16(count)), 0)
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

const (
	fourR = "RRRR|RRRR|RRRR|RRRR"
	twoG  = "GG|GG"
	netsc = "NETSCAPE2.0"
)

var gifEnd = []byte{gifTrailer}

// What Chromium 156 shows of each of these.
func TestGIF(t *testing.T) {
	cutFirst := join(gifHead(4, 4, 4), picture(0, 0, "RGBW|GBWR|BWRG|WRGB", 0))
	cutFirst = cutFirst[:len(cutFirst)-5]
	first := join(gifHead(4, 4, 4), control(1, -1), picture(0, 0, fourR, 0))
	last := join(control(1, -1), picture(3, 3, "B", 0), gifEnd)
	four := image.Pt(4, 4)
	many := slices.Repeat([]byte{1}, 30)
	for name, want := range map[string]scene{
		"keep": {file: join(first, control(1, -1), picture(0, 0, twoG, 0), last), size: four, plays: 1, delays: []int{500, 500, 500},
			frames: []string{fourR, "GGRR|GGRR|RRRR|RRRR", "GGRR|GGRR|RRRR|RRRB"}},
		"clear": {file: join(first, control(2, -1), picture(1, 1, twoG, 0), last), size: four, plays: 1,
			frames: []string{fourR, "RRRR|RGGR|RGGR|RRRR", "RRRR|R..R|R..R|RRRB"}},
		"restore": {file: join(first, control(3, -1), picture(1, 1, twoG, 0), last), size: four, plays: 1,
			frames: []string{fourR, "RRRR|RGGR|RGGR|RRRR", "RRRR|RRRR|RRRR|RRRB"}},
		"restore, as old encoders write it": {file: join(first, control(4, -1), picture(1, 1, twoG, 0), last), size: four, plays: 1,
			frames: []string{fourR, "RRRR|RGGR|RGGR|RRRR", "RRRR|RRRR|RRRR|RRRB"}},
		"unknown disposal": {file: join(first, control(5, -1), picture(1, 1, twoG, 0), last), size: four, plays: 1,
			frames: []string{fourR, "RRRR|RGGR|RGGR|RRRR", "RRRR|RGGR|RGGR|RRRB"}},
		"clear what is transparent": {file: join(first, control(2, 1), picture(1, 1, "GB|GG", 0), last), size: four, plays: 1,
			frames: []string{fourR, "RRRR|RRBR|RRRR|RRRR", "RRRR|R..R|R..R|RRRB"}},
		"the first clears": {file: join(gifHead(4, 4, 4), control(2, -1), picture(0, 0, twoG, 0), last), size: four, plays: 1,
			frames: []string{"GG..|GG..|....|....", "....|....|....|...B"}},
		"the first restores": {file: join(gifHead(4, 4, 4), control(3, -1), picture(0, 0, twoG, 0), last), size: four, plays: 1,
			frames: []string{"GG..|GG..|....|....", "....|....|....|...B"}},
		"a still on a larger canvas": {file: join(gifHead(4, 4, 4), picture(1, 0, twoG, 0), gifEnd), size: four, plays: 1, delays: []int{0},
			frames: []string{".GG.|.GG.|....|...."}},
		"no control": {file: join(gifHead(4, 4, 4), picture(0, 0, fourR, 0), picture(0, 0, twoG, 0), gifEnd), size: four, plays: 1, delays: []int{0, 0},
			frames: []string{fourR, "GGRR|GGRR|RRRR|RRRR"}},
		"the first is larger": {file: join(gifHead(2, 3, 4), picture(1, 1, "GGG|GGG", 0), picture(0, 0, "BBBBBBBB", 0), gifEnd), size: image.Pt(4, 3), plays: 1,
			frames: []string{"....|.GGG|.GGG", "BBBB|.GGG|.GGG"}},
		"no canvas": {file: join(gifHead(0, 0, 4), picture(0, 0, "GG", 0), gifEnd), size: image.Pt(2, 1), plays: 1, frames: []string{"GG"}},
		"outside": {file: join(first, control(1, -1), picture(9, 9, twoG, 0), control(2, -1), picture(3, 3, twoG, 0), control(1, -1), picture(0, 0, "B", 0), gifEnd), size: four, plays: 1,
			frames: []string{fourR, fourR, "RRRR|RRRR|RRRR|RRRG", "BRRR|RRRR|RRRR|RRR."}},
		"no pixels at all": {file: join(first, control(1, -1), rawPicture(0, 0, 0, 3, 0, 3, nil), last), size: four, plays: 1,
			frames: []string{fourR, fourR, "RRRR|RRRR|RRRR|RRRB"}},
		"own palette": {file: join(gifHead(4, 1, 2), picture(0, 0, "WWWW", 4), picture(0, 0, "RG22", 0), picture(0, 0, "3", 2), gifEnd), size: image.Pt(4, 1), plays: 1,
			frames: []string{"WWWW", "RGKK", "KGKK"}},
		"no palette": {file: join(gifHead(2, 1, 0), picture(0, 0, "RG", 0), picture(0, 0, "G", 4), gifEnd), size: image.Pt(2, 1), plays: 1,
			frames: []string{"KK", "GK"}},
		"transparent beyond the palette": {file: join(gifHead(4, 1, 2), control(1, 5), picture(0, 0, "RG56", 0), gifEnd), size: image.Pt(4, 1), plays: 1,
			frames: []string{"RG.K"}},
		"for ever":        {file: join(gifHead(1, 1, 4), loop(netsc, 0), picture(0, 0, "R", 0), gifEnd), size: image.Pt(1, 1), plays: 0, frames: []string{"R"}},
		"repeated once":   {file: join(gifHead(1, 1, 4), loop(netsc, 1), picture(0, 0, "R", 0), gifEnd), size: image.Pt(1, 1), plays: 2, frames: []string{"R"}},
		"repeated long":   {file: join(gifHead(1, 1, 4), loop(netsc, 65535), picture(0, 0, "R", 0), gifEnd), size: image.Pt(1, 1), plays: 65536, frames: []string{"R"}},
		"the last counts": {file: join(gifHead(1, 1, 4), loop(netsc, 0), picture(0, 0, "R", 0), loop("ANIMEXTS1.0", 4), gifEnd), size: image.Pt(1, 1), plays: 5, frames: []string{"R"}},
		"another's loop":  {file: join(gifHead(1, 1, 4), loop("ABCDEFGHIJK", 0), picture(0, 0, "R", 0), gifEnd), size: image.Pt(1, 1), plays: 1, frames: []string{"R"}},
		"the last control counts": {file: join(first, control(2, 0), control(1, -1), []byte("\x21\xfe\x01x\x00"), picture(0, 0, twoG, 0), last), size: four, plays: 1,
			frames: []string{fourR, "GGRR|GGRR|RRRR|RRRR", "GGRR|GGRR|RRRR|RRRB"}},
		"too many pixels": {file: join(first, rawPicture(0, 0, 2, 2, 0, 3, compress(many)), last), size: four, plays: 1,
			frames: []string{fourR, "GGRR|GGRR|RRRR|RRRR", "GGRR|GGRR|RRRR|RRRB"}},
		"no trailer": {file: first, size: four, plays: 1, frames: []string{fourR}},
		"padding":    {file: join(first, make([]byte, 9)), size: four, plays: 1, frames: []string{fourR}},

		"too few pixels": {file: join(first, rawPicture(0, 0, 4, 3, 0, 3, compress(many[:5])), last), size: four, plays: 1, damage: "too few pixels",
			frames: []string{fourR, "GGGG|GRRR|RRRR|RRRR"}},
		"an invalid code": {file: join(first, rawPicture(0, 0, 4, 3, 0, 3, []byte{0x18, 0xff, 0xff}), last), size: four, plays: 1, damage: "invalid LZW code",
			frames: []string{fourR, "GRRR|RRRR|RRRR|RRRR"}},
		"cut in pixels": {file: join(first, picture(0, 0, "GGGG|GGGG|BRWB", 0))[:len(first)+14], size: four, plays: 1, damage: "cut", frames: []string{fourR}},
		"cut in the first frame": {file: cutFirst, size: four, plays: 1, damage: "too few pixels",
			frames: []string{"RGBW|GBWR|....|...."}},
		"cut in a control":  {file: join(first, control(1, -1)[:5]), size: four, plays: 1, damage: "cut", frames: []string{fourR}},
		"an odd control":    {file: join(first, []byte("\x21\xf9\x05\x00\x00\x00\x00\x00\x00"), last), size: four, plays: 1, damage: "control extension", frames: []string{fourR}},
		"garbage":           {file: join(first, []byte{7, 7, 7}, last), size: four, plays: 1, damage: "garbage", frames: []string{fourR}},
		"too large pixels":  {file: join(first, rawPicture(0, 0, 2, 2, 0, 9, compress(many)), last), size: four, plays: 1, damage: "9 bits", frames: []string{fourR, fourR}},
		"no frame":          {file: join(gifHead(4, 4, 4), gifEnd), damage: "no frame"},
		"cut in the header": {file: gifHead(4, 4, 0)[:12], damage: "cut"},
	} {
		t.Run(name, func(t *testing.T) { want.check(t, calotype.GIF) })
	}
}

func TestInterlacedGIF(t *testing.T) {
	// Rows 0 and 8, then 4, then 2 and 6, then the odd ones.
	b := picture(0, 0, "R|W|G|B|B|R|G|W|R", 0)
	b[9] |= gifInterlaced
	scene{file: join(gifHead(1, 9, 4), b, gifEnd), size: image.Pt(1, 9), plays: 1, frames: []string{"R|R|B|G|G|W|B|R|W"}}.check(t, calotype.GIF)
}

// The table of codes fills up several times, and strings are split between reads.
func TestLongLZW(t *testing.T) {
	pixels := make([]byte, 300*300)
	state := uint32(1)
	for i := range pixels {
		state = state*1664525 + 1013904223
		pixels[i] = byte(state>>24) & 7
	}
	var d lzwDecoder
	for _, step := range []int{1, 7, 300, 90000} {
		d.reset(compress(pixels), 3)
		got := make([]byte, len(pixels))
		for at := 0; at < len(got); at += step {
			if _, err := d.read(got[at:min(at+step, len(got))]); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, pixels) {
			t.Errorf("read %d at a time: other pixels", step)
		}
	}
}
