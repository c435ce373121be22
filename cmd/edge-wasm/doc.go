// Program edge-wasm is the decision as a WebAssembly module, for hosts that run no
// Go, such as Lambda@Edge: events in, steps out, as package edge describes them. It
// does no I/O and knows nothing of its host but a clock.
//
// It is a reactor: built with GOOS=wasip1 GOARCH=wasm and -buildmode=c-shared, it
// exports functions and has no main of its own. A host calls _initialize once, then
// for each event: input, writes the event's JSON to the address it returns, start,
// reads the step's JSON at output, does what it says, writes what came of it to input,
// next, and so on.
package main

func main() {}
