package main

/*
#include <stdlib.h> // It defines __GLIBC__.
#ifdef __GLIBC__
#include <malloc.h>
#endif

static void keep_memory(void) {
#ifdef __GLIBC__
	mallopt(M_TRIM_THRESHOLD, 16 << 20);
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

import (
	"runtime"
	"runtime/debug"
)

// reuse lets this process keep up to 16 MB of freed memory for the next picture. glibc
// otherwise returns it from 128 KB on, and each picture faults its pages in again: for 300
// small pictures that took 8.1 s of CPU time instead of 4.5.
//
// One thread at a time runs Go code. With an idle second one, Go's monitor wakes up every
// 20 µs while libvips computes. Calls of libvips run concurrently all the same.
func reuse() {
	C.keep_memory()
	runtime.GOMAXPROCS(1)
}

// largePicture is the number of pixels from which on freed memory is returned at once.
const largePicture = 30_000_000

// giveBack returns freed memory to the system.
func giveBack() {
	debug.FreeOSMemory()
	C.return_memory()
}
