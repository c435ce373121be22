package render

import "encoding/binary"

// wholeBMP reports whether a file holds the pixels that its header promises. The
// decoder takes memory for the promise, and shows what there is of a run-length
// encoded file. BITMAPFILEHEADER, BITMAPCOREHEADER and BITMAPINFOHEADER in
// https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
func wholeBMP(file []byte, width, height int) bool {
	const fileHeader, coreHeader, rle8, rle4 = 14, 12, 1, 2
	if len(file) < fileHeader+coreHeader {
		return false
	}
	pixels, header := int64(binary.LittleEndian.Uint32(file[10:])), file[fileHeader:]
	if pixels > int64(len(file)) {
		return false
	}
	bits, compression := int64(binary.LittleEndian.Uint16(header[10:])), uint32(0)
	if size := binary.LittleEndian.Uint32(header); size > coreHeader && len(header) >= 20 {
		bits = int64(binary.LittleEndian.Uint16(header[14:]))
		if size >= 20 {
			compression = binary.LittleEndian.Uint32(header[16:])
		}
	}
	switch compression {
	case rle8:
		return wholeRLE(file[pixels:], width, height, func(n int) int { return n })
	case rle4:
		return wholeRLE(file[pixels:], width, height, func(n int) int { return (n + 1) / 2 })
	}
	stride := bmpStride(width, bits)
	return stride > 0 && (int64(len(file))-pixels)/stride >= int64(height)
}

// wholeRLE walks over run-length encoded pixels: whether there is an end to them, or
// all that there is room for. Size gives the bytes of as many pixels that stand there
// as they are. https://learn.microsoft.com/windows/win32/gdi/bitmap-compression
func wholeRLE(data []byte, width, height int, size func(int) int) bool {
	const endOfLine, endOfBitmap, delta = 0, 1, 2
	for x, y := 0, 0; y < height && (y < height-1 || x < width); {
		if len(data) < 2 {
			return false
		}
		count, value := int(data[0]), int(data[1])
		data = data[2:]
		switch {
		case count > 0:
			x += count
		case value == endOfLine:
			x, y = 0, y+1
		case value == endOfBitmap:
			return true
		case value == delta:
			if len(data) < 2 {
				return false
			}
			x, y, data = x+int(data[0]), y+int(data[1]), data[2:]
		default:
			n := (size(value) + 1) / 2 * 2
			if len(data) < n {
				return false
			}
			x, data = x+value, data[n:]
		}
		x = min(x, width)
	}
	return true
}

// bmpRows tells where the rows of a BMP of 24 bits a pixel are, and whether the last one
// comes first; ok is false where the file is of another kind.
func bmpRows(file []byte, width, height int) (start int64, upward, ok bool) {
	const fileHeader, infoHeader, largestHeader = 14, 40, 124
	if len(file) < fileHeader+infoHeader {
		return 0, false, false
	}
	header := file[fileHeader:]
	size, bits := binary.LittleEndian.Uint32(header), binary.LittleEndian.Uint16(header[14:])
	compression, colours := binary.LittleEndian.Uint32(header[16:]), binary.LittleEndian.Uint32(header[32:])
	start, upward = int64(binary.LittleEndian.Uint32(file[10:])), int32(binary.LittleEndian.Uint32(header[8:])) > 0
	ok = size >= infoHeader && size <= largestHeader && bits == 24 && compression == 0 && colours == 0 &&
		start >= fileHeader+int64(size) && start+bmpStride(width, 24)*int64(height) <= int64(len(file))
	return start, upward, ok
}

// bmpStride is the bytes of a row, which is padded to 4 bytes.
func bmpStride(width int, bits int64) int64 { return (int64(width)*bits + 31) / 32 * 4 }
