package imageheader

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// heifItem is an item of a file, with its parts as slices of the file.
type heifItem struct {
	id           uint32
	kind         string
	hidden       bool
	associations []byte // From ipma: the properties that it has.
	wide         bool   // In two bytes each.
	construction byte
	base         uint64
	extents      []byte
	sizes        [3]int // The sizes of an extent's index, offset and length, in bytes.
	from         []heifReference
}

// heifReference is a list of items that an item refers to. ISO 14496-12, 8.11.12.
type heifReference struct {
	kind string
	ids  []byte
	wide bool
}

func (f heifReference) all() []uint32 {
	step := 2
	if f.wide {
		step = 4
	}
	ids := make([]uint32, 0, len(f.ids)/step)
	for chunk := range slices.Chunk(f.ids, step) {
		if len(chunk) < step {
			break
		}
		r := bytesReader{b: chunk}
		ids = append(ids, uint32(r.number(step)))
	}
	return ids
}

// references returns the items of the first list of a kind.
func (item *heifItem) references(kind string) []uint32 {
	for _, f := range item.from {
		if f.kind == kind {
			return f.all()
		}
	}
	return nil
}

func (item *heifItem) refersTo(kind string, id uint32) bool {
	return slices.Contains(item.references(kind), id)
}

// maxItems bounds the items of a file. A phone's picture has about 200.
const maxItems = 1 << 14

func (r *heifReader) readMeta(meta Box) {
	for b := range meta.children(4) {
		if b.Type == "iinf" {
			r.readItemInfo(b)
		}
	}
	for b := range meta.children(4) {
		switch version, _, rest := b.full(); b.Type {
		case "pitm":
			r.primaryID = uint32(rest.number(2 + 2*int(min(version, 1))))
		case "iloc":
			r.readLocations(version, rest)
		case "iref":
			r.readReferences(version, b)
		case "idat":
			r.data = b.Body
		case "iprp":
			r.readProperties(b)
		}
	}
	r.primary = r.items[r.primaryID]
}

// readItemInfo reads the items' types. ISO 14496-12, 8.11.6.
func (r *heifReader) readItemInfo(info Box) {
	version, _, _ := info.full()
	for b := range info.children(4 + 2 + 2*int(min(version, 1))) {
		if b.Type != "infe" || len(r.items) >= maxItems {
			continue
		}
		entryVersion, flags, rest := b.full()
		if entryVersion < 2 {
			continue // The item has no type.
		}
		item := &heifItem{hidden: flags&1 != 0}
		item.id = uint32(rest.number(2 * int(min(entryVersion-1, 2))))
		rest.u16()
		item.kind = string(rest.take(4))
		if !rest.short && r.items[item.id] == nil {
			r.items[item.id] = item
			r.ToneMap = r.ToneMap || item.kind == itemToneMap
		}
	}
}

// readLocations reads where the items' data are. ISO 14496-12, 8.11.3.
func (r *heifReader) readLocations(version byte, b *bytesReader) {
	sizes := b.u16()
	offset, length, base, index := int(sizes>>12), int(sizes>>8&15), int(sizes>>4&15), int(sizes&15)
	if version == 0 {
		index = 0
	}
	idSize := 2
	if version >= 2 {
		idSize = 4
	}
	for range b.number(idSize) {
		id := uint32(b.number(idSize))
		construction := byte(0)
		if version >= 1 {
			construction = byte(b.u16() & 15)
		}
		b.u16() // The file that holds the data.
		start := b.number(base)
		extents := b.take(int(b.u16()) * (index + offset + length))
		if b.short {
			return
		}
		if item := r.items[id]; item != nil && item.extents == nil {
			item.construction, item.base, item.extents, item.sizes = construction, start, extents, [3]int{index, offset, length}
		}
	}
}

// dataOf returns the data of an item: in one piece, or joined from the first of several.
func (r *heifReader) dataOf(item *heifItem) []byte {
	from := r.file
	switch item.construction {
	case 0:
	case 1:
		from = r.data
	default:
		return nil
	}
	b := bytesReader{b: item.extents}
	var pieces [][]byte
	for len(b.b) > 0 {
		b.number(item.sizes[0])
		at, n := item.base+b.number(item.sizes[1]), b.number(item.sizes[2])
		if b.short || at > uint64(len(from)) {
			break
		}
		if n == 0 || n > uint64(len(from))-at {
			n = uint64(len(from)) - at
		}
		if r.budget -= int(n); r.budget < 0 {
			r.Overlapping = true
			return nil
		}
		pieces = append(pieces, from[at:at+n])
		if item.sizes == [3]int{} {
			break
		}
	}
	if len(pieces) == 1 {
		return pieces[0]
	}
	return bytes.Join(pieces, nil)
}

// readReferences reads which item refers to which. ISO 14496-12, 8.11.12.
func (r *heifReader) readReferences(version byte, references Box) {
	size := 2
	if version > 0 {
		size = 4
	}
	for b := range references.children(4) {
		rest := bytesReader{b: b.Body}
		from := uint32(rest.number(size))
		ids := rest.take(int(rest.u16()) * size)
		item := r.items[from]
		if rest.short || item == nil {
			continue
		}
		f := heifReference{b.Type, ids, size == 4}
		item.from = append(item.from, f)
		if b.Type != refAuxiliary {
			continue
		}
		for _, master := range f.all() { // The auxiliary item refers to its master.
			r.auxiliaries[master] = append(r.auxiliaries[master], from)
		}
	}
}

// readProperties reads the properties, and their assignment to items. ISO 23008-12, 9.3.
func (r *heifReader) readProperties(properties Box) {
	const maxProperties = 1 << 15
	for b := range properties.children(0) {
		switch b.Type {
		case "ipco":
			for p := range b.children(0) {
				if len(r.properties) < maxProperties {
					r.properties = append(r.properties, p)
				}
			}
		case "ipma":
			version, flags, rest := b.full()
			wide := flags&1 != 0
			for range rest.u32() {
				id := uint32(rest.number(2 + 2*int(min(version, 1))))
				n := int(rest.u8())
				if wide {
					n *= 2
				}
				associations := rest.take(n)
				if rest.short {
					break
				}
				if item := r.items[id]; item != nil && item.associations == nil {
					item.associations, item.wide = associations, wide
				}
			}
		}
	}
}

// heifProperties are the properties of an item that are used.
type heifProperties struct {
	size      Size
	depth     int
	chroma    Chroma // From the codec's configuration.
	config    []byte
	icc       []byte
	nclx      *CICP
	auxiliary string
	turns     []heifTurn
}

// heifTurn is a crop, a turn or a mirroring.
type heifTurn struct {
	kind  string
	value byte
	clap  clap
}

// propertiesOf reads the properties of an item, in the order that it names them.
func (r *heifReader) propertiesOf(item *heifItem) (p heifProperties) {
	if item == nil {
		return p
	}
	b := bytesReader{b: item.associations}
	for len(b.b) > 0 {
		index := int(b.b[0] & 0x7f)
		if item.wide {
			index = int(b.u16() & 0x7fff)
		} else {
			b.u8()
		}
		if !b.short && index >= 1 && index <= len(r.properties) {
			p.read(r.properties[index-1])
		}
	}
	return p
}

func (p *heifProperties) read(property Box) {
	body := property.Body
	switch property.Type {
	case "ispe":
		_, _, b := property.full()
		width, height := b.u32(), b.u32()
		if p.size == (Size{}) && !b.short && width > 0 && height > 0 && width < 1<<31 && height < 1<<31 {
			p.size = Size{int(width), int(height)}
		}
	case "pixi":
		_, _, b := property.full()
		for range b.u8() {
			p.depth = max(p.depth, int(b.u8()))
		}
	case "av1C":
		if len(body) >= 4 && p.config == nil {
			p.config = body
			p.chroma = map[byte]Chroma{0x00: Chroma444, 0x08: Chroma422, 0x0c: Chroma420}[body[2]&0x0c]
			if body[2]&0x10 != 0 {
				p.chroma = Chroma400
			}
			if body[2]&0x40 != 0 {
				p.depth = max(p.depth, 10+2*int(body[2]>>5&1))
			}
		}
	case "hvcC":
		if len(body) >= 23 && p.config == nil {
			p.config = body
			p.chroma = []Chroma{Chroma400, Chroma420, Chroma422, Chroma444}[body[16]&3]
			p.depth = max(p.depth, 8+int(body[17]&7))
		}
	case "colr":
		p.readColour(body)
	case "auxC":
		if len(body) > 4 {
			name, _, _ := bytes.Cut(body[4:], []byte{0})
			p.auxiliary = string(name)
		}
	case "irot", "imir":
		if len(body) >= 1 {
			p.turns = append(p.turns, heifTurn{kind: property.Type, value: body[0]})
		}
	case "clap":
		if len(body) >= 32 {
			number := func(i int) int64 { return int64(int32(binary.BigEndian.Uint32(body[4*i:]))) }
			p.turns = append(p.turns, heifTurn{kind: property.Type, clap: clap{
				fraction{number(0), number(1)}, fraction{number(2), number(3)}, fraction{number(4), number(5)}, fraction{number(6), number(7)},
			}})
		}
	}
}

// readColour reads a colr box. An item may have one with code points and one with a
// profile. ISO 14496-12, 12.1.5.
func (p *heifProperties) readColour(body []byte) {
	if len(body) < 4 {
		return
	}
	switch kind := string(body[:4]); {
	case (kind == "prof" || kind == "rICC") && p.icc == nil && len(body) > 4:
		p.icc = body[4:]
	case kind == "nclx" && p.nclx == nil && len(body) >= 11:
		number := func(i int) uint16 { return binary.BigEndian.Uint16(body[i:]) }
		p.nclx = &CICP{number(4), number(6), number(8), body[10]&0x80 != 0}
	}
}
