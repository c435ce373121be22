package s3direct

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// steady is a retryer whose delay is known.
type steady struct{ aws.NopRetryer }

const steadyDelay = 700 * time.Millisecond

func (steady) RetryDelay(int, error) (time.Duration, error) { return steadyDelay, nil }

// A throttled or failed call is not repeated at once, and then the SDK makes all calls for a
// while, so that a store in trouble does not get each of them twice.
func TestThrottling(t *testing.T) {
	calls := map[string]func(context.Context, *Bucket) error{
		"GET":  func(ctx context.Context, b *Bucket) error { _, err := b.Get(ctx, "kitty.jpg"); return err },
		"HEAD": func(ctx context.Context, b *Bucket) error { _, err := b.Head(ctx, "kitty.jpg"); return err },
		"PUT": func(ctx context.Context, b *Bucket) error {
			_, err := b.Put(ctx, "kitty.jpg", []byte("picture"), http.Header{})
			return err
		},
	}
	for name, call := range calls {
		for status, throttled := range map[int]bool{429: true, 500: true, 503: true, 400: false, 403: false, 404: false, 412: false} {
			synctest.Test(t, func(t *testing.T) {
				r := &responder{response: respond(status, "<Code>SlowDown</Code>")}
				b := New(client(r, func(o *s3.Options) { o.Retryer = steady{} }), "pictures")
				start := time.Now()
				_ = call(t.Context(), b)
				if waited := time.Since(start); throttled && waited != steadyDelay || !throttled && waited != 0 {
					t.Errorf("%s, %d: waited %v", name, status, waited)
				}
				r.response, r.last = respond(200, "picture", "Content-Length", "7", "ETag", `"x"`), nil
				for other, call := range calls {
					if err := call(t.Context(), b); errors.Is(err, ErrUnclear) != throttled || (r.last == nil) != throttled {
						t.Errorf("%s, %d, then %s: got %v and the request %v", name, status, other, err, r.last)
					}
				}
				time.Sleep(cooldown)
				if err := call(t.Context(), b); err != nil || r.last == nil {
					t.Errorf("%s, %d: after a while got %v", name, status, err)
				}
			})
		}
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		b := New(client(&responder{response: respond(503, "")}, func(o *s3.Options) { o.Retryer = steady{} }), "pictures")
		if _, err := b.Get(ctx, "kitty.jpg"); !errors.Is(err, ErrUnclear) || time.Since(start) != 0 {
			t.Errorf("of a caller that left: %v after %v", err, time.Since(start))
		}
	})
}
