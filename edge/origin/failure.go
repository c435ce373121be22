package origin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"sync"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"calotype/edge"
)

var (
	// errRefused is the error of a call whose credentials the store does not accept.
	errRefused = errors.New("the store refuses the credentials")
	// errThrottled is the error of a call that the store throttles.
	errThrottled = errors.New("the store throttles")
	// errTimeout is the error of a call that took too long.
	errTimeout = errors.New("the store does not respond")
	// errNotAnObject is the error of a response with status 200 that is not an object's.
	errNotAnObject = errors.New("the store's response is not an object")
)

// standard translates an error of S3 into one of the errors above, [fs.ErrNotExist] or
// [fs.ErrPermission]. GET and HEAD report a missing key by different types, so it uses
// the status.
func standard(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) && edge.Refused(api.ErrorCode()) {
		return fmt.Errorf("%w: %s", errRefused, api.ErrorCode())
	}
	var response *awshttp.ResponseError
	if !errors.As(err, &response) {
		return err
	}
	switch response.HTTPStatusCode() {
	case http.StatusNotFound:
		return fs.ErrNotExist
	case http.StatusForbidden:
		return fs.ErrPermission
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return fmt.Errorf("%w: status %d", errThrottled, response.HTTPStatusCode())
	case http.StatusBadRequest:
		if api != nil {
			return fmt.Errorf("%w: %s", errBadRequest, api.ErrorCode())
		}
		return errBadRequest
	}
	return err
}

// errBadRequest is S3's 400, the status of an expired token among others.
var errBadRequest = errors.New("status 400")

// missing reports whether an error means that the object does not exist. Without
// s3:ListBucket, S3 responds with 403 for a missing key.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

// kind returns the value of the kind label for an error of the store.
func kind(err error) string {
	switch {
	case errors.Is(err, errRefused):
		return failureRefused
	case errors.Is(err, errThrottled):
		return failureThrottled
	case errors.Is(err, errTimeout), errors.Is(err, context.DeadlineExceeded):
		return failureTimeout
	case errors.Is(err, errNotAnObject):
		return failureInvalid
	}
	return failureOther
}

// reasonPeriod is how long the reason of a HEAD's 403 is assumed to hold.
const reasonPeriod = time.Minute

// reason finds out why S3 responds to a HEAD with 403 or 400. A response to HEAD has no
// body, so it does not contain the error's code, and 403 is also the status of a
// missing key. Once a minute it asks again by a GET of one byte. Requests that come
// meanwhile use the reason known before.
type reason struct {
	mu      sync.Mutex
	asked   time.Time
	refused error
}

// of returns [errRefused] with its code if the credentials are the reason of err, and
// otherwise err.
func (r *reason) of(ctx context.Context, b bucket, key string, err error) error {
	if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, errBadRequest) {
		return err
	}
	r.mu.Lock()
	due := time.Since(r.asked) >= reasonPeriod
	if due {
		r.asked = time.Now()
	}
	refused := r.refused
	r.mu.Unlock()
	if due {
		got := b.first(ctx, key)
		refused = nil
		if errors.Is(got, errRefused) {
			refused = got
		}
		r.mu.Lock()
		r.refused = refused
		r.mu.Unlock()
	}
	if refused != nil {
		return refused
	}
	return err
}

// forget makes the next 403 ask again. It is called once the store accepts the
// credentials.
func (r *reason) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked, r.refused = time.Time{}, nil
}
