package render

import "runtime"

// buffers is a free list of memory for decoded pictures: as many buffers as there are CPUs,
// each of at most 4 MB. Reused memory need not be collected, nor mapped again by the kernel
// page by page.
type buffers chan []byte

var bufferPool = make(buffers, runtime.GOMAXPROCS(0))

const maxPooled = 4 << 20

// get returns size bytes of arbitrary content: the caller must write all of them.
func (b buffers) get(size int) []byte {
	select {
	case buffer := <-b:
		if cap(buffer) >= size {
			return buffer[:size]
		}
	default:
	}
	return make([]byte, size)
}

// put takes back a buffer that is no longer used.
func (b buffers) put(buffer []byte) {
	if cap(buffer) > maxPooled {
		return
	}
	select {
	case b <- buffer:
	default:
	}
}
