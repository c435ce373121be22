package imageheader

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"calotype/worker/failure"
)

func TestAVIFHeader(t *testing.T) {
	for name, c := range map[string]struct {
		obu    []byte
		depth  int
		chroma Chroma
	}{
		"420":         {av1OBU(64, 48, 0, 0), 8, Chroma420},
		"444, 10 bit": {av1OBU(64, 48, 1, 1), 10, Chroma444},
		"422":         {av1OBU(64, 48, 2, 0), 8, Chroma422},
	} {
		h := parse(t, heifFile("avif", join(ispe(64, 48), av1C(nil)), heifTestItem{kind: "av01", data: c.obu, properties: []byte{1, 2}}))
		if h.Width != 64 || h.Height != 48 || h.Depth != c.depth || h.Chroma != c.chroma || h.Channels != 3 || h.Alpha {
			t.Errorf("%s: got %+v", name, h)
		}
		if f := h.HEIF; f.Coded != (Size{64, 48}) || f.Pictures != 1 || f.Nesting != 0 || f.Coding != "av01" {
			t.Errorf("%s: got %+v", name, f)
		}
		if r := h.Refusal(DefaultLimits); r != nil {
			t.Errorf("%s: %v", name, r)
		}
		if c := h.Colour; c.Source != ColourCICP || *c.CICP != (CICP{12, 16, 9, true}) || !c.CICP.HDR() {
			t.Errorf("%s: colour %+v, %+v", name, c, c.CICP)
		}
	}
}

func TestHEIFColour(t *testing.T) {
	icc := box("colr", []byte("prof"), []byte("profile"))
	for name, c := range map[string]struct {
		properties []byte
		source     ColourSource
		icc        string
		primaries  uint16
	}{
		"both":   {join(icc, nclx(1, 13, 6, 1)), ColourICC, "profile", 1},
		"nclx":   {join(nclx(9, 13, 6, 1), nclx(1, 13, 6, 1)), ColourCICP, "", 9},
		"rICC":   {join(box("colr", []byte("rICC"), []byte("profile")), ispe(1, 1)), ColourICC, "profile", 12},
		"silent": {join(box("colr", []byte("what")), nclx(2, 2, 6, 1)), ColourUnstated, "", 2},
	} {
		h := parse(t, heifFile("avif", join(ispe(64, 48), av1C(nil), c.properties),
			heifTestItem{kind: "av01", data: av1OBU(64, 48, 0, 0), properties: []byte{1, 2, 3, 4}}))
		if got := h.Colour; got.Source != c.source || string(got.ICC) != c.icc || got.CICP.Primaries != c.primaries {
			t.Errorf("%s: got %+v, %+v", name, got, got.CICP)
		}
	}
}

func TestHEIFTurnsInTheOrderOfProperties(t *testing.T) {
	irot, imir := func(n byte) []byte { return box("irot", []byte{n}) }, func(n byte) []byte { return box("imir", []byte{n}) }
	for name, c := range map[string]struct {
		turns []byte
		want  int
	}{
		"none":                         {nil, 1},
		"a quarter to the left":        {irot(1), 8},
		"a quarter to the right":       {irot(3), 6},
		"half":                         {irot(2), 3},
		"top to bottom":                {imir(0), 4},
		"left to right":                {imir(1), 2},
		"right, then top to bottom":    {join(irot(3), imir(0)), 7},
		"top to bottom, then right":    {join(imir(0), irot(3)), 5},
		"right, then left to right":    {join(irot(3), imir(1)), 5},
		"left, and left again":         {join(irot(1), irot(1)), 3},
		"mirrored twice is not at all": {join(imir(1), imir(1)), 1},
	} {
		properties := []byte{1, 2}
		for i := range bytes.Count(c.turns, []byte("irot")) + bytes.Count(c.turns, []byte("imir")) {
			properties = append(properties, byte(3+i))
		}
		h := parse(t, heifFile("heic", join(ispe(64, 48), av1C(nil), c.turns),
			heifTestItem{kind: "av01", data: av1OBU(64, 48, 0, 0), properties: properties}))
		if h.Orientation != c.want {
			t.Errorf("%s: got %d, want %d", name, h.Orientation, c.want)
		}
	}
}

func TestHEIFCrop(t *testing.T) {
	middle, corner, outside := clapOf(Size{32, 24}, 0, 0), clapOf(Size{32, 24}, -32, -24), clapOf(Size{32, 24}, 100, 0)
	right := box("irot", []byte{3})
	for name, c := range map[string]struct {
		brand string
		turns []byte
		want  Rect
		shown Size
	}{
		"heic":          {"heic", join(middle, box("free")), Rect{16, 12, 32, 24}, Size{32, 24}},
		"heic, corner":  {"heic", join(corner, right), Rect{0, 0, 32, 24}, Size{24, 32}},
		"heic, outside": {"heic", join(outside, right), Rect{0, 0, 64, 48}, Size{48, 64}},
		"heic, turned":  {"heic", join(right, clapOf(Size{24, 32}, 24, -32)), Rect{0, 0, 32, 24}, Size{24, 32}},
		"avif":          {"avif", join(middle, box("free")), Rect{0, 0, 64, 48}, Size{64, 48}},
		"avif, corner":  {"avif", join(corner, right), Rect{0, 0, 32, 24}, Size{24, 32}},
	} {
		h := parse(t, heifFile(c.brand, join(ispe(64, 48), av1C(nil), c.turns),
			heifTestItem{kind: "av01", data: av1OBU(64, 48, 0, 0), properties: []byte{1, 2, 3, 4}}))
		if h.Crop != c.want || h.Display() != c.shown {
			t.Errorf("%s: got %v, shown as %v", name, h.Crop, h.Display())
		}
	}
}

func TestHEIFAlpha(t *testing.T) {
	file := func(prem int) []byte {
		return heifFile("avif", join(ispe(64, 48), av1C(nil), auxC(alphaURN), auxC("urn:com:apple:photo:2020:aux:hdrgainmap")),
			heifTestItem{kind: "av01", data: av1OBU(64, 48, 0, 0), properties: []byte{1, 2}, prem: prem},
			heifTestItem{kind: "av01", data: av1OBU(64, 48, 0, 1), properties: []byte{1, 2, 3}, auxiliary: 1},
			heifTestItem{kind: "av01", data: av1OBU(64, 48, 0, 0), properties: []byte{1, 2, 4}, auxiliary: 1})
	}
	for _, prem := range []int{0, 2} {
		h := parse(t, file(prem))
		if !h.Alpha || h.Channels != 4 || h.Premultiplied != (prem == 2) || h.HEIF.AlphaDepth != 10 || !h.HEIF.AlphaFullRange ||
			!h.HEIF.GainMap || h.HEIF.DepthMap || h.HEIF.Pictures != 2 {
			t.Errorf("got %+v, %+v", h, h.HEIF)
		}
	}
}

func TestHEIFDerivedItems(t *testing.T) {
	coded := heifTestItem{kind: "av01", data: av1OBU(64, 48, 0, 0), properties: []byte{1, 2}}
	derived := func(kind string, from ...int) heifTestItem {
		return heifTestItem{kind: kind, data: []byte{0, 0, 0, 1, 0, 128, 0, 48}, properties: []byte{3}, derived: from}
	}
	many := Limits{DerivedItems: 7}
	for name, c := range map[string]struct {
		items             []heifTestItem
		limits            Limits
		pictures, nesting int
		class             string
	}{
		"grid":               {[]heifTestItem{derived("grid", 2, 3), coded, coded}, DefaultLimits, 2, 1, ""},
		"identity":           {[]heifTestItem{derived("iden", 2), coded}, DefaultLimits, 1, 1, ""},
		"grid of identities": {[]heifTestItem{derived("grid", 2, 2), derived("iden", 3), coded}, DefaultLimits, 2, 2, ""},
		"three deep":         {[]heifTestItem{derived("iden", 2), derived("iden", 3), derived("iden", 4), coded}, DefaultLimits, 1, 3, failure.DerivedImages},
		"overlay":            {[]heifTestItem{derived("iovl", 2, 2), coded}, DefaultLimits, 2, 1, failure.DerivedImages},
		"overlay below":      {[]heifTestItem{derived("grid", 2, 2), derived("iovl", 3), coded}, DefaultLimits, 2, 2, failure.DerivedImages},
		"overlay not shown":  {[]heifTestItem{coded, derived("iovl", 1)}, DefaultLimits, 1, 0, ""},
		"tone map not shown": {[]heifTestItem{coded, derived("tmap", 1)}, DefaultLimits, 1, 0, ""},
		"circular":           {[]heifTestItem{derived("iden", 2), derived("iden", 1)}, Limits{}, 0, 2, failure.DerivedImages},
		"again and again":    {[]heifTestItem{derived("grid", 2, 2), derived("grid", 3, 3), derived("grid", 4, 4), coded}, many, 8, 3, failure.DerivedImages},
	} {
		h := parse(t, heifFile("avif", join(ispe(64, 48), av1C(nil), ispe(128, 48)), c.items...))
		if f := h.HEIF; f.Pictures != c.pictures || f.Nesting != c.nesting || f.ToneMap != (name == "tone map not shown") {
			t.Errorf("%s: got %+v", name, f)
		}
		switch r := h.Refusal(c.limits); {
		case (r != nil) != (c.class != ""), r != nil && r.Class != c.class:
			t.Errorf("%s: refused by %v, want %q", name, r, c.class)
		}
		if name == "grid" && (h.Width != 128 || h.HEIF.Columns != 2 || h.HEIF.Rows != 1 || h.HEIF.Tile != (Size{64, 48}) || h.Damage != "") {
			t.Errorf("%s: got %+v", name, h.HEIF)
		}
	}
}

// Encoders store identical tiles once. Data that only overlaps was made to be read
// repeatedly.
func TestHEIFSharedData(t *testing.T) {
	tile := heifTestItem{kind: "av01", data: join(av1OBU(64, 48, 0, 0), make([]byte, 1<<16)), properties: []byte{1, 2}}
	grid := heifTestItem{kind: "grid", data: []byte{0, 0, 9, 9, 2, 128, 1, 224}, properties: []byte{3}}
	same, overlapping := []heifTestItem{grid}, []heifTestItem{grid}
	for i := range 100 {
		same[0].derived = append(same[0].derived, 2+i)
		overlapping[0].derived = append(overlapping[0].derived, 2+i)
		shorter := tile
		shorter.data = tile.data[:len(tile.data)-i]
		same, overlapping = append(same, tile), append(overlapping, shorter)
	}
	properties := join(ispe(64, 48), av1C(nil), ispe(640, 480))
	if h := parse(t, heifFile("avif", properties, same...)); h.Refusal(DefaultLimits) != nil || h.HEIF.Pictures != 100 {
		t.Errorf("the same: %v, %+v", h.Refusal(DefaultLimits), h.HEIF)
	}
	if r := parse(t, heifFile("avif", properties, overlapping...)).Refusal(DefaultLimits); r == nil || r.Class != failure.DerivedImages {
		t.Errorf("overlapping: %v", r)
	}
}

func TestHEIFSizeIsTheCodecs(t *testing.T) {
	for name, c := range map[string]struct {
		config, data []byte
		refused      bool
	}{
		"as stated":            {av1OBU(64, 48, 0, 0), av1OBU(64, 48, 0, 0), false},
		"rounded up":           {nil, av1OBU(128, 64, 0, 0), false},
		"larger":               {nil, av1OBU(64+257, 48, 0, 0), true},
		"larger, behind":       {nil, join(av1OBU(64, 48, 0, 0), av1OBU(64, 800, 0, 0)), true},
		"larger configuration": {av1OBU(640, 480, 0, 0), av1OBU(64, 48, 0, 0), true},
	} {
		h := parse(t, heifFile("avif", join(ispe(64, 48), av1C(c.config)), heifTestItem{kind: "av01", data: c.data, properties: []byte{1, 2}}))
		if r := h.Refusal(DefaultLimits); (r != nil) != c.refused || r != nil && r.Class != failure.SizeMismatch {
			t.Errorf("%s: got %v", name, r)
		}
	}
}

// hevcSet is a sequence parameter set of 4:2:0 with the given bits per sample.
func hevcSet(width, height, depth uint32) []byte {
	w := &bitWriter{}
	w.bits(16, hevcSPS<<9|1).bits(4, 0).bits(3, 0).bits(1, 1).bits(32, 0x01600000).bits(32, 0).bits(32, 0x5d)
	w.exponential(0).exponential(1).exponential(width).exponential(height).bits(1, 0)
	w.exponential(depth - 8).exponential(depth - 8)
	w.exponential(4).bits(1, 1).exponential(4).exponential(0).exponential(0)
	for range 6 {
		w.exponential(0)
	}
	w.bits(1, 0).bits(2, 0).bits(1, 0).exponential(0).bits(1, 0).bits(2, 0)
	w.bits(1, 1).bits(1, 0).bits(1, 0)                                               // The usability information, without aspect and overscan.
	w.bits(1, 1).bits(3, 5).bits(1, 1).bits(1, 1).bits(8, 12).bits(8, 13).bits(8, 6) // The colour.
	return bytes.ReplaceAll(append(w.b, 0x80), []byte{0, 0}, []byte{0, 0, 3})
}

func hvcC(sets ...[]byte) []byte {
	body := make([]byte, 23)
	body[0], body[16], body[21], body[22] = 1, 1, 3, 1
	body = append(body, hevcSPS)
	body = append(body, be16(len(sets))...)
	for _, s := range sets {
		body = join(body, be16(len(s)), s)
	}
	return box("hvcC", body)
}

func TestHEICHeader(t *testing.T) {
	unit := func(u []byte) []byte { return join(be32(len(u)), u) }
	for name, c := range map[string]struct {
		config, data []byte
		depth        int
		refused      bool
	}{
		"8 bit":       {hvcC(hevcSet(64, 48, 8)), nil, 8, false},
		"10 bit":      {hvcC(hevcSet(64, 48, 10)), nil, 10, false},
		"larger":      {hvcC(hevcSet(64, 8000, 8)), nil, 8, true},
		"two sets":    {hvcC(hevcSet(64, 48, 8), hevcSet(6400, 48, 8)), nil, 8, true},
		"in the data": {hvcC(hevcSet(64, 48, 8)), join(unit([]byte{1, 2, 3}), unit(hevcSet(6400, 48, 8))), 8, true},
		"no set":      {hvcC(), nil, 8, false},
	} {
		h := parse(t, heifFile("heic", join(ispe(64, 48), c.config), heifTestItem{kind: "hvc1", data: c.data, properties: []byte{1, 2}}))
		if h.Depth != c.depth || h.Chroma != Chroma420 || h.HEIF.Coding != "hvc1" {
			t.Errorf("%s: got %+v", name, h)
		}
		if r := h.Refusal(DefaultLimits); (r != nil) != c.refused {
			t.Errorf("%s: got %v", name, r)
		}
		if c := h.Colour.CICP; name != "no set" && (c == nil || *c != (CICP{12, 13, 6, true})) {
			t.Errorf("%s: colour %+v", name, c)
		}
	}
}

func avisFile(brand string, loops byte) []byte {
	edit := box("elst", []byte{0, 0, 0, loops}, be32(1), be32(0), be32(0), be32(0x10000))
	tkhd := fullBox("tkhd", 0, make([]byte, 4*5+8+4*2+36), be32(64<<16), be32(48<<16))
	entry := box("av01", make([]byte, 78), av1C(nil), nclx(9, 16, 9, 1))
	stbl := box("stbl", fullBox("stsd", 0, be32(1), entry),
		fullBox("stts", 0, be32(2), be32(2), be32(100), be32(1), be32(40)), fullBox("stsz", 0, be32(0), be32(3), be32(9), be32(9), be32(9)))
	mdia := box("mdia", fullBox("mdhd", 0, be32(0), be32(0), be32(1000), be32(240)), fullBox("hdlr", 0, be32(0), []byte("pict")), box("minf", stbl))
	return join(box("ftyp", []byte(brand), be32(0), []byte("avis")), box("moov", box("trak", tkhd, box("edts", edit), mdia)))
}

func TestAVIFSequence(t *testing.T) {
	for _, loops := range []byte{0, 1} {
		h := parse(t, avisFile("avis", loops))
		if h.Width != 64 || h.Height != 48 || h.Frames != 3 || h.Animation.Plays != 1-int(loops) || !h.HEIF.Sequence || !h.Colour.CICP.HDR() {
			t.Fatalf("got %+v, %+v", h, h.HEIF)
		}
		for i, want := range []time.Duration{100, 100, 40} {
			if got := h.Animation.Frames[i].Delay; got != want*time.Millisecond {
				t.Errorf("%d: got %v, want %v ms", i, got, want)
			}
		}
	}
	if h, err := Parse(avisFile("avif", 0)); err == nil {
		t.Errorf("a still without an item: %+v", h)
	}
}

func TestBoxes(t *testing.T) {
	long := join(be32(1), []byte("long"), make([]byte, 4), be32(16+2), []byte("ab"))
	rest := join(be32(0), []byte("rest"), []byte("all of it"))
	file := join(box("free"), long, rest)
	var got []string
	for b := range Boxes(file, 0, len(file)) {
		got = append(got, b.Type+":"+string(b.Body))
	}
	if want := []string{"free:", "long:ab", "rest:all of it"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for name, cut := range map[string][]byte{
		"size below a header": join(be32(7), []byte("size")), "beyond the end": join(be32(9), []byte("cuts")), "cut": {0, 0},
		"long, cut": join(be32(1), []byte("long"), be32(0)),
	} {
		for b := range Boxes(cut, 0, len(cut)) {
			t.Errorf("%s: %+v", name, b)
		}
	}
}
