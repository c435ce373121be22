// Package cloudfront runs the decision of package edge inside a CloudFront trigger. It
// is a state machine without I/O: [Trigger.Start] takes an event and returns a [Step],
// which asks the host to make calls or to answer; [Step.Next] takes the results of the
// calls and returns the next step. The host, a Node handler, decides nothing.
package cloudfront
