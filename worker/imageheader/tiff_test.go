package imageheader

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"calotype/worker/failure"
)

// tiffOrder writes a TIFF's numbers: a byte order, and the size of offsets.
type tiffOrder struct {
	order binary.AppendByteOrder
	mark  string
	big   bool
}

func (o tiffOrder) short(v int) []byte { return o.order.AppendUint16(nil, uint16(v)) }
func (o tiffOrder) long(v int) []byte  { return o.order.AppendUint32(nil, uint32(v)) }

func (o tiffOrder) offset(v int) []byte {
	if o.big {
		return o.order.AppendUint64(nil, uint64(v))
	}
	return o.long(v)
}

// entry is a directory entry; its values are inside if they fit.
func (o tiffOrder) entry(tag, kind, count int, values []byte) []byte {
	room := len(o.offset(0))
	return join(o.short(tag), o.short(kind), o.offset(count), append(values, make([]byte, room)...)[:room])
}

func (o tiffOrder) shorts(tag int, values ...int) []byte {
	var b []byte
	for _, v := range values {
		b = join(b, o.short(v))
	}
	return o.entry(tag, typeShort, len(values), b)
}

// file is a TIFF with one directory, followed by data.
func (o tiffOrder) file(data []byte, entries ...[]byte) []byte {
	if o.big {
		return join([]byte(o.mark), o.short(43), o.short(8), o.short(0), o.offset(16), o.offset(len(entries)), join(entries...), o.offset(0), data)
	}
	return join([]byte(o.mark), o.short(42), o.long(8), o.short(len(entries)), join(entries...), o.long(0), data)
}

func (o tiffOrder) rgb(entries ...[]byte) [][]byte {
	return slices.Concat([][]byte{o.shorts(tagWidth, 40), o.shorts(tagHeight, 30), o.shorts(tagBits, 16), o.shorts(tagPhotometric, TIFFRGB),
		o.shorts(tagSamples, 3)}, entries)
}

var (
	littleTIFF = tiffOrder{binary.LittleEndian, "II", false}
	bigTIFF    = tiffOrder{binary.BigEndian, "MM", true}
)

func TestTIFFHeader(t *testing.T) {
	for name, o := range map[string]tiffOrder{
		"little": littleTIFF, "big": {binary.BigEndian, "MM", false}, "BigTIFF, little": {binary.LittleEndian, "II", true}, "BigTIFF, big": bigTIFF,
	} {
		h := parse(t, o.file(nil, o.rgb(o.shorts(tagRowsPerStrip, 8), o.shorts(tagOrientation, 6), o.shorts(tagPlanar, 2))...))
		if h.Width != 40 || h.Height != 30 || h.Depth != 16 || h.Channels != 3 || h.Alpha || h.Orientation != 6 || h.Frames != 1 {
			t.Errorf("%s: got %+v", name, h)
		}
		if f := h.TIFF; f.Big != o.big || f.BigEndian != (o.mark == "MM") || f.Block != (Size{40, 8}) || !f.Planar || f.Pages != 1 || f.Compression != 1 {
			t.Errorf("%s: got %+v", name, f)
		}
	}
}

func TestTIFFChannels(t *testing.T) {
	o := littleTIFF
	for name, c := range map[string]struct {
		entries              [][]byte
		channels             int
		alpha, premultiplied bool
		chroma               Chroma
		refused              bool
	}{
		"unknown extra":  {o.rgb(o.shorts(tagExtraSamples, 0)), 3, false, false, "", false},
		"associated":     {o.rgb(o.shorts(tagExtraSamples, 1)), 4, true, true, "", false},
		"unassociated":   {o.rgb(o.shorts(tagExtraSamples, 2)), 4, true, false, "", false},
		"second extra":   {o.rgb(o.shorts(tagSamples, 5), o.shorts(tagExtraSamples, 0, 1)), 4, true, true, "", false},
		"not said":       {[][]byte{o.shorts(tagWidth, 4), o.shorts(tagHeight, 3), o.shorts(tagPhotometric, TIFFRGB), o.shorts(tagSamples, 4)}, 4, true, false, "", false},
		"grey":           {[][]byte{o.shorts(tagWidth, 4), o.shorts(tagHeight, 3), o.shorts(tagPhotometric, TIFFBlackIsZero)}, 1, false, false, "", false},
		"CMYK":           {[][]byte{o.shorts(tagWidth, 4), o.shorts(tagHeight, 3), o.shorts(tagPhotometric, TIFFSeparated)}, 4, false, false, "", false},
		"YCbCr":          {[][]byte{o.shorts(tagWidth, 4), o.shorts(tagHeight, 3), o.shorts(tagPhotometric, TIFFYCbCr)}, 3, false, false, Chroma420, false},
		"YCbCr, 4:2:2":   {[][]byte{o.shorts(tagWidth, 4), o.shorts(tagHeight, 3), o.shorts(tagPhotometric, TIFFYCbCr), o.shorts(tagSubsampling, 2, 1)}, 3, false, false, Chroma422, false},
		"6 of 5 samples": {[][]byte{o.shorts(tagWidth, 4), o.shorts(tagHeight, 3), o.shorts(tagPhotometric, TIFFRGB), o.shorts(tagSamples, 6)}, 3, false, false, "", true},
		"5 of 5 samples": {[][]byte{o.shorts(tagWidth, 4), o.shorts(tagHeight, 3), o.shorts(tagPhotometric, TIFFRGB), o.shorts(tagSamples, 5)}, 3, false, false, "", false},
	} {
		h := parse(t, o.file(nil, c.entries...))
		if h.Channels != c.channels || h.Alpha != c.alpha || h.Premultiplied != c.premultiplied || h.Chroma != c.chroma {
			t.Errorf("%s: got %+v", name, h)
		}
		if r := h.Refusal(DefaultLimits); (r != nil) != c.refused || r != nil && r.Class != failure.TooManyChannels {
			t.Errorf("%s: %v", name, r)
		}
	}
}

func TestTIFFProfile(t *testing.T) {
	for _, o := range []tiffOrder{littleTIFF, bigTIFF} {
		entries := o.rgb(o.entry(tagProfile, 7, 7, nil))
		at := len(o.file(nil, entries...))
		entries[len(entries)-1] = o.entry(tagProfile, 7, 7, o.offset(at))
		if c := parse(t, o.file([]byte("profile"), entries...)).Colour; string(c.ICC) != "profile" || c.Source != ColourICC {
			t.Errorf("got %+v", c)
		}
		if c := parse(t, o.file([]byte("short"), entries...)).Colour; c.ICC != nil {
			t.Errorf("beyond the end: %+v", c)
		}
	}
}

func TestTIFFDirectoriesInACircle(t *testing.T) {
	o := littleTIFF
	file := o.file(nil, o.rgb()...)
	copy(file[len(file)-4:], o.long(8))
	if h := parse(t, file); h.TIFF.Pages != maxPages {
		t.Errorf("got %d pages", h.TIFF.Pages)
	}
	copy(file[len(file)-4:], o.long(len(file)))
	if h := parse(t, file); h.TIFF.Pages != 1 || h.Damage == "" {
		t.Errorf("beyond the end: got %d pages, %q", h.TIFF.Pages, h.Damage)
	}
	for _, cut := range [][]byte{file[:8], file[:12], bytes.Replace(file, o.long(8), o.long(4), 1)} {
		if h, err := Parse(cut); err == nil {
			t.Errorf("%d bytes: %+v", len(cut), h)
		}
	}
}
