package edge

// Step is what the host of a [Trigger] does next; one of its parts is set. An answer
// is the last; after another, the host goes on with [Step.Next].
type Step struct {
	// Heads are made side by side.
	Heads  []Head  `json:"heads,omitempty"`
	Send   *Send   `json:"send,omitempty"`
	Answer *Answer `json:"answer,omitempty"`

	next func(seen []Result) Step
}

// Head asks for a HEAD of an object. The Region is empty where the event does not
// tell it; then it is the host's own.
type Head struct {
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	Region string `json:"region,omitempty"`
	// Version asks for more than the status: for the ETag and the user metadata.
	Version bool `json:"version,omitempty"`
}

// Result is what came of a call.
type Result struct {
	// Status is that of HTTP, or 0 if there was no answer.
	Status int `json:"status"`
	// ETag and Metadata are an object's, where they were asked for. The names of
	// metadata come without "x-amz-meta-".
	ETag     string            `json:"etag,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// Send asks to send a message to a queue. The Region is empty where the URL does not
// tell it.
type Send struct {
	QueueURL string `json:"queueUrl"`
	Body     string `json:"body"`
	Region   string `json:"region,omitempty"`
}

// Answer is what goes back to CloudFront: a response of our own or, changed in what
// is named here, the event's response or, in origin-request, its request. All else
// in them stays as it came.
type Answer struct {
	Response *Response `json:"response,omitempty"`
	// URI and OriginPath are for requests.
	URI        string `json:"uri,omitempty"`
	OriginPath string `json:"originPath,omitempty"`
	// Set and Remove are headers of a response.
	Set    []Header `json:"set,omitempty"`
	Remove []string `json:"remove,omitempty"`
	// Fault says what failed, and Detail how, for the log: "event", "settings",
	// "rendition", "source", "enqueue" or "origin path". Both are empty if nothing did.
	Fault  string `json:"fault,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Header is a header of a response.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Response is a response that no origin gave.
type Response struct {
	Status      string `json:"status"`
	Description string `json:"description"`
	ContentType string `json:"contentType"`
	Body        string `json:"body"`
}

// Next goes on after the step's calls, with what came of each. Of a call that is
// missing nothing came.
func (s Step) Next(seen ...Result) Step {
	if s.next == nil {
		return s
	}
	for len(seen) < max(1, len(s.Heads)) {
		seen = append(seen, Result{})
	}
	return s.next(seen)
}

// pass sends the event's request or response back as it came.
func pass() Step { return Step{Answer: &Answer{}} }

// failed is pass where something failed.
func failed(fault, detail string) Step {
	return Step{Answer: &Answer{Fault: fault, Detail: detail}}
}
