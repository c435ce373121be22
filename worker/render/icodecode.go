package render

import (
	"fmt"
	"slices"
)

// icon is a bitmap of an icon and its mask.
type icon struct {
	bitmap
	mask []byte // One bit a pixel, in rows like the bitmap's: 1 is transparent. It may be cut.
}

// readIcon reads the headers of a bitmap without a file header.
func readIcon(data []byte) (i icon, err error) {
	head := append([]byte("BM"), make([]byte, bmpFileHeader-2)...) // Its zero means that the pixels follow the palette.
	if i.bitmap, err = readBMP(slices.Concat(head, data)); err != nil {
		return i, err
	}
	if i.height /= 2; i.height < 1 || i.isRLE() {
		return i, fmt.Errorf("ico: a bitmap of %dx%d pixels with compression %d is not supported", i.width, i.height, i.compression)
	}
	if colours := bmpStride(i.width, int64(i.bits)) * int64(i.height); colours < int64(len(i.pixels)) {
		i.pixels, i.mask = i.pixels[:colours], i.pixels[colours:]
	}
	return i, nil
}

// decode writes rows of RGBA. The samples of alpha in 32 bits count if any is not zero, and
// the mask otherwise.
func (i *icon) decode(to []byte) {
	if i.bits == 32 && i.masks[3] == 0 {
		i.masks[3] = 0xff000000
	}
	i.bitmap.decode(4, to)
	if i.bits == 32 && hasAlpha(to) {
		return
	}
	stride := int(bmpStride(i.width, 1))
	shown := len(i.pixels) / int(bmpStride(i.width, int64(i.bits))) // Rows that the file has.
	for y := range min(i.height, shown) {
		row := to[i.row(y)*i.width*4:]
		var mask []byte
		if len(i.mask) >= (y+1)*stride {
			mask = i.mask[y*stride:]
		}
		for x := range i.width {
			row[4*x+3] = 255
			if mask != nil && mask[x/8]>>(7-x%8)&1 == 1 {
				clear(row[4*x:][:4])
			}
		}
	}
}

func hasAlpha(rgba []byte) bool {
	for i := 3; i < len(rgba); i += 4 {
		if rgba[i] != 0 {
			return true
		}
	}
	return false
}
