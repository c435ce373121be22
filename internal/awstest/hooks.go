package awstest

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Hooks lets functions see every request of an S3 client before it is sent. A hook's
// response is used instead; after nil, the request continues. Nothing is retried.
func Hooks(hooks ...func(*http.Request) *http.Response) func(*s3.Options) {
	return func(o *s3.Options) {
		if len(hooks) == 0 {
			return
		}
		o.HTTPClient = hooked(hooks)
		o.Retryer = aws.NopRetryer{}
	}
}

type hooked []func(*http.Request) *http.Response

func (h hooked) Do(r *http.Request) (*http.Response, error) {
	for _, hook := range h {
		if response := hook(r); response != nil {
			return response, r.Context().Err()
		}
	}
	return http.DefaultClient.Do(r)
}

// Response returns a response with only a status.
func Response(status int) *http.Response {
	return &http.Response{StatusCode: status, Body: http.NoBody, Header: http.Header{}}
}
