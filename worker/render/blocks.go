package render

import "runtime"

// spare is memory for bases that is kept from one to the next: as many blocks as there are
// processors, none above 4 MB. What is not allocated needs not be collected, nor brought in
// by the kernel page by page.
type spare chan []byte

var blocks = make(spare, runtime.GOMAXPROCS(0))

const largestSpare = 4 << 20

// get returns size bytes, which hold anything.
func (s spare) get(size int) []byte {
	select {
	case block := <-s:
		if cap(block) >= size {
			return block[:size]
		}
	default:
	}
	return make([]byte, size)
}

// put takes what nobody uses any more.
func (s spare) put(block []byte) {
	if cap(block) > largestSpare {
		return
	}
	select {
	case s <- block:
	default:
	}
}
