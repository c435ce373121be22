package imageheader

import (
	"bytes"
)

// bitWriter writes bits, the highest of a byte first.
type bitWriter struct {
	b []byte
	n int
}

func (w *bitWriter) bits(n int, v uint32) *bitWriter {
	for i := n - 1; i >= 0; i-- {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[w.n/8] |= byte(v>>i&1) << (7 - w.n%8)
		w.n++
	}
	return w
}

func (w *bitWriter) exponential(v uint32) *bitWriter {
	size := 0
	for v+1 >= 2<<size {
		size++
	}
	return w.bits(size, 0).bits(size+1, v+1)
}

// av1OBU is a sequence header of a still picture. High means 10 bits.
func av1OBU(width, height int, profile, high uint32) []byte {
	w := &bitWriter{}
	w.bits(3, profile).bits(2, 3).bits(5, 0).bits(4, 15).bits(4, 15).bits(16, uint32(width-1)).bits(16, uint32(height-1))
	w.bits(3, 0).bits(3, 0).bits(1, high)
	if profile != 1 {
		w.bits(1, 0) // Not monochrome.
	}
	w.bits(1, 1).bits(8, 12).bits(8, 16).bits(8, 9).bits(1, 1) // Code points, full range.
	if profile == 0 {
		w.bits(2, 0)
	}
	w.bits(2, 0).bits(1, 1)
	return join([]byte{1<<3 | 2, byte(len(w.b))}, w.b)
}

func box(kind string, body ...[]byte) []byte {
	content := join(body...)
	return join(be32(len(content)+8), []byte(kind), content)
}

func fullBox(kind string, version byte, body ...[]byte) []byte {
	return box(kind, []byte{version, 0, 0, 0}, join(body...))
}

// heifTestItem is an item: its type, data, properties (by number, from 1), and references.
type heifTestItem struct {
	kind       string
	data       []byte
	properties []byte
	derived    []int
	auxiliary  int // The master.
	prem       int
}

// heifFile is a file of items, numbered from 1, of which the first is the primary one.
// Their data is in idat; equal data is stored once.
func heifFile(brand string, properties []byte, items ...heifTestItem) []byte {
	var infos, locations, associations, references, data []byte
	for i, item := range items {
		id := i + 1
		infos = join(infos, fullBox("infe", 2, be16(id), be16(0), []byte(item.kind), []byte{0}))
		at := bytes.Index(data, item.data)
		if at < 0 {
			at, data = len(data), join(data, item.data)
		}
		locations = join(locations, be16(id), be16(1), be16(0), be16(1), be32(at), be32(len(item.data)))
		associations = join(associations, be16(id), []byte{byte(len(item.properties))}, item.properties)
		if len(item.derived) > 0 {
			var ids []byte
			for _, to := range item.derived {
				ids = join(ids, be16(to))
			}
			references = join(references, box(refDerived, be16(id), be16(len(item.derived)), ids))
		}
		if item.auxiliary > 0 {
			references = join(references, box(refAuxiliary, be16(id), be16(1), be16(item.auxiliary)))
		}
		if item.prem > 0 {
			references = join(references, box(refPremultiplied, be16(id), be16(1), be16(item.prem)))
		}
	}
	return join(box("ftyp", []byte(brand), be32(0), []byte("mif1")), fullBox("meta", 0,
		fullBox("pitm", 0, be16(1)),
		fullBox("iinf", 0, be16(len(items)), infos),
		fullBox("iloc", 1, []byte{0x44, 0}, be16(len(items)), locations),
		box("iprp", box("ipco", properties), fullBox("ipma", 0, be32(len(items)), associations)),
		fullBox("iref", 0, references),
		box("idat", data)))
}

func ispe(width, height int) []byte { return fullBox("ispe", 0, be32(width), be32(height)) }

func av1C(config []byte) []byte { return box("av1C", []byte{0x81, 0, 0x0c, 0}, config) }

func nclx(primaries, transfer, matrix int, full byte) []byte {
	return box("colr", []byte("nclx"), be16(primaries), be16(transfer), be16(matrix), []byte{full << 7})
}

func auxC(urn string) []byte { return fullBox("auxC", 0, []byte(urn), []byte{0}) }

const alphaURN = "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"

func clapOf(size Size, x, y int) []byte {
	return box("clap", be32(size.Width), be32(1), be32(size.Height), be32(1), be32(x), be32(2), be32(y), be32(2))
}
