package s3direct

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/smithy-go"
)

// restFor is how long the SDK makes all calls after S3 throttled one or failed. The SDK
// retries more slowly the more calls fail.
const restFor = 10 * time.Second

// resting reports whether the SDK makes all calls now.
func (b *Bucket) resting() bool { return time.Now().UnixNano() < b.restUntil.Load() }

// backOff waits after a throttled or failed call as the SDK does between its first attempt
// and the second, so that the SDK's call is not an immediate repetition. It waits for
// nothing after other responses.
func (b *Bucket) backOff(ctx context.Context, status int) {
	if status < 500 && status != http.StatusTooManyRequests {
		return
	}
	b.restUntil.Store(time.Now().Add(restFor).UnixNano())
	if b.options.Retryer == nil {
		return
	}
	delay, err := b.options.Retryer.RetryDelay(1, &smithy.GenericAPIError{Code: "SlowDown", Message: http.StatusText(status)})
	if err != nil { // The client does not retry.
		return
	}
	select {
	case <-time.After(delay):
	case <-ctx.Done():
	}
}
