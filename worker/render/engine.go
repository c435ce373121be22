package render

/*
#cgo pkg-config: vips
#include <stdlib.h>
#include <vips/vips.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/davidbyttow/govips/v2/vips"
)

// loaders are the only decoders of libvips that a source's bytes reach, apart from that of JPEG
// XL: see jxl.go. GIF, BMP and ICO are decoded in Go.
var loaders = []string{
	"VipsForeignLoadJpeg",
	"VipsForeignLoadPng",
	"VipsForeignLoadWebp",
	"VipsForeignLoadHeif",
	"VipsForeignLoadTiff",
}

// gcPercent lets Go's heap grow by a quarter before it is collected. The heap consists of a
// few large blocks, sources and decoded pictures, so collecting costs almost nothing. For 8
// pictures of 12 megapixels at once, with 16 variants each, 25 percent and glibc's mmap
// threshold (see bindMemoryToPictures) need 118 MB instead of 156, for 4 % more CPU.
const gcPercent = 25

// Start starts libvips; it must have been called before anything else in this
// package. It may be called again.
var Start = sync.OnceValue(func() error {
	bindMemoryToPictures()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	// A picture that is decoded for random access stays in memory, which the limits bound.
	// Above 100 MB libvips would use a temporary file, and 8.14.1 then crashes in frames
	// that need no scaling. The variable accepts k, m and g; with another unit it counts
	// bytes.
	if err := os.Setenv("VIPS_DISC_THRESHOLD", "1024g"); err != nil {
		return err
	}
	vips.LoggingSettings(func(string, vips.LogLevel, string) {}, vips.LogLevelError)
	if err := initWithoutModules(); err != nil {
		return err
	}
	// Every field is set, because govips treats a zero as a setting. One thread per picture
	// and no operation cache: pictures are rendered concurrently, each once.
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
	if usesJXL() {
		setBlocked("VipsForeignLoadJxl", false)
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

// lastError returns and clears the error buffer of libvips, for calls that bypass govips.
func lastError() error {
	text := C.vips_error_buffer_copy() // This also clears it.
	defer C.g_free(C.gpointer(text))
	if message := C.GoString(text); message != "" {
		return errors.New(message)
	}
	return errSilent // The message went to another picture that failed at the same time.
}

// Encoder names the program's recipe version and the library's version, as a rendition's
// lineage records it. The first part changes when the same settings produce other bytes.
func Encoder() string {
	return "calotype-4 libvips-" + vips.Version
}
