package cases

import (
	"encoding/binary"
	"slices"
)

// Types of a TIFF field's value.
const (
	typeByte   = 1
	typeASCII  = 2
	typeShort  = 3
	typeLong   = 4
	typeSShort = 8
)

// field is a TIFF field whose value has at most 4 bytes.
type field struct {
	tag, kind, count int
	value            []byte
}

// orientation is the field that turns a picture. Exif 2.32, 4.6.4.A.
func orientation(order binary.AppendByteOrder, o int) field {
	return field{0x0112, typeShort, 1, write(order, 2, []int{o})}
}

// exif is a TIFF header with an image file directory for the picture, and one for its
// thumbnail if there are fields for that.
func exif(order binary.AppendByteOrder, picture, thumbnail []field) []byte {
	mark := []byte("MM")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		mark = []byte("II")
	}
	body := slices.Concat(mark, write(order, 2, []int{42}), write(order, 4, []int{8}))
	next := 0
	if thumbnail != nil {
		next = 8 + 2 + 12*len(picture) + 4
	}
	body = append(body, directory(order, picture, next)...)
	if thumbnail != nil {
		body = append(body, directory(order, thumbnail, 0)...)
	}
	return body
}

func directory(order binary.AppendByteOrder, fields []field, next int) []byte {
	body := write(order, 2, []int{len(fields)})
	for _, f := range fields {
		var value [4]byte
		copy(value[:], f.value)
		body = slices.Concat(body, write(order, 2, []int{f.tag, f.kind}), write(order, 4, []int{f.count}), value[:])
	}
	return append(body, write(order, 4, []int{next})...)
}

// turned is EXIF with only an orientation, big endian.
func turned(o int) []byte {
	return exif(binary.BigEndian, []field{orientation(binary.BigEndian, o)}, nil)
}

// untidy names wrong ways to say orientation 6, which browsers ignore.
func untidy(order binary.AppendByteOrder) map[string]field {
	return map[string]field{
		"byte":   {0x0112, typeByte, 1, []byte{6}},
		"ascii":  {0x0112, typeASCII, 2, []byte("6\x00")},
		"long":   {0x0112, typeLong, 1, write(order, 4, []int{6})},
		"sshort": {0x0112, typeSShort, 1, write(order, 2, []int{6})},
		"count2": {0x0112, typeShort, 2, write(order, 2, []int{6, 6})},
		"zero":   orientation(order, 0),
		"nine":   orientation(order, 9),
	}
}
