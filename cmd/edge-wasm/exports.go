//go:build wasip1

package main

import (
	"encoding/json"
	"unsafe"

	"calotype"
	"calotype/edge/cloudfront"
)

// presets is a presets file in base64, set by the linker; empty for the default.
var presets string

// maxEvent exceeds the size of any event: CloudFront limits a body to 1 MB.
const maxEvent = 8 << 20

var (
	function = cloudfront.Function{Presets: table()}
	steps    = map[int32]cloudfront.Step{} // The sessions in progress, by their event's number.
	last     int32                         // The number of the last event.

	// shared is memory that the host knows the address of. Its input is at data, unless it is
	// larger and at in. The last step is at address.
	shared struct {
		address, size uint32
		data          [64 << 10]byte
	}
	in, out []byte // Referenced here while the host uses them.
)

func table() calotype.Presets {
	p, err := calotype.BuiltInPresets(presets)
	if err != nil {
		panic(err.Error())
	}
	return p
}

// exchange returns the address of two 32-bit numbers, an address and a size, which locate the
// last step. Input goes behind them. Until the first step they locate the memory for it.
//
//go:wasmexport exchange
func exchange() unsafe.Pointer {
	locate(shared.data[:])
	return unsafe.Pointer(&shared)
}

func locate(b []byte) {
	shared.address, shared.size = uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))), uint32(len(b))
}

// input reserves memory for input in JSON that the exchange is too small for, of the given
// size in bytes. It returns the address, or 0 if the size is too large.
//
//go:wasmexport input
func input(size int32) unsafe.Pointer {
	if size < 1 || size > maxEvent {
		return nil
	}
	in = make([]byte, size)
	return unsafe.Pointer(unsafe.SliceData(in))
}

// read returns the input.
func read(size int32) []byte {
	if b := in; b != nil {
		in = nil
		return b
	}
	return shared.data[:size]
}

// start reads the event, of the given size in bytes, and returns its number. The exchange
// locates the step.
//
//go:wasmexport start
func start(size int32) int32 {
	event := read(size)
	inject(event)
	last++
	write(last, function.Start(event))
	return last
}

// next continues the event with the given number. The results of its calls are the input: a
// JSON array of [cloudfront.Result]. The exchange locates the step.
//
//go:wasmexport next
func next(event, size int32) {
	step, ok := steps[event]
	if !ok {
		panic("next of an event that is not in progress")
	}
	delete(steps, event)
	var seen []cloudfront.Result
	if err := json.Unmarshal(read(size), &seen); err != nil {
		panic("read the results of calls: " + err.Error())
	}
	write(event, step.Next(seen...))
}

// write locates a step. The next call overwrites it.
func write(event int32, step cloudfront.Step) {
	if step.Answer == nil {
		steps[event] = step
	}
	var err error
	if out, err = json.Marshal(step); err != nil {
		panic("write step: " + err.Error())
	}
	locate(out)
}
