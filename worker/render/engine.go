package render

/*
#cgo pkg-config: vips
#include <stdlib.h>
#include <vips/vips.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

// Two arenas instead of eight a core: a decode's large blocks are freed back
// instead of being kept for each thread. M_ARENA_MAX is glibc's.
static void few_arenas(void) {
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 2);
#endif
}
*/
import "C"

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/davidbyttow/govips/v2/vips"
)

// loaders are the only ones of libvips' decoders that a source's bytes ever
// reach. BMP is decoded in Go.
var loaders = []string{
	"VipsForeignLoadJpeg",
	"VipsForeignLoadPng",
	"VipsForeignLoadNsgif",
	"VipsForeignLoadWebp",
	"VipsForeignLoadHeif",
	"VipsForeignLoadTiff",
}

// Start starts libvips; it must have been called before anything else in this
// package. It may be called again.
var Start = sync.OnceValue(func() error {
	C.few_arenas()
	// What is decoded for random access stays in memory, which the limits bound.
	// Above 100 MB libvips would use a temporary file, and 8.14.1 then crashes in
	// frames that need no scaling. It knows k, m and g, and takes another unit for bytes.
	if err := os.Setenv("VIPS_DISC_THRESHOLD", "1024g"); err != nil {
		return err
	}
	vips.LoggingSettings(func(string, vips.LogLevel, string) {}, vips.LogLevelError)
	// Every field is set: to govips a zero is a setting. One thread a picture and
	// no operation cache: pictures are rendered side by side, each once.
	err := vips.Startup(&vips.Config{
		ConcurrencyLevel: 1,
		MaxCacheFiles:    0,
		MaxCacheMem:      0,
		MaxCacheSize:     0,
		ReportLeaks:      false,
		CacheTrace:       false,
		CollectStats:     false,
	})
	if err != nil {
		return fmt.Errorf("start libvips: %w", err)
	}
	started.Store(true)
	if err := checkLibraries(); err != nil {
		return err
	}
	setBlocked("VipsForeignLoad", true)
	for _, loader := range loaders {
		setBlocked(loader, false)
	}
	return nil
})

// Stop ends libvips, if it was started, and removes its temporary files. It cannot be
// started again: this is for the end of the program.
func Stop() {
	if started.Load() {
		vips.Shutdown()
	}
}

var started atomic.Bool

// setBlocked blocks or allows an operation and all below it.
// https://www.libvips.org/API/8.14/VipsOperation.html#vips-operation-block-set
func setBlocked(operation string, blocked bool) {
	name := C.CString(operation)
	defer C.free(unsafe.Pointer(name))
	state := C.gboolean(C.FALSE)
	if blocked {
		state = C.gboolean(C.TRUE)
	}
	C.vips_operation_block_set(name, state)
}

// Encoder names the program's recipe version and the library's version, as a
// rendition's lineage records it. The first part changes when the same settings
// come to give other bytes.
func Encoder() string {
	return "calotype-1 libvips-" + vips.Version
}
