package cases

import "slices"

// box is a box of the ISO base media file format: ISO 14496-12, 4.2.
func box(name string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat(b32(len(body)+8), []byte(name), body)
}

// fullBox is a box with a version and flags.
func fullBox(name string, version, flags int, parts ...[]byte) []byte {
	return box(name, b32(version<<24|flags), slices.Concat(parts...))
}

// item is a picture or metadata of a HEIF file: ISO 23008-12.
type item struct {
	kind       string // av01, hvc1, grid, Exif, tmap.
	body       []byte
	properties []property
	hidden     bool
}

// property is a box that describes an item. A reader that does not know one that is
// essential must not show the item.
type property struct {
	body      []byte
	essential bool
}

// reference links an item to others; items are counted from 1.
type reference struct {
	kind string
	from int
	to   []int
}

// heif is a file whose first item is the primary one, unless said otherwise.
type heif struct {
	brands     string // The major brand and the compatible ones.
	items      []item
	references []reference
	primary    int
	groups     []byte
	tracks     func(offset int) []byte // The movie, given the offset of the items' bytes.
}

func (h heif) body() []byte {
	head := box("ftyp", []byte(h.brands[:4]), b32(0), []byte(h.brands[4:]))
	movie := func(int) []byte { return nil }
	if h.tracks != nil {
		movie = h.tracks
	}
	at := len(head) + len(h.meta(0)) + len(movie(0)) + 8
	var data []byte
	for _, i := range h.items {
		data = append(data, i.body...)
	}
	return slices.Concat(head, h.meta(at), movie(at), box("mdat", data))
}

// meta describes the items, whose bytes start at an offset.
func (h heif) meta(at int) []byte {
	locations, infos := []byte(nil), []byte(nil)
	var properties [][]byte
	associations := b32(len(h.items))
	for i, it := range h.items {
		locations = append(locations, slices.Concat(b16(i+1, 0, 1), b32(at, len(it.body)))...)
		at += len(it.body)
		flags := 0
		if it.hidden {
			flags = 1
		}
		infos = append(infos, fullBox("infe", 2, flags, b16(i+1, 0), []byte(it.kind+"\x00"))...)
		associations = append(associations, slices.Concat(b16(i+1), []byte{byte(len(it.properties))})...)
		for _, p := range it.properties {
			properties = append(properties, p.body)
			index := byte(len(properties))
			if p.essential {
				index |= 0x80
			}
			associations = append(associations, index)
		}
	}
	parts := [][]byte{
		fullBox("hdlr", 0, 0, b32(0), []byte("pict"), b32(0, 0, 0), []byte{0}),
		fullBox("pitm", 0, 0, b16(max(1, h.primary))),
		fullBox("iloc", 0, 0, []byte{0x44, 0}, b16(len(h.items)), locations),
		fullBox("iinf", 0, 0, b16(len(h.items)), infos),
	}
	if len(h.references) > 0 {
		var all []byte
		for _, r := range h.references {
			all = append(all, box(r.kind, b16(r.from, len(r.to)), b16(r.to...))...)
		}
		parts = append(parts, fullBox("iref", 0, 0, all))
	}
	parts = append(parts, box("iprp", box("ipco", properties...), fullBox("ipma", 0, 0, associations)), h.groups)
	return fullBox("meta", 0, 0, parts...)
}

func ispe(width, height int) property {
	return property{fullBox("ispe", 0, 0, b32(width, height)), false}
}

func pixi(depths ...byte) property {
	return property{fullBox("pixi", 0, 0, []byte{byte(len(depths))}, depths), false}
}

// irot turns anticlockwise by quarters.
func irot(quarters int) property { return property{box("irot", []byte{byte(quarters)}), true} }

// imir mirrors: 0 swaps top and bottom, 1 left and right.
func imir(axis int) property { return property{box("imir", []byte{byte(axis)}), true} }

// clap crops to a size around a centre, which is given as its offset from the picture's
// centre in half pixels.
func clap(width, height, right, down int) property {
	return property{box("clap", b32(width, 1, height, 1, right, 2, down, 2)), true}
}

// nclx is the colour space in the numbers of ITU-T H.273.
func nclx(primaries, transfer, matrix int, full bool) property {
	flags := byte(0)
	if full {
		flags = 0x80
	}
	return property{box("colr", []byte("nclx"), b16(primaries, transfer, matrix), []byte{flags}), false}
}

func prof(profile []byte) property {
	return property{box("colr", []byte("prof"), profile), false}
}

func auxC(urn string) property {
	return property{fullBox("auxC", 0, 0, []byte(urn+"\x00")), true}
}

const (
	urnAlphaMPEGB = "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"
	urnAlphaHEVC  = "urn:mpeg:hevc:2015:auxid:1"
	urnGainMap    = "urn:com:apple:photo:2020:aux:hdrgainmap"
)

// exifItem is EXIF as HEIF holds it, with the offset of its TIFF header.
func exifItem(tiff []byte) item {
	return item{kind: "Exif", body: append(b32(0), tiff...), hidden: true}
}
