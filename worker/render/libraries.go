package render

/*
#cgo LDFLAGS: -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <vips/vips.h>

// loaded_function finds a function of a library that this process has already loaded; it
// loads nothing. A module of libvips loads libheif, so libheif is not in the global scope.
static void *loaded_function(const char *library, const char *function) {
	void *found = dlsym(RTLD_DEFAULT, function);
	void *handle;
	if (!found && (handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD))) {
		found = dlsym(handle, function);
		dlclose(handle); // One reference of several.
	}
	return found;
}

static uint32_t call_number(void *f) { return ((uint32_t (*)(void))f)(); }
static const char *call_text(void *f) { return ((const char *(*)(void))f)(); }

static int call_predicate(void *f, int argument) { return ((int (*)(int))f)(argument); }

static int has_operation(const char *base, const char *nickname) {
	return vips_type_find(base, nickname) != 0;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unsafe"

	"github.com/davidbyttow/govips/v2/vips"
)

// library describes a native library that the program depends on. Its version is that of
// the loaded library, not of the one at build time.
type library struct {
	name string
	// floor is the oldest version that passes the tests: Debian 12's.
	floor [3]int
	// file and function locate the version, and read parses it. A file that ends with a dot
	// is followed by the minor version.
	file, function string
	read           func(unsafe.Pointer) string
}

// libraries are those that report their version. libjpeg-turbo before 3 does not.
var libraries = []library{
	{"libwebp", [3]int{1, 2, 4}, "libwebp.so.7", "WebPGetEncoderVersion", func(f unsafe.Pointer) string {
		v := C.call_number(f)
		return fmt.Sprintf("%d.%d.%d", v>>16, v>>8&0xff, v&0xff)
	}},
	{"libheif", [3]int{1, 15, 1}, "libheif.so.1", "heif_get_version", text},
	{"libaom", [3]int{3, 6, 0}, "libaom.so.3", "aom_codec_version_str", text},
	{"libpng", [3]int{1, 6, 39}, "libpng16.so.16", "png_access_version_number", func(f unsafe.Pointer) string {
		v := C.call_number(f)
		return fmt.Sprintf("%d.%d.%d", v/10000, v/100%100, v%100)
	}},
	{"libtiff", [3]int{4, 5, 0}, "libtiff.so.6", "TIFFGetVersion", text},
	{"lcms", [3]int{2, 14, 0}, "liblcms2.so.2", "cmsGetEncodedCMMversion", func(f unsafe.Pointer) string {
		v := C.call_number(f)
		return fmt.Sprintf("%d.%d", v/1000, v%1000/10)
	}},
}

// libjxl is optional: without it, or if it is older than its floor, JPEG XL is off.
var libjxl = library{"libjxl", jxlFloor, "libjxl.so.0.", "JxlDecoderVersion", func(f unsafe.Pointer) string {
	v := C.call_number(f)
	return fmt.Sprintf("%d.%d.%d", v/1000000, v/1000%1000, v%1000)
}}

func text(f unsafe.Pointer) string { return C.GoString(C.call_text(f)) }

// vipsFloor is libvips's floor: before 8.13 it cannot block loaders.
var vipsFloor = [3]int{8, 14, 1}

// version asks a loaded library. It is "" if no library has that name: other systems name
// the file differently, or libvips was built with another library.
func (l library) version() string {
	const minors = 100
	f := loaded(l.file, l.function)
	for minor := 0; f == nil && strings.HasSuffix(l.file, ".") && minor < minors; minor++ {
		f = loaded(l.file+strconv.Itoa(minor), l.function)
	}
	if f == nil {
		return ""
	}
	return versionNumber.FindString(l.read(f))
}

// loaded finds a function of a library that this process has already loaded, or returns
// nil.
func loaded(library, function string) unsafe.Pointer {
	l, f := C.CString(library), C.CString(function)
	defer C.free(unsafe.Pointer(l))
	defer C.free(unsafe.Pointer(f))
	return C.loaded_function(l, f)
}

var versionNumber = regexp.MustCompile(`\d+\.\d+(\.\d+)?`)

// Libraries lists libvips and the libraries below it, with their versions at run time and
// the oldest supported ones: "libvips 8.15.1 (at least 8.14.1)". Call it after [Start].
func Libraries() string {
	list := []string{describe("libvips", vips.Version, vipsFloor)}
	for _, l := range append(libraries, libjxl) {
		if v := l.version(); v != "" {
			list = append(list, describe(l.name, v, l.floor))
		}
	}
	return strings.Join(list, ", ")
}

func describe(name, version string, floor [3]int) string {
	return fmt.Sprintf("%s %s (at least %d.%d.%d)", name, version, floor[0], floor[1], floor[2])
}

// operations are the loaders and savers of libvips that this package needs, besides those of
// JPEG XL. Some builds lack some. The tests also use gifload and the savers of JPEG, PNG, WebP
// and TIFF.
var operations = map[string][]string{
	"VipsForeignLoad": {"jpegload_buffer", "pngload_buffer", "webpload_buffer", "heifload_buffer", "tiffload_buffer"},
	"VipsForeignSave": {"heifsave_buffer"},
}

// codecs are the codecs that libheif must have. Since Debian 13 they are plug-ins in
// separate packages, which libvips's package only recommends.
// https://github.com/strukturag/libheif/blob/v1.23.0/libheif/api/libheif/heif_library.h
var codecs = []struct {
	function string
	format   C.int // enum heif_compression_format
	lack     string
}{
	{"heif_have_decoder_for_format", 1, "decoder of HEVC, so that HEIC cannot be read: on Debian install libheif-plugin-libde265"},
	{"heif_have_decoder_for_format", 4, "decoder of AV1, so that AVIF cannot be read: on Debian install libheif-plugin-dav1d"},
	{"heif_have_encoder_for_format", 4, "encoder of AV1, so that AVIF cannot be written: on Debian install libheif-plugin-aomenc"},
}

// checkLibraries reports every library that is too old, and every format and codec that
// is missing, at once.
func checkLibraries() error {
	var errs []error
	below := func(name, version string, floor [3]int) {
		if version != "" && older(version, floor) {
			errs = append(errs, fmt.Errorf("too old: %s", describe(name, version, floor)))
		}
	}
	below("libvips", vips.Version, vipsFloor)
	for _, l := range libraries {
		below(l.name, l.version(), l.floor)
	}
	for base, names := range operations {
		for _, name := range names {
			if !hasOperation(base, name) {
				errs = append(errs, fmt.Errorf("libvips was built without %s", strings.TrimSuffix(name, "_buffer")))
			}
		}
	}
	for _, c := range codecs {
		if f := loaded("libheif.so.1", c.function); f != nil && C.call_predicate(f, c.format) == 0 {
			errs = append(errs, fmt.Errorf("libheif has no %s", c.lack))
		}
	}
	return errors.Join(errs...)
}

func hasOperation(base, name string) bool {
	b, n := C.CString(base), C.CString(name)
	defer C.free(unsafe.Pointer(b))
	defer C.free(unsafe.Pointer(n))
	return C.has_operation(b, n) != 0
}

// older compares a version such as 1.2.4 or 2.14 with a floor.
func older(version string, floor [3]int) bool {
	for i, part := range strings.SplitN(version, ".", 3) {
		n, err := strconv.Atoi(part)
		if err != nil || n != floor[i] {
			return err != nil || n < floor[i]
		}
	}
	return false
}
