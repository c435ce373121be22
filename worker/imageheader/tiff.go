package imageheader

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
)

// TIFF holds the fields that only a TIFF has, from its first directory. TIFF 6.0; BigTIFF.
type TIFF struct {
	// Big means that it is a BigTIFF, with offsets of 8 bytes.
	Big bool
	// BigEndian means that numbers have their highest byte first.
	BigEndian bool
	// Samples is the number of channels, including those of unknown meaning.
	Samples int
	// ExtraSamples are the meanings of the channels besides the colours: 0 unknown, 1
	// premultiplied alpha, 2 alpha.
	ExtraSamples []uint16
	// AlphaSample is the index of the extra sample that is alpha, if Header.Alpha is set.
	AlphaSample int
	// BitsPerSample are the bits of each channel that the file states.
	BitsPerSample []uint16
	// Photometric is the meaning of the channels; SampleFormat is 1 for unsigned, 2 for
	// signed, 3 for floating-point numbers.
	Photometric, SampleFormat uint16
	// Compression is the scheme: 1 none, 5 LZW, 6 JPEG of the old style, 7 JPEG.
	Compression uint16
	// Planar means that each channel is stored separately.
	Planar bool
	// Block is the size of a strip or a tile in pixels, which is decoded as a unit.
	Block Size
	Tiled bool
	// Subsampling is the subsampling of YCbCr's colours, across and down.
	Subsampling [2]int
	// Pages counts the directories.
	Pages int
}

// The photometric interpretations and compressions. TIFF 6.0, section 8 and 23; the
// supplement 2 for JPEG.
const (
	TIFFWhiteIsZero, TIFFBlackIsZero, TIFFRGB, TIFFPalette, TIFFMask = 0, 1, 2, 3, 4
	TIFFSeparated, TIFFYCbCr, TIFFLab                                = 5, 6, 8
	TIFFUncompressed, TIFFOldJPEG, TIFFNewJPEG                       = 1, 6, 7
)

// The tags that are read. TIFF 6.0, appendix A; ICC.1:2010, B.3.
const (
	tagWidth, tagHeight, tagBits, tagCompression, tagPhotometric = 256, 257, 258, 259, 262
	tagSamples, tagRowsPerStrip, tagPlanar                       = 277, 278, 284
	tagTileWidth, tagTileHeight                                  = 322, 323
	tagExtraSamples, tagSampleFormat, tagSubsampling, tagProfile = 338, 339, 530, 34675
)

func parseTIFF(h *Header, file []byte) error {
	r := newTIFFReader(file)
	if r == nil {
		return errors.New("no first directory")
	}
	t := &TIFF{Big: r.big, BigEndian: r.order == binary.BigEndian, Samples: 1, SampleFormat: 1, Compression: 1, Subsampling: [2]int{2, 2}}
	h.TIFF = t
	next := int64(0)
	for at := r.first; at != 0 && t.Pages < maxPages; at = next {
		var entries []byte
		entries, next = r.directory(at)
		if entries == nil {
			h.damaged("a directory beyond the end")
			break
		}
		if t.Pages++; t.Pages == 1 {
			r.readFirst(h, t, entries)
		}
	}
	if t.Pages == 0 {
		return errors.New("no directory")
	}
	t.finish(h)
	return nil
}

// maxPages bounds the directories that are counted, because they may form a circle.
const maxPages = 10000

// tiffReader reads directories of both kinds.
type tiffReader struct {
	file  []byte
	order binary.ByteOrder
	big   bool
	first int64
}

func newTIFFReader(file []byte) *tiffReader {
	r := &tiffReader{file: file, order: binary.ByteOrder(binary.LittleEndian)}
	if bytes.HasPrefix(file, []byte("MM")) {
		r.order = binary.BigEndian
	}
	if len(file) < 8 {
		return nil
	}
	if r.order.Uint16(file[2:]) == 43 {
		if len(file) < 16 {
			return nil
		}
		r.big = true
		r.first = r.offset(file[8:])
		return r
	}
	r.first = int64(r.order.Uint32(file[4:]))
	return r
}

// offset reads an offset or a count; a value that no file can have becomes negative.
func (r *tiffReader) offset(b []byte) int64 {
	if !r.big {
		return int64(r.order.Uint32(b))
	}
	if v := r.order.Uint64(b); v < 1<<62 {
		return int64(v)
	}
	return -1
}

func (r *tiffReader) entrySize() int64 {
	if r.big {
		return 20
	}
	return 12
}

// directory returns the entries of the directory at an offset, and the offset of the next
// one.
func (r *tiffReader) directory(at int64) (entries []byte, next int64) {
	countSize, nextSize := int64(2), int64(4)
	if r.big {
		countSize, nextSize = 8, 8
	}
	if at < 8 || at+countSize > int64(len(r.file)) {
		return nil, 0
	}
	count := int64(r.order.Uint16(r.file[at:]))
	if r.big {
		count = r.offset(r.file[at:])
	}
	start := at + countSize
	if count < 1 || count > (int64(len(r.file))-start)/r.entrySize() {
		return nil, 0
	}
	end := start + count*r.entrySize()
	if end+nextSize <= int64(len(r.file)) {
		next = r.offset(r.file[end:])
	}
	return r.file[start:end], next
}

// numbers reads the values of an entry, up to a maximum; count is the declared number.
func (r *tiffReader) numbers(entry []byte, atMost int64) (values []uint32, count int64) {
	kind, place := r.order.Uint16(entry[2:]), entry[8:]
	count = r.offset(entry[4:])
	if r.big {
		place = entry[12:]
	}
	size := map[uint16]int64{typeByte: 1, typeShort: 2, typeLong: 4, 7: 1, 16: 8}[kind]
	if size == 0 || count < 1 {
		return nil, count
	}
	n := min(count, atMost)
	if count*size > int64(len(place)) || count > int64(len(place)) {
		at := r.offset(place)
		if at < 0 || at > int64(len(r.file)) {
			return nil, count
		}
		place = r.file[at:]
	}
	n = min(n, int64(len(place))/size)
	for i := range n {
		b := place[i*size:]
		switch size {
		case 1:
			values = append(values, uint32(b[0]))
		case 2:
			values = append(values, uint32(r.order.Uint16(b)))
		case 4:
			values = append(values, r.order.Uint32(b))
		case 8:
			values = append(values, uint32(min(r.order.Uint64(b), 1<<32-1)))
		}
	}
	return values, count
}

// bytesOf returns the bytes of an entry whose values do not fit into it.
func (r *tiffReader) bytesOf(entry []byte) []byte {
	count, place := r.offset(entry[4:]), entry[8:]
	if r.big {
		place = entry[12:]
	}
	at := r.offset(place)
	if count < 1 || at < 0 || at > int64(len(r.file)) || count > int64(len(r.file))-at {
		return nil
	}
	return r.file[at : at+count]
}

// readFirst reads the directory of the shown picture. The first entry of a tag counts.
func (r *tiffReader) readFirst(h *Header, t *TIFF, entries []byte) {
	const maxValues = 1 << 10
	seen := map[uint16]bool{}
	for entry := range slices.Chunk(entries, int(r.entrySize())) {
		tag := r.order.Uint16(entry)
		if seen[tag] || !tiffTags[tag] {
			continue
		}
		seen[tag] = true
		if tag == tagProfile {
			h.Colour.ICC = r.bytesOf(entry)
			continue
		}
		values, count := r.numbers(entry, maxValues)
		if len(values) == 0 {
			continue
		}
		short := func(v uint32) uint16 { return uint16(min(v, 1<<16-1)) }
		v := values[0]
		switch tag {
		case tagWidth:
			h.Width = int(min(v, 1<<31-1))
		case tagHeight:
			h.Height = int(min(v, 1<<31-1))
		case tagBits:
			t.BitsPerSample = shorts(values)
		case tagCompression:
			t.Compression = short(v)
		case tagPhotometric:
			t.Photometric = short(v)
		case tagOrientation:
			if count == 1 && v >= 1 && v <= 8 && r.order.Uint16(entry[2:]) == typeShort {
				h.Orientation = int(v)
			}
		case tagSamples:
			t.Samples = int(min(v, 1<<16))
		case tagRowsPerStrip:
			t.Block.Height = int(min(v, 1<<31-1))
		case tagPlanar:
			t.Planar = v == 2
		case tagTileWidth:
			t.Tiled, t.Block.Width = true, int(min(v, 1<<31-1))
		case tagTileHeight:
			t.Tiled, t.Block.Height = true, int(min(v, 1<<31-1))
		case tagExtraSamples:
			t.ExtraSamples = shorts(values)
		case tagSampleFormat:
			t.SampleFormat = short(v)
		case tagSubsampling:
			if len(values) == 2 {
				t.Subsampling = [2]int{int(v), int(values[1])}
			}
		}
	}
}

var tiffTags = map[uint16]bool{
	tagWidth: true, tagHeight: true, tagBits: true, tagCompression: true, tagPhotometric: true, tagOrientation: true,
	tagSamples: true, tagRowsPerStrip: true, tagPlanar: true, tagTileWidth: true, tagTileHeight: true,
	tagExtraSamples: true, tagSampleFormat: true, tagSubsampling: true, tagProfile: true,
}

func shorts(values []uint32) []uint16 {
	s := make([]uint16, len(values))
	for i, v := range values {
		s[i] = uint16(min(v, 1<<16-1))
	}
	return s
}

// finish decides what follows from all entries together.
func (t *TIFF) finish(h *Header) {
	if !t.Tiled {
		t.Block.Width = h.Width
		if t.Block.Height < 1 || t.Block.Height > h.Height {
			t.Block.Height = h.Height
		}
	}
	h.Depth = 1
	if len(t.BitsPerSample) > 0 {
		h.Depth = int(slices.Max(t.BitsPerSample))
	}
	h.Float = t.SampleFormat == 3
	colours := map[uint16]int{TIFFWhiteIsZero: 1, TIFFBlackIsZero: 1, TIFFMask: 1, TIFFSeparated: 4}[t.Photometric]
	if colours == 0 {
		colours = 3
	}
	h.Channels = colours
	if t.Photometric == TIFFPalette {
		h.Depth = 8
	}
	if t.Photometric == TIFFYCbCr {
		h.Chroma = chromaBy(t.Subsampling[0], t.Subsampling[1])
	}
	t.findAlpha(h, colours)
	if h.Colour.ICC != nil {
		h.Colour.Source = ColourICC
	}
}

// findAlpha finds the first extra sample that says that it is alpha. Of a file that says
// nothing, against the specification, one sample more than the colours is alpha: programs
// that leave the tag out mean that, and others read it so.
func (t *TIFF) findAlpha(h *Header, colours int) {
	const premultiplied, straight = 1, 2
	if t.Photometric == TIFFPalette {
		colours = 1
	}
	extra := t.ExtraSamples
	if extra == nil && t.Samples == colours+1 && colours != 4 {
		extra = []uint16{straight}
	}
	t.AlphaSample = slices.IndexFunc(extra, func(e uint16) bool { return e == premultiplied || e == straight })
	if t.AlphaSample < 0 {
		t.AlphaSample = 0
		return
	}
	h.Alpha, h.Premultiplied = true, extra[t.AlphaSample] == premultiplied
	h.Channels++
}
