package imageheader

import (
	"errors"

	"calotype"
)

// HEIF holds the fields that only a HEIC or an AVIF has. A file holds items: coded
// pictures, pictures derived from others, and descriptions. ISO 23008-12; AVIF 1.1; MIAF
// (ISO 23000-22).
type HEIF struct {
	// Brand is the major brand.
	Brand string
	// Coding is the type of the first coded picture that is shown: "av01", "hvc1".
	Coding string
	// Columns and Rows are above 1 for a grid of tiles, and Tile is a tile's stated size.
	Columns, Rows int
	Tile          Size
	// Coded is the size of the largest coded picture according to the codec's own sequence
	// header, and Stated is the container's size for it. Coded is zero if no sequence
	// header was found.
	Coded, Stated Size
	// Pictures counts the coded pictures that are needed to show the file, alpha included,
	// each as often as it is referred to.
	Pictures int
	// Nesting is how deep derived items refer to others: 0 for a coded picture, 1 for a
	// grid of coded pictures. Circular means that an item refers to itself, directly or
	// indirectly.
	Nesting  int
	Circular bool
	// Unsupported is the type of an item that is needed to show the file and is not a coded
	// picture, a grid or an identity: "iovl".
	Unsupported string
	// Clap is the clean aperture, even if browsers ignore it; nil if there is none.
	Clap *Rect
	// AlphaFullRange means that the alpha plane uses the full range of values.
	AlphaFullRange bool
	// AlphaDepth is in bits, zero without alpha.
	AlphaDepth int
	// GainMap, DepthMap and ToneMap mean that there is an auxiliary or a derived item of
	// that kind, which is not shown.
	GainMap, DepthMap, ToneMap bool
	// Sequence means that the file is an animation with a track.
	Sequence bool
	// Overlapping means that items share more data than the file has, so that not all of
	// their sequence headers were read.
	Overlapping bool
}

// The types of items and references.
const (
	itemGrid, itemIdentity, itemToneMap = "grid", "iden", "tmap"

	refDerived, refAuxiliary, refPremultiplied = "dimg", "auxl", "prem"
)

// isCoded reports whether items of a type are pictures whose own size can be read here.
func isCoded(kind string) bool { return kind == "av01" || kind == "hvc1" || kind == "hev1" }

func parseHEIF(h *Header, file []byte) error {
	f := &HEIF{Brand: string(file[8:12]), Columns: 1, Rows: 1}
	h.HEIF = f
	h.Channels = 3
	r := heifReader{h: h, HEIF: f, file: file, budget: 4*len(file) + 1<<16, coded: map[codedKey]codedItem{}, items: map[uint32]*heifItem{}, auxiliaries: map[uint32][]uint32{}, shownAs: map[uint32]shown{}}
	for b := range Boxes(file, 0, len(file)) {
		switch b.Type {
		case "meta":
			if r.meta == nil {
				r.meta = &b
				r.readMeta(b)
			}
		case "moov":
			r.readMovie(b)
		}
	}
	if r.primary == nil {
		if f.Sequence && h.Width > 0 {
			return nil
		}
		return errors.New("no primary item")
	}
	return r.readPrimary()
}

// heifReader reads the items of a file, and then what is needed to show the primary one.
type heifReader struct {
	h *Header
	*HEIF
	file []byte
	// budget is how many more bytes of items are inspected.
	budget int

	meta        *Box
	primaryID   uint32
	primary     *heifItem
	items       map[uint32]*heifItem
	properties  []Box
	data        []byte              // From the box idat.
	auxiliaries map[uint32][]uint32 // Keyed by the item that they belong to.
	shownAs     map[uint32]shown
	coded       map[codedKey]codedItem
}

// readPrimary reads the primary item's size, turn and colour, and those of its tiles.
func (r *heifReader) readPrimary() error {
	p := r.propertiesOf(r.primary)
	if p.size == (Size{}) {
		return errors.New("the primary item has no size")
	}
	if !r.Sequence {
		r.h.Width, r.h.Height = p.size.Width, p.size.Height
	}
	all := r.show(r.primaryID, 0)
	r.Nesting, r.Pictures = all.nesting, all.pictures
	if r.primary.kind == itemGrid {
		r.readGrid(r.primary)
	}
	if len(p.turns) > 0 {
		r.turn(p)
	}
	tile := r.firstCoded(r.primary)
	t := r.propertiesOf(tile)
	if tile != nil {
		r.Coding, r.Tile = tile.kind, t.size
		r.readCoded(tile, t)
	}
	if p.icc == nil && p.nclx == nil { // What a grid does not declare, its tiles may.
		p.icc, p.nclx = t.icc, t.nclx
	}
	if p.depth == 0 {
		p.depth = t.depth
	}
	r.readColour(p)
	r.readAlpha(tile)
	if r.h.Depth = max(r.h.Depth, p.depth); r.h.Chroma == Chroma400 {
		r.h.Channels -= 2
	}
	return nil
}

// readColour decides what counts: an ICC profile, then code points of the container, then
// those of the codec. MIAF 7.3.6.4; AVIF 1.1, 2.2.1.
func (r *heifReader) readColour(p heifProperties) {
	colour := &r.h.Colour
	if p.nclx != nil {
		colour.CICP = p.nclx
	}
	switch {
	case p.icc != nil:
		colour.ICC, colour.Source = p.icc, ColourICC
	case colour.CICP != nil && (colour.CICP.Primaries != Unspecified || colour.CICP.Transfer != Unspecified):
		colour.Source = ColourCICP
	}
}

// readCoded reads what the codec declares about a coded picture: its depth, its chroma, its
// colour, and its true size.
func (r *heifReader) readCoded(item *heifItem, p heifProperties) {
	coded, ok := r.sequence(item, p)
	if !ok {
		r.h.Depth, r.h.Chroma = max(p.depth, 8), p.chroma
		return
	}
	r.h.Depth, r.h.Chroma = coded.depth, coded.chroma
	c := coded.cicp
	r.h.Colour.CICP = &c
}

// sequence reads the sequence headers of a coded picture: those of its configuration, and
// those among its data.
func (r *heifReader) sequence(item *heifItem, p heifProperties) (largest codedPicture, ok bool) {
	key := codedKey{item.construction, item.base, string(item.extents), nil}
	if len(p.config) > 0 {
		key.config = &p.config[0]
	}
	c, found := r.coded[key] // Identical tiles are often stored once.
	if !found {
		c.picture, c.ok = r.findSequence(item, p)
		r.coded[key] = c
	}
	return c.picture, c.ok
}

// codedKey identifies where a coded picture's sequence headers are.
type codedKey struct {
	construction byte
	base         uint64
	extents      string
	config       *byte
}

// codedItem is the result for a coded picture's sequence headers.
type codedItem struct {
	picture codedPicture
	ok      bool
}

func (r *heifReader) findSequence(item *heifItem, p heifProperties) (largest codedPicture, ok bool) {
	if r.budget -= len(p.config); r.budget < 0 {
		r.Overlapping = true
		return largest, false
	}
	data := r.dataOf(item)
	if item.kind == "av01" {
		largest, ok = av1Sequence(data)
		if config := p.config; len(config) > 4 {
			if c, valid := av1Sequence(config[4:]); valid && (!ok || c.Width*c.Height > largest.Width*largest.Height) {
				largest, ok = c, true
			}
		}
		return largest, ok
	}
	largest, lengthSize, ok := hevcConfig(p.config)
	return hevcUnits(data, lengthSize, largest, ok)
}

// maxAuxiliaries bounds the inspected auxiliary pictures of an item: a phone writes about
// five.
const maxAuxiliaries = 64

// readAlpha looks for an alpha plane of the primary item, or of its tiles.
func (r *heifReader) readAlpha(tile *heifItem) {
	for _, master := range []*heifItem{r.primary, tile} {
		if master == nil {
			continue
		}
		ids := r.auxiliaries[master.id]
		for _, id := range ids[:min(len(ids), maxAuxiliaries)] {
			item := r.items[id]
			if item == nil {
				continue
			}
			p := r.propertiesOf(item)
			switch auxiliaryKind(p.auxiliary) {
			case auxiliaryGainMap:
				r.GainMap = true
			case auxiliaryDepth:
				r.DepthMap = true
			case auxiliaryAlpha:
				if !r.h.Alpha {
					r.addAlpha(master, item, p)
				}
			}
		}
	}
}

func (r *heifReader) addAlpha(master, item *heifItem, p heifProperties) {
	r.h.Alpha = true
	r.h.Channels++
	all := r.show(item.id, 0)
	r.Pictures, r.Nesting = addPictures(r.Pictures, all.pictures), max(r.Nesting, all.nesting)
	r.h.Premultiplied = master.refersTo(refPremultiplied, item.id)
	r.AlphaDepth = max(p.depth, 8)
	r.AlphaFullRange = p.nclx == nil || p.nclx.FullRange
	if coded := r.firstCoded(item); coded != nil {
		if c, ok := r.sequence(coded, r.propertiesOf(coded)); ok { // Which counts, as in browsers.
			r.AlphaDepth, r.AlphaFullRange = c.depth, c.cicp.FullRange
		}
	}
}

// The kinds of auxiliary pictures that are distinguished.
const (
	auxiliaryOther = iota
	auxiliaryAlpha
	auxiliaryDepth
	auxiliaryGainMap
)

func auxiliaryKind(urn string) int {
	switch urn {
	case "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", "urn:mpeg:hevc:2015:auxid:1", "urn:mpeg:avc:2015:auxid:1":
		return auxiliaryAlpha
	case "urn:mpeg:mpegB:cicp:systems:auxiliary:depth", "urn:mpeg:hevc:2015:auxid:2":
		return auxiliaryDepth
	case "urn:com:apple:photo:2020:aux:hdrgainmap":
		return auxiliaryGainMap
	}
	return auxiliaryOther
}

// readGrid reads how many tiles a grid has: ISO 23008-12, 6.6.2.3.
func (r *heifReader) readGrid(item *heifItem) {
	b := r.dataOf(item)
	if len(b) < 8 {
		r.h.damaged("a grid without its size")
		return
	}
	r.Rows, r.Columns = int(b[2])+1, int(b[3])+1
	if n := len(item.references(refDerived)); n != r.Rows*r.Columns {
		r.h.damaged("a grid of %dx%d with %d tiles", r.Columns, r.Rows, n)
	}
}

// shown is what is needed to show an item.
type shown struct {
	pictures, nesting int
	done              bool
}

// maxNesting bounds how deep references are followed; no decoder goes that deep.
const maxNesting = 32

// show counts what is needed to show an item. It records unsupported items, and coded
// pictures whose size is not the stated one.
func (r *heifReader) show(id uint32, depth int) shown {
	if s, ok := r.shownAs[id]; ok {
		r.Circular = r.Circular || !s.done
		return s
	}
	item := r.items[id]
	if item == nil || depth > maxNesting {
		return shown{nesting: depth, done: true}
	}
	r.shownAs[id] = shown{}
	s := shown{done: true}
	switch {
	case isCoded(item.kind):
		s.pictures = 1
		r.compare(item)
	default:
		if item.kind != itemGrid && item.kind != itemIdentity && r.Unsupported == "" {
			r.Unsupported = item.kind
		}
		for _, from := range item.references(refDerived) {
			below := r.show(from, depth+1)
			s.pictures, s.nesting = addPictures(s.pictures, below.pictures), max(s.nesting, below.nesting+1)
		}
	}
	r.shownAs[id] = s
	return s
}

// addPictures adds and saturates instead of overflowing.
func addPictures(a, b int) int { return min(a+b, 1<<30) }

// compare keeps the coded picture that is largest by its sequence header.
func (r *heifReader) compare(item *heifItem) {
	p := r.propertiesOf(item)
	if coded, ok := r.sequence(item, p); ok && (r.Coded == Size{} || r.excess(coded.Size, p.size) > r.excess(r.Coded, r.Stated)) {
		r.Coded, r.Stated = coded.Size, p.size
	}
}

// excess returns by how many pixels a coded picture is larger than stated, in the larger
// direction.
func (r *heifReader) excess(coded, stated Size) int {
	return max(coded.Width-stated.Width, coded.Height-stated.Height)
}

// firstCoded follows the first references of an item to a coded picture.
func (r *heifReader) firstCoded(item *heifItem) *heifItem {
	for range maxNesting {
		if item == nil || isCoded(item.kind) {
			return item
		}
		from := item.references(refDerived)
		if len(from) == 0 {
			return nil
		}
		item = r.items[from[0]]
	}
	return nil
}

// turn applies a crop and the turns in the order of the item's properties, as the
// specification and libheif do. Chromium turns before it mirrors, whatever the order.
func (r *heifReader) turn(p heifProperties) {
	orientation := 1
	for _, t := range p.turns {
		switch t.kind {
		case "irot":
			orientation = orientationAfter(orientation, []int{1, 8, 3, 6}[t.value&3])
		case "imir":
			orientation = orientationAfter(orientation, []int{4, 2}[t.value&1])
		case "clap":
			if rect, ok := t.clap.rect(p.size.turned(orientation)); ok && r.Clap == nil {
				rect = rect.stored(p.size, orientation)
				r.Clap = &rect
			}
		}
	}
	r.h.Orientation = orientation
	// Chromium crops only at the upper left corner, and Firefox shows no cropped AVIF.
	if r.Clap != nil && (r.h.Format == calotype.HEIC || r.Clap.X == 0 && r.Clap.Y == 0) {
		r.h.Crop = *r.Clap
	}
}
