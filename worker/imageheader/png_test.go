package imageheader

import (
	"bytes"
	"compress/zlib"
	"testing"
	"time"

	"calotype/worker/failure"
)

func deflate(content []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write(content)
	z.Close()
	return b.Bytes()
}

func iccp(profile []byte) []byte { return pngChunk("iCCP", []byte("name\x00\x00"), deflate(profile)) }

func TestPNGHeader(t *testing.T) {
	for name, c := range map[string]struct {
		bits, colourType byte
		trns             bool
		channels, depth  int
		alpha            bool
	}{
		"grey of 1 bit":   {1, pngGrey, false, 1, 1, false},
		"grey, one clear": {8, pngGrey, true, 2, 8, true},
		"RGB of 16 bits":  {16, pngRGB, false, 3, 16, false},
		"RGB, one clear":  {8, pngRGB, true, 4, 8, true},
		"palette":         {4, pngPalette, false, 3, 8, false},
		"palette, clear":  {4, pngPalette, true, 4, 8, true},
		"grey and alpha":  {8, pngGreyAlpha, false, 2, 8, true},
		"RGBA":            {16, pngRGBA, false, 4, 16, true},
		"RGBA and tRNS":   {8, pngRGBA, true, 4, 8, true},
	} {
		chunks := pngChunk("PLTE", make([]byte, 6))
		if c.trns {
			clear := map[byte][]byte{pngGrey: make([]byte, 2), pngPalette: {0, 255}}[c.colourType]
			if clear == nil {
				clear = make([]byte, 6)
			}
			chunks = join(chunks, pngChunk("tRNS", clear))
		}
		h := parse(t, join([]byte(pngSignature), pngIHDR(4, 3, c.bits, c.colourType), chunks, pngChunk("IDAT", []byte{1}), pngChunk("IEND")))
		if h.Channels != c.channels || h.Depth != c.depth || h.Alpha != c.alpha || h.PNG.Palette != 2 || !h.NoMetadata || h.Damage != "" {
			t.Errorf("%s: got %+v, %+v", name, h, h.PNG)
		}
	}
}

func TestPNGOrientationIsInFrontOfThePixels(t *testing.T) {
	exif := pngChunk("eXIf", exifOf(tiffEntry(tagOrientation, typeShort, 1, 6)))
	broken := bytes.Clone(exif)
	broken[len(broken)-1]++
	after := join([]byte(pngSignature), pngIHDR(4, 3, 8, pngRGB), pngChunk("IDAT", []byte{1}), exif, pngChunk("IEND"))
	for name, c := range map[string]struct {
		file []byte
		want int
	}{
		"before": {pngFile(exif), 6}, "after": {after, 1}, "wrong checksum": {pngFile(broken), 1}, "none": {pngFile(), 1},
	} {
		if h := parse(t, c.file); h.Orientation != c.want || h.NoMetadata != (name == "none") {
			t.Errorf("%s: got %d, want %d", name, h.Orientation, c.want)
		}
	}
}

func TestPNGColour(t *testing.T) {
	cicp := func(matrix byte) []byte { return pngChunk("cICP", []byte{9, 16, matrix, 1}) }
	srgb, gamma := pngChunk("sRGB", []byte{0}), pngChunk("gAMA", be32(45455))
	chrm := pngChunk("cHRM", be32(31270), be32(32900), be32(64000), be32(33000), be32(30000), be32(60000), be32(15000), be32(6000))
	late := pngChunk("PLTE", make([]byte, 3))
	for name, c := range map[string]struct {
		chunks []byte
		want   ColourSource
	}{
		"nothing":           {nil, ColourUnstated},
		"all":               {join(chrm, gamma, srgb, iccp([]byte("profile")), cicp(0)), ColourCICP},
		"cICP of YCbCr":     {join(iccp([]byte("profile")), cicp(1)), ColourICC},
		"iCCP":              {join(gamma, srgb, iccp([]byte("profile"))), ColourICC},
		"iCCP, broken":      {join(srgb, pngChunk("iCCP", []byte("name\x00\x00not deflated"))), ColourSRGB},
		"iCCP, too large":   {join(srgb, iccp(make([]byte, maxProfile+1))), ColourSRGB},
		"sRGB":              {join(gamma, srgb), ColourSRGB},
		"gAMA":              {gamma, ColourGammaChrm},
		"cHRM":              {chrm, ColourUnstated}, // Which browsers ignore.
		"gAMA and cHRM":     {join(chrm, gamma), ColourGammaChrm},
		"cICP of 16 to 235": {join(gamma, pngChunk("cICP", []byte{12, 13, 0, 0})), ColourGammaChrm},
		"behind a palette":  {join(late, gamma, srgb, iccp([]byte("profile"))), ColourUnstated},
	} {
		h := parse(t, pngFile(c.chunks))
		if h.Colour.Source != c.want {
			t.Errorf("%s: got %q, want %q", name, h.Colour.Source, c.want)
		}
	}
	h := parse(t, pngFile(chrm, gamma, iccp([]byte("profile")), cicp(0)))
	if c := h.Colour; string(c.ICC) != "profile" || *c.CICP != (CICP{9, TransferPQ, 0, true}) || !c.CICP.HDR() ||
		c.Gamma != 0.45455 || c.Primaries.Red != [2]float64{0.64, 0.33} || c.Primaries.White != [2]float64{0.3127, 0.329} {
		t.Errorf("got %+v, %+v", c, c.Primaries)
	}
}

// A second header, even without a body, changes nothing.
func TestSecondPNGHeader(t *testing.T) {
	file := join([]byte(pngSignature), pngIHDR(4, 3, 8, pngRGB), pngChunk("gAMA", be32(100000)), pngChunk("IDAT", []byte{1}), pngChunk("IHDR"))
	if h := parse(t, file); h.Width != 4 || h.Height != 3 || h.Colour.Source != ColourGammaChrm {
		t.Errorf("got %dx%d, %q", h.Width, h.Height, h.Colour.Source)
	}
}

func fctl(sequence, width, height, x, y, n, d int, dispose, blend byte) []byte {
	return pngChunk("fcTL", be32(sequence), be32(width), be32(height), be32(x), be32(y), be16(n), be16(d), []byte{dispose, blend})
}

func TestAPNG(t *testing.T) {
	actl, idat, fdat := pngChunk("acTL", be32(2), be32(3)), pngChunk("IDAT", []byte{1}), pngChunk("fdAT", be32(2), []byte{1})
	file := func(chunks ...[]byte) []byte {
		return join([]byte(pngSignature), pngIHDR(4, 3, 8, pngRGBA), join(chunks...), pngChunk("IEND"))
	}
	first, second := fctl(0, 4, 3, 0, 0, 1, 10, 0, 0), fctl(1, 2, 1, 1, 2, 5, 0, 1, 1)
	h := parse(t, file(actl, first, idat, second, fdat))
	if h.Frames != 2 || h.Animation.Plays != 3 || !h.PNG.StillInAnimation || !h.NoMetadata || h.PNG.Ancillary != 1 {
		t.Fatalf("got %+v, %+v", h, h.PNG)
	}
	if got, want := h.Animation.Frames[1], (Frame{1, 2, 2, 1, 50 * time.Millisecond, DisposeBackground, false, true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := h.Animation.Frames[0], (Frame{0, 0, 4, 3, 100 * time.Millisecond, DisposeNone, true, true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for name, c := range map[string]struct {
		file     []byte
		frames   int
		animated bool
	}{
		"the still is no frame": {file(actl, idat, fctl(0, 4, 3, 0, 0, 1, 10, 0, 0), fdat, fctl(2, 4, 3, 0, 0, 1, 10, 0, 0), fdat), 2, true},
		"acTL behind pixels":    {file(first, idat, actl, second, fdat), 1, false},
		"no acTL":               {file(first, idat, second, fdat), 1, false},
		"no frames":             {file(actl, idat), 1, false},
		"zero frames":           {file(pngChunk("acTL", be32(0), be32(0)), first, idat), 1, false},
		"a frame outside":       {file(actl, first, idat, fctl(1, 4, 3, 1, 0, 1, 10, 0, 0), fdat), 1, true},
	} {
		if h := parse(t, c.file); h.Frames != c.frames || (h.Animation != nil) != c.animated {
			t.Errorf("%s: got %d frames, animation %v", name, h.Frames, h.Animation)
		}
	}
}

func TestPNGAncillaryChunks(t *testing.T) {
	text := pngChunk("zTXt", []byte("a\x00\x00"), deflate([]byte("text")))
	h := parse(t, pngFile(bytes.Repeat(text, 21)))
	if h.PNG.Ancillary != 21 || h.PNG.Compressed != 21 || h.NoMetadata {
		t.Fatalf("got %+v", h.PNG)
	}
	size := h.PNG.AncillaryBytes
	for name, c := range map[string]struct {
		limits Limits
		want   bool
	}{
		"none":     {Limits{}, false},
		"default":  {DefaultLimits, false},
		"21 of 21": {Limits{AncillaryChunks: 21, AncillaryBytes: size}, false},
		"21 of 20": {Limits{AncillaryChunks: 20}, true},
		"bytes":    {Limits{AncillaryBytes: size - 1}, true},
		"inflated": {Limits{InflatedBytes: 21 * 4}, false},
		"too much": {Limits{InflatedBytes: 21*4 - 1}, true},
	} {
		if r := h.Refusal(c.limits); (r != nil) != c.want || r != nil && r.Class != failure.TooManyChunks {
			t.Errorf("%s: got %v", name, r)
		}
	}
}

// What compressed chunks of each kind contain is counted, also that of damaged ones.
func TestPNGInflatedBytes(t *testing.T) {
	text := deflate(bytes.Repeat([]byte("text"), 25))
	for name, c := range map[string]struct {
		chunk []byte
		want  int64
	}{
		"zTXt":            {pngChunk("zTXt", []byte("a\x00\x00"), text), 100},
		"iTXt":            {pngChunk("iTXt", []byte("a\x00\x01\x00en\x00b\x00"), text), 100},
		"iTXt, plain":     {pngChunk("iTXt", []byte("a\x00\x00\x00en\x00b\x00"), text), 0},
		"iCCP":            {pngChunk("iCCP", []byte("a\x00\x00"), text), 100},
		"no keyword":      {pngChunk("zTXt", []byte("a")), 0},
		"no stream":       {pngChunk("zTXt", []byte("a\x00\x00text")), 0},
		"without its end": {pngChunk("zTXt", []byte("a\x00\x00"), text[:len(text)-4]), 100},
		"text":            {pngChunk("tEXt", []byte("a\x00\x00"), text), 0},
	} {
		h := parse(t, pngFile(c.chunk))
		if got := inflated(h.PNG.compressed, 1000); got != c.want {
			t.Errorf("%s: got %d bytes, want %d", name, got, c.want)
		}
		if r := h.Refusal(Limits{InflatedBytes: 99}); (r != nil) != (c.want == 100) {
			t.Errorf("%s: got %v", name, r)
		}
	}
}

func TestPNGDamage(t *testing.T) {
	whole := pngFile()
	for n := 8 + 25; n < len(whole); n++ {
		if h := parse(t, whole[:n]); h.Damage == "" || h.NoMetadata {
			t.Errorf("cut at %d of %d: no damage", n, len(whole))
		}
	}
	wrong := bytes.Clone(whole)
	wrong[8+24]++
	if h := parse(t, wrong); h.Damage == "" {
		t.Error("IHDR with another checksum: no damage")
	}
	if h := parse(t, append(whole, 0)); h.PNG.Trailing != 1 || h.NoMetadata || h.Damage != "" {
		t.Errorf("a byte behind the end: %+v", h.PNG)
	}
}
