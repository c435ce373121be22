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
	trigger = cloudfront.Trigger{Presets: table()}
	steps   = map[int32]cloudfront.Step{} // The sessions in progress, by their event's number.
	last    int32                         // The number of the last event.

	// The buffers that are exchanged with the host stay referenced here while in use.
	in, out []byte
)

func table() calotype.Presets {
	p, err := calotype.BuiltInPresets(presets)
	if err != nil {
		panic(err.Error())
	}
	return p
}

// input reserves memory for JSON of the given size in bytes and returns its address, or 0
// if the size is too large.
//
//go:wasmexport input
func input(size int32) unsafe.Pointer {
	if size < 1 || size > maxEvent {
		return nil
	}
	in = make([]byte, size)
	return unsafe.Pointer(unsafe.SliceData(in))
}

// start reads the event at input and returns its number. The step is at output.
//
//go:wasmexport start
func start() int32 {
	inject(in)
	step := trigger.Start(in)
	in = nil
	last++
	write(last, step)
	return last
}

// next continues the event with the given number. The results of its calls are at input:
// a JSON array of [cloudfront.Result]. The step is at output.
//
//go:wasmexport next
func next(event int32) {
	step, ok := steps[event]
	if !ok {
		panic("next of an event that is not in progress")
	}
	delete(steps, event)
	var seen []cloudfront.Result
	if err := json.Unmarshal(in, &seen); err != nil {
		panic("read the results of calls: " + err.Error())
	}
	in = nil
	write(event, step.Next(seen...))
}

// output and outputSize locate the last step. The next call overwrites it.
//
//go:wasmexport output
func output() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(out)) }

//go:wasmexport outputSize
func outputSize() int32 { return int32(len(out)) }

func write(event int32, step cloudfront.Step) {
	if step.Answer == nil {
		steps[event] = step
	}
	var err error
	if out, err = json.Marshal(step); err != nil {
		panic("write step: " + err.Error())
	}
}
