package queue

import (
	"io"
	"net/http"
)

// WholeResponses is an HTTP client for the SDK's SQS client that does not lose responses
// from servers with very low latency. The SDK closes a request's body when the response
// arrives, and the body's WriteTo then returns io.EOF. If net/http has not read the body to
// its end by then, it treats this as a failed write and closes the connection in the middle
// of the response. The messages in it are hidden for a whole lease.
// https://github.com/aws/smithy-go/blob/v1.28.8/transport/http/internal/io/safe.go
type WholeResponses struct {
	Client interface {
		Do(*http.Request) (*http.Response, error)
	}
}

// Do sends a request whose body has no WriteTo: Read's io.EOF is not an error.
func (c WholeResponses) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.Clone(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.Client.Do(r)
}
