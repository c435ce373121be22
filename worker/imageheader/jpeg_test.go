package imageheader

import (
	"bytes"
	"strings"
	"testing"

	"calotype/worker/failure"
)

func exifSegment(block []byte) []byte { return jpegSegment(markerAPP1, []byte(exifID), block) }

func TestJPEGHeader(t *testing.T) {
	h := parse(t, jpegFile())
	if h.Width != 40 || h.Height != 30 || h.Channels != 3 || h.Chroma != Chroma420 || h.Depth != 8 || !h.NoMetadata {
		t.Errorf("got %+v", h)
	}
	if j := h.JPEG; !j.EOI || j.Scans != 1 || !j.Interleaved || j.Progressive || j.JFIF || j.Adobe != -1 {
		t.Errorf("got %+v", j)
	}
	// 5x4 blocks of luma, and of chroma 3x2 each.
	if got := h.JPEG.ScanBlocks; got != 20+6+6 {
		t.Errorf("got %d blocks", got)
	}
}

func TestJPEGOrientationIsOneShortOfTheFirstEXIF(t *testing.T) {
	turn := func(kind, count, value int) []byte {
		return exifSegment(exifOf(tiffEntry(tagOrientation, kind, count, value)))
	}
	bigEndian := join([]byte("MM\x00*"), be32(8), be16(1), be16(tagOrientation), be16(typeShort), be32(1), be16(6), be16(0), be32(0))
	for name, c := range map[string]struct {
		segments [][]byte
		want     int
	}{
		"short":            {[][]byte{turn(typeShort, 1, 6)}, 6},
		"big endian":       {[][]byte{exifSegment(bigEndian)}, 6},
		"long":             {[][]byte{turn(typeLong, 1, 6)}, 1},
		"byte":             {[][]byte{turn(typeByte, 1, 6)}, 1},
		"two shorts":       {[][]byte{turn(typeShort, 2, 6)}, 1},
		"nine":             {[][]byte{turn(typeShort, 1, 9)}, 1},
		"zero":             {[][]byte{turn(typeShort, 1, 0)}, 1},
		"second EXIF":      {[][]byte{turn(typeShort, 1, 1), turn(typeShort, 1, 6)}, 1},
		"first EXIF":       {[][]byte{turn(typeShort, 1, 6), turn(typeShort, 1, 1)}, 6},
		"first one broken": {[][]byte{exifSegment([]byte("II")), turn(typeShort, 1, 6)}, 1},
		"XMP in front":     {[][]byte{jpegSegment(markerAPP1, []byte("http://ns.adobe.com/xap/1.0/\x00")), turn(typeShort, 1, 6)}, 6},
		"none":             {nil, 1},
	} {
		h := parse(t, jpegFile(c.segments...))
		if h.Orientation != c.want {
			t.Errorf("%s: got %d, want %d", name, h.Orientation, c.want)
		}
		if want := (Size{40, 30}).turned(c.want); h.Display() != want {
			t.Errorf("%s: shown as %v, want %v", name, h.Display(), want)
		}
		if h.NoMetadata != (c.segments == nil) {
			t.Errorf("%s: no metadata: %v", name, h.NoMetadata)
		}
	}
}

func TestJPEGNaturalSize(t *testing.T) {
	// Six entries of the first directory, then the two resolutions, then the second one.
	block := func(resolution, width, height int) []byte {
		const first, entries = 8, 5
		ratios := first + 2 + 12*entries + 4
		return join(exifOf(
			tiffEntry(tagOrientation, typeShort, 1, 6),
			tiffEntry(tagXResolution, typeRational, 1, ratios), tiffEntry(tagYResolution, typeRational, 1, ratios),
			tiffEntry(tagUnit, typeShort, 1, 2), tiffEntry(tagExifIFD, typeLong, 1, ratios+8),
		), le32(resolution), le32(1), le16(2),
			tiffEntry(tagPixelWidth, typeLong, 1, width), tiffEntry(tagPixelHeight, typeLong, 1, height))
	}
	for name, c := range map[string]struct {
		resolution, width, height int
		want                      Size
	}{
		"half":          {144, 20, 15, Size{15, 20}},
		"not confirmed": {144, 40, 30, Size{}},
		"as stored":     {72, 40, 30, Size{}},
		"none":          {0, 20, 15, Size{}},
	} {
		if got := parse(t, jpegFile(exifSegment(block(c.resolution, c.width, c.height)))).Natural; got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestJPEGProfileIsJoinedByNumber(t *testing.T) {
	part := func(number, total byte, text string) []byte {
		return jpegSegment(markerAPP2, []byte(iccID), []byte{number, total}, []byte(text))
	}
	for name, c := range map[string]struct {
		parts [][]byte
		want  string
	}{
		"one":      {[][]byte{part(1, 1, "whole")}, "whole"},
		"in order": {[][]byte{part(1, 2, "be"), part(2, 2, "gin")}, "begin"},
		"mixed":    {[][]byte{part(3, 3, "c"), part(1, 3, "a"), part(2, 3, "b")}, "abc"},
		"missing":  {[][]byte{part(1, 2, "be")}, ""},
		"doubled":  {[][]byte{part(1, 1, "a"), part(1, 1, "b")}, ""},
		"too many": {[][]byte{part(2, 1, "a")}, ""},
		"number 0": {[][]byte{part(0, 1, "a")}, ""},
	} {
		h := parse(t, jpegFile(c.parts...))
		if string(h.Colour.ICC) != c.want || (h.Colour.Source == ColourICC) != (c.want != "") {
			t.Errorf("%s: got %q from %q, want %q", name, h.Colour.ICC, h.Colour.Source, c.want)
		}
	}
}

func TestJPEGModel(t *testing.T) {
	jfif := jpegSegment(markerAPP0, []byte(jfifID), make([]byte, 9))
	adobe := func(transform byte) []byte {
		return jpegSegment(markerAPP14, []byte(adobeID), make([]byte, 6), []byte{transform})
	}
	frame := func(ids string) []byte {
		body := join([]byte{8}, be16(3), be16(4), []byte{byte(len(ids))})
		for i := range len(ids) {
			body = append(body, ids[i], 0x11, 0)
		}
		return join(jpegSegment(markerSOF0, body), jpegScan([]byte(ids)...), []byte{0xff, markerEOI})
	}
	for name, c := range map[string]struct {
		file []byte
		want JPEGModel
	}{
		"grey":                {frame("\x01"), JPEGGrey},
		"three":               {frame("\x01\x02\x03"), JPEGYCbCr},
		"three, of 0":         {frame("\x00\x01\x02"), JPEGYCbCr},
		"RGB by name":         {frame("RGB"), JPEGRGB},
		"RGB by name in JFIF": {join(jfif, frame("RGB")), JPEGYCbCr},
		"Adobe RGB":           {join(adobe(0), frame("\x01\x02\x03")), JPEGRGB},
		"Adobe RGB in JFIF":   {join(jfif, adobe(0), frame("\x01\x02\x03")), JPEGYCbCr},
		"Adobe YCbCr":         {join(adobe(1), frame("RGB")), JPEGYCbCr},
		"four":                {frame("\x01\x02\x03\x04"), JPEGCMYK},
		"Adobe CMYK":          {join(adobe(0), frame("\x01\x02\x03\x04")), JPEGCMYK},
		"Adobe YCCK":          {join(adobe(2), frame("\x01\x02\x03\x04")), JPEGYCCK},
		"two":                 {frame("\x01\x02"), JPEGUnknown},
	} {
		h := parse(t, join([]byte{0xff, markerSOI}, c.file))
		if got := h.JPEG.Model; got != c.want || !h.NoMetadata {
			t.Errorf("%s: got %s, want %s; no metadata: %v", name, got, c.want, h.NoMetadata)
		}
	}
}

func TestJPEGScans(t *testing.T) {
	file := join([]byte{0xff, markerSOI}, jpegFrame(markerSOF0+2, 64, 64, 0x22, 0x11, 0x11), jpegScan(1, 2, 3),
		bytes.Repeat(jpegScan(1), 20), []byte{0xff, markerEOI})
	h := parse(t, file)
	if want := int64(64 + 16 + 16 + 20*64); h.JPEG.ScanBlocks != want || h.JPEG.Scans != 21 || !h.JPEG.Progressive {
		t.Errorf("got %+v, want %d blocks", h.JPEG, want)
	}
	if r := h.Refusal(DefaultLimits); r != nil {
		t.Error(r)
	}
	if r := h.Refusal(Limits{ScanBlocks: 1000, ScanPasses: 15}); r != nil { // 15 x 96 blocks.
		t.Error(r)
	}
	if r := h.Refusal(Limits{ScanBlocks: 1000, ScanPasses: 14}); r == nil || r.Class != failure.TooManyScans || !strings.Contains(r.Detail, "21 scans") {
		t.Errorf("got %v", r)
	}
}

func TestJPEGDamage(t *testing.T) {
	whole := jpegFile()
	for n := len(whole) - 1; n > len(whole)-8; n-- {
		if h := parse(t, whole[:n]); h.Damage == "" || h.JPEG.EOI || h.NoMetadata {
			t.Errorf("cut at %d of %d: %+v", n, len(whole), h.JPEG)
		}
	}
	stray := jpegFile(jpegSegment(markerDRI, be16(0)), []byte("stray"))
	if h := parse(t, stray); h.JPEG.StrayBytes != 5 || h.Damage != "" || h.NoMetadata {
		t.Errorf("stray bytes: %+v, %q", h.JPEG, h.Damage)
	}
	if h := parse(t, append(whole, "behind"...)); h.JPEG.Trailing != 6 || h.NoMetadata {
		t.Errorf("trailing bytes: %+v", h.JPEG)
	}
}

func TestJPEGQuality(t *testing.T) {
	table := func(percent int, wide byte) []byte {
		body := []byte{wide << 4}
		for _, step := range lumaTable {
			if step = min(max((step*percent+50)/100, 1), 255); wide > 0 {
				body = append(body, 0)
			}
			body = append(body, byte(step))
		}
		return jpegSegment(markerDQT, body)
	}
	for name, c := range map[string]struct {
		file []byte
		want int
	}{
		"50":             {jpegFile(table(100, 0)), 50},
		"75":             {jpegFile(table(50, 0)), 75},
		"90, of 2 bytes": {jpegFile(table(20, 1)), 90},
		"25":             {jpegFile(table(200, 0)), 25},
		"100":            {jpegFile(table(0, 0)), 100},
		"no table":       {jpegFile(), 0},
		"cut table":      {jpegFile(jpegSegment(markerDQT, make([]byte, 64))), 0},
		"behind a scan":  {jpegFile(jpegScan(1), table(50, 0)), 0},
	} {
		if got, ok := JPEGQuality(c.file); got != c.want || ok != (c.want > 0) {
			t.Errorf("%s: got %d, %v, want %d", name, got, ok, c.want)
		}
	}
}
