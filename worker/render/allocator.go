package render

/*
#include <stdlib.h> // It defines __GLIBC__.
#ifdef __GLIBC__
#include <malloc.h>
#endif

static void bind_memory_to_pictures(void) {
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

static void keep_memory(void) {
#ifdef __GLIBC__
	mallopt(M_TRIM_THRESHOLD, 4 << 20);
	mallopt(M_TOP_PAD, 1 << 20);
#endif
}

static void return_memory(void) {
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
*/
import "C"

import "runtime/debug"

// bindMemoryToPictures makes glibc use two arenas instead of eight per core, and a separate
// mapping for each block of a megabyte or more. A picture's memory is then returned to the system, instead
// of being kept for each thread or between blocks in use. glibc would raise that threshold
// to 32 MB as such blocks are freed.
func bindMemoryToPictures() { C.bind_memory_to_pictures() }

// KeepMemory lets this process keep up to 4 MB of freed memory for the next picture. glibc
// otherwise returns it above 128 KB, and each picture faults its pages in again: for 300
// small pictures that took 8.1 s of CPU time instead of 4.5. With 16 MB it is no less.
func KeepMemory() { C.keep_memory() }

// ReturnMemory returns freed memory to the system.
func ReturnMemory() {
	debug.FreeOSMemory()
	C.return_memory()
}
