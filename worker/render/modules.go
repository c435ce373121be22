package render

/*
#cgo pkg-config: vips gmodule-2.0
#define _GNU_SOURCE // For dladdr.
#include <dlfcn.h>
#include <gmodule.h>
#include <stdlib.h>
#include <vips/vips.h>

// module_file returns the file of one of libvips's modules, or NULL if there is none. The
// caller frees it.
static char *module_file(const char *name) {
	Dl_info info;
	if (!dladdr((void *)vips_init, &info) || !info.dli_fname)
		return NULL;
	char *dir = g_path_get_dirname(info.dli_fname);
	char *file = g_strdup_printf("%s/vips-modules-%d.%d/%s." G_MODULE_SUFFIX, dir, vips_version(0), vips_version(1), name);
	g_free(dir);
	if (!g_file_test(file, G_FILE_TEST_IS_REGULAR)) {
		g_free(file);
		return NULL;
	}
	return file;
}

static int load_module(char *file) {
	GModule *module = g_module_open(file, G_MODULE_BIND_LAZY);
	if (module)
		g_module_make_resident(module);
	return module ? 0 : -1;
}
*/
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

// initWithoutModules initialises libvips with its modules for HEIF and, if there is one, JPEG
// XL. The others contain ImageMagick, Poppler and OpenSlide, whose loaders are blocked:
// they took a fifth of the CPU time of a start, and more than a megabyte in each process.
// It does nothing if HEIF is not a module, or if the modules are in another folder.
func initWithoutModules() error {
	heif, jxl := moduleFile("vips-heif"), moduleFile("vips-jxl")
	defer C.g_free(C.gpointer(unsafe.Pointer(heif)))
	defer C.g_free(C.gpointer(unsafe.Pointer(jxl)))
	if heif == nil {
		return nil
	}
	const home = "VIPSHOME" // The folder in which libvips looks for modules.
	if err := os.Setenv(home, "/nonexistent"); err != nil {
		return err
	}
	name := C.CString("calotype")
	defer C.free(unsafe.Pointer(name))
	if C.vips_init(name) != 0 {
		return fmt.Errorf("start libvips: %w", lastError())
	}
	for _, file := range []*C.char{heif, jxl} {
		if file != nil && C.load_module(file) != 0 {
			return fmt.Errorf("load %s: %s", C.GoString(file), C.GoString(C.g_module_error()))
		}
	}
	return os.Unsetenv(home)
}

func moduleFile(name string) *C.char {
	n := C.CString(name)
	defer C.free(unsafe.Pointer(n))
	return C.module_file(n)
}
