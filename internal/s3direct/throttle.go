package s3direct

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/smithy-go"
)

// cooldown is how long the SDK makes all calls after S3 throttled one or failed. The SDK
// retries more slowly the more calls fail.
const cooldown = 10 * time.Second

// coolingDown reports whether the SDK makes all calls now.
func (b *Bucket) coolingDown() bool { return time.Now().UnixNano() < b.cooldownUntil.Load() }

// backOff waits after a throttled or failed call as the SDK does between its first attempt
// and the second, so that the SDK's call is not an immediate repetition. After any other
// response it returns at once.
func (b *Bucket) backOff(ctx context.Context, status int) {
	if status < 500 && status != http.StatusTooManyRequests {
		return
	}
	b.cooldownUntil.Store(time.Now().Add(cooldown).UnixNano())
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
