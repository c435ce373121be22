package render

import (
	"bytes"
	"encoding/binary"

	"calotype/worker/imageheader"
)

// withoutTransforms returns a copy of an AVIF without turns or crops. The engine turns the
// picture itself, because libheif applies crops that browsers ignore (clap), and turns in
// file order, while browsers turn (irot) before they mirror (imir). The copy's associations
// with these properties are 0, which means none. ISO 23008-12, 9.3 and 6.5.
func withoutTransforms(file []byte) []byte {
	out := bytes.Clone(file)
	for meta := range imageheader.Boxes(file, 0, len(file)) {
		if meta.Type != "meta" {
			continue
		}
		for iprp := range imageheader.Boxes(file, meta.End-len(meta.Body)+4, meta.End) {
			if iprp.Type != "iprp" {
				continue
			}
			var isTransform []bool // Keyed by index, from 1.
			for b := range imageheader.Boxes(file, iprp.End-len(iprp.Body), iprp.End) {
				switch b.Type {
				case "ipco":
					isTransform = []bool{false}
					for property := range imageheader.Boxes(file, b.End-len(b.Body), b.End) {
						t := property.Type
						isTransform = append(isTransform, t == "clap" || t == "irot" || t == "imir")
					}
				case "ipma":
					clearAssociations(out[b.End-len(b.Body):b.End], isTransform)
				}
			}
		}
	}
	return out
}

// clearAssociations sets the associations with the given properties to none.
func clearAssociations(ipma []byte, clear []bool) {
	if len(ipma) < 8 {
		return
	}
	idSize, size := 2, 1
	if ipma[0] > 0 {
		idSize = 4
	}
	if ipma[3]&1 != 0 {
		size = 2
	}
	count := binary.BigEndian.Uint32(ipma[4:])
	b := ipma[8:]
	for range count {
		if len(b) <= idSize {
			return
		}
		n := int(b[idSize])
		if b = b[idSize+1:]; len(b) < n*size {
			return
		}
		for i := range n {
			a := b[i*size:][:size]
			index := int(a[0] & 0x7f)
			if size == 2 {
				index = index<<8 | int(a[1])
			}
			if index < len(clear) && clear[index] {
				for j := range a {
					a[j] = 0
				}
			}
		}
		b = b[n*size:]
	}
}
