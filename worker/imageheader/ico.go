package imageheader

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// ICO holds the fields that only an icon file has.
// https://learn.microsoft.com/previous-versions/ms997538(v=msdn.10)
type ICO struct {
	// Entries are the pictures, in the order of the file.
	Entries []ICOEntry
	// Largest is the index of the entry that browsers show: the largest, and among equals
	// the one with the most bits.
	Largest int
}

// ICOEntry is a picture of an icon file: a PNG, or a BMP without a file header and followed
// by a mask.
type ICOEntry struct {
	Width, Height, Bits int
	PNG                 bool
	// Data are the picture's bytes.
	Data []byte
}

const icoHeader, icoEntry = 6, 16

// isICO reports whether a file begins like an icon and its first entry is inside the file.
func isICO(file []byte) bool {
	if len(file) < icoHeader+icoEntry || !bytes.HasPrefix(file, []byte{0, 0, 1, 0}) {
		return false
	}
	count, entry := int64(binary.LittleEndian.Uint16(file[4:])), file[icoHeader:]
	start := int64(binary.LittleEndian.Uint32(entry[12:]))
	return count > 0 && start >= icoHeader+icoEntry*count && start < int64(len(file))
}

func parseICO(h *Header, file []byte) error {
	o := &ICO{}
	h.ICO = o
	for i := range int(binary.LittleEndian.Uint16(file[4:])) {
		at := icoHeader + icoEntry*i
		if at+icoEntry > len(file) {
			h.damaged("a directory cut short")
			break
		}
		e, ok := readICOEntry(file, file[at:at+icoEntry])
		if !ok {
			h.damaged("a picture beyond the end")
			continue
		}
		o.Entries = append(o.Entries, e)
		if area, largest := e.Width*e.Height, o.Entries[o.Largest]; area > largest.Width*largest.Height ||
			area == largest.Width*largest.Height && e.Bits > largest.Bits {
			o.Largest = len(o.Entries) - 1
		}
	}
	if len(o.Entries) == 0 {
		return errors.New("no picture")
	}
	e := o.Entries[o.Largest]
	h.Width, h.Height, h.Channels, h.Alpha = e.Width, e.Height, 4, true
	return nil
}

// readICOEntry reads the size of a picture from its own header, which takes precedence, or
// else from the directory.
func readICOEntry(file, entry []byte) (e ICOEntry, ok bool) {
	size, start := int64(binary.LittleEndian.Uint32(entry[8:])), int64(binary.LittleEndian.Uint32(entry[12:]))
	if start >= int64(len(file)) {
		return e, false
	}
	e.Data = file[start:min(start+size, int64(len(file)))]
	e.Width, e.Height, e.Bits = (int(entry[0])+255)&255+1, (int(entry[1])+255)&255+1, int(binary.LittleEndian.Uint16(entry[6:]))
	if e.PNG = bytes.HasPrefix(e.Data, []byte(pngSignature)); e.PNG {
		if len(e.Data) < 8+8+13 {
			return e, false
		}
		width, height := binary.BigEndian.Uint32(e.Data[16:]), binary.BigEndian.Uint32(e.Data[20:])
		e.Width, e.Height, e.Bits = int(min(width, 1<<24)), int(min(height, 1<<24)), 32
		return e, e.Width > 0 && e.Height > 0
	}
	if len(e.Data) < bmpInfo {
		return e, false
	}
	e.Bits = int(binary.LittleEndian.Uint16(e.Data[14:]))
	// The bitmap's height covers colours and mask.
	if width, height := int32(binary.LittleEndian.Uint32(e.Data[4:])), int32(binary.LittleEndian.Uint32(e.Data[8:])); width > 0 && max(height, -height) > 1 {
		e.Width, e.Height = int(width), int(max(height, -height)/2)
	}
	return e, true
}
