// Program edge-wasm is the decision as a WebAssembly module, for hosts that do not run Go,
// such as Lambda@Edge. Package edge/cloudfront describes the events that it takes and the
// steps that it returns. It does no I/O and uses nothing of its host except the clock.
//
// It is a reactor: built with GOOS=wasip1 GOARCH=wasm and -buildmode=c-shared, it exports
// functions and has no main of its own. A host calls _initialize once. For each event it
// calls input, writes the event's JSON to the returned address, calls start, and reads the
// step's JSON at output. It executes the step, writes the results to input, calls next, and
// so on.
package main

func main() {}
