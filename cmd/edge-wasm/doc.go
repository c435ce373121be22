// Program edge-wasm is the decision as a WebAssembly module, for hosts that do not run Go,
// such as Lambda@Edge. Package edge/cloudfront describes the events that it takes and the
// steps that it returns. It does no I/O and uses nothing of its host except the clock.
//
// It is a reactor: built with GOOS=wasip1 GOARCH=wasm and -buildmode=c-shared, it exports
// functions and has no main of its own. A host calls _initialize and exchange once. For each
// event it writes the event's JSON to the exchange, calls start, and reads the step's JSON
// where the exchange says. It executes the step, writes the results to the exchange, calls
// next, and so on: one call for each step.
package main

func main() {}
