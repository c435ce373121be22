// Package cloudfront runs the decision of package edge in the edge function, at CloudFront. It
// is a state machine without I/O: [Function.Start] takes an event and returns a [Step],
// which asks the host to make calls or to answer; [Step.Next] takes the results of the
// calls and returns the next step. The host, a Node handler, decides nothing.
package cloudfront
