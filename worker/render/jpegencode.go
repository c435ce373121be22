//go:build cgo

package render

/*
#cgo pkg-config: libjpeg
#include "jpegwriter.h"
*/
import "C"

import (
	"errors"
	"syscall"
	"unsafe"
)

// encodeJPEG writes the picture as baseline JPEG with optimised Huffman tables, and without
// metadata. Transparent pixels are shown on white. It calls libjpeg itself: libvips 8.14
// takes as long as libjpeg to pass the rows on.
func (d *decoded) encodeJPEG(quality int) ([]byte, error) {
	return d.encodeJPEGWithin(quality, len(d.pixels)/16+1<<12, 4*len(d.pixels)+1<<16)
}

// encodeJPEGWithin fails if the file exceeds a limit. At first it has memory for size bytes.
func (d *decoded) encodeJPEGWithin(quality, size, limit int) ([]byte, error) {
	w := C.jpeg_writer_new(C.size_t(size), C.size_t(limit))
	if w == nil {
		return nil, syscall.ENOMEM
	}
	defer C.jpeg_writer_free(w)
	if C.jpeg_write(w, bytePointer(d.pixels), C.int(d.width), C.int(d.height), C.int(d.bands), C.int(quality)) != 0 {
		return nil, errors.New("jpeg: " + C.GoString(&w.message[0]))
	}
	return C.GoBytes(unsafe.Pointer(w.body), C.int(w.length)), nil
}
