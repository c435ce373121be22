package render

import (
	"runtime"
	"slices"
	"sync"
)

// buffers is a free list of memory for pixels: up to maxPooled bytes for each CPU. Reused
// memory need not be collected, nor mapped again by the kernel page by page.
type buffers struct {
	mu    sync.Mutex
	free  [][]byte // The one that was put last is at the end.
	bytes int      // Of all of them.
}

var bufferPool = &buffers{}

const minPooled, maxPooled = 64 << 10, 4 << 20

// get returns size bytes of arbitrary content: the caller must write all of them.
func (b *buffers) get(size int) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	best := -1
	for i, buffer := range b.free {
		if cap(buffer) >= size && (best < 0 || cap(buffer) < cap(b.free[best])) {
			best = i
		}
	}
	if best < 0 {
		return make([]byte, size)
	}
	buffer := b.free[best]
	b.free = slices.Delete(b.free, best, best+1)
	b.bytes -= cap(buffer)
	return buffer[:size]
}

// put takes back a buffer that is no longer used. Those that were put first make way for it.
func (b *buffers) put(buffer []byte) {
	if cap(buffer) < minPooled || cap(buffer) > maxPooled {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free = append(b.free, buffer)
	b.bytes += cap(buffer)
	for b.bytes > maxPooled*runtime.GOMAXPROCS(0) {
		b.bytes -= cap(b.free[0])
		b.free = slices.Delete(b.free, 0, 1)
	}
}
