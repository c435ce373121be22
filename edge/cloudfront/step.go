package cloudfront

// Step is what the host of a [Function] does next. Exactly one of Heads, Send and Answer
// is set. After Heads or Send the host calls [Step.Next]; an Answer ends the event.
type Step struct {
	// Heads are sent concurrently.
	Heads  []Head  `json:"heads,omitempty"`
	Send   *Send   `json:"send,omitempty"`
	Answer *Answer `json:"answer,omitempty"`

	next func([]Result) Step
}

// Head asks for a HEAD of an object. If the event does not contain the bucket's Region,
// Region is empty and the host uses its own.
type Head struct {
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	Region string `json:"region,omitempty"`
	// Version asks for the ETag and the user metadata, in addition to the status.
	Version bool `json:"version,omitempty"`
	// Code asks for the error's code. The host then sends a GET of the first byte,
	// because the response to a HEAD does not contain it.
	Code bool `json:"code,omitempty"`
}

// Result is the result of a call.
type Result struct {
	// Status is the HTTP status, or 0 if there was no response.
	Status int `json:"status"`
	// ETag and Metadata are the object's, if they were requested. The names of metadata
	// come without "x-amz-meta-".
	ETag string `json:"etag,omitempty"`
	// Code is S3's code of an error, such as AccessDenied, if it was requested.
	Code     string            `json:"code,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// Send asks to send a message to a queue. Region is empty if the URL contains none.
type Send struct {
	QueueURL string `json:"queueUrl"`
	Body     string `json:"body"`
	Region   string `json:"region,omitempty"`
}

// Answer is what the host returns to CloudFront: Response if it is set, otherwise the
// event's own response or, for origin-request, its request, with the changes named here.
// Everything else in it stays unchanged.
type Answer struct {
	Response *Response `json:"response,omitempty"`
	// URI and OriginPath replace those of a request.
	URI        string `json:"uri,omitempty"`
	OriginPath string `json:"originPath,omitempty"`
	// Set and Remove change the headers of a response.
	Set    []Header `json:"set,omitempty"`
	Remove []string `json:"remove,omitempty"`
	// Fault and Detail are for the log. Fault names what failed: "event", "settings",
	// "credentials", "rendition", "source", "enqueue", "budget" or "origin path". Both are
	// empty on success.
	Fault  string `json:"fault,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Header is a header of a response.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Response is a response that the function generates.
type Response struct {
	Status      string   `json:"status"`
	Description string   `json:"description"`
	Headers     []Header `json:"headers"`
	Body        string   `json:"body"`
}

// Next continues with the results of the step's calls. A missing result counts as no
// response.
func (s Step) Next(results ...Result) Step {
	if s.next == nil {
		return s
	}
	for len(results) < max(1, len(s.Heads)) {
		results = append(results, Result{})
	}
	return s.next(results)
}

// pass returns the event's request or response unchanged.
func pass() Step { return Step{Answer: &Answer{}} }

// failed returns the event's request or response unchanged, and logs a failure.
func failed(fault, detail string) Step {
	return Step{Answer: &Answer{Fault: fault, Detail: detail}}
}
