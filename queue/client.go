package queue

import (
	"io"
	"net/http"
)

// WholeResponses is an HTTP client for the SDK's SQS client that does not lose answers
// of servers which are very near. The SDK closes a request's body on the answer, and
// that body's WriteTo then returns io.EOF; if net/http has not asked it for bytes
// past its end by then, it takes that for a failed write and closes the connection
// in the middle of the response. The messages in it are hidden for a whole lease.
// https://github.com/aws/smithy-go/blob/v1.28.8/transport/http/internal/io/safe.go
type WholeResponses struct {
	Client interface {
		Do(*http.Request) (*http.Response, error)
	}
}

// Do sends a request whose body has no WriteTo: Read's io.EOF is no error.
func (c WholeResponses) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.Clone(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.Client.Do(r)
}
