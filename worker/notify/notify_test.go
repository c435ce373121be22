package notify

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/smithy-go"
	"github.com/rs/zerolog"

	"calotype/internal/awstest"
	"calotype/queue"
	"calotype/worker/failure"
)

func TestMain(m *testing.M) { awstest.Main(m) }

// encoded returns a notification with a key.
func encoded(key string) json.RawMessage {
	return Notification{Version: Version, Type: Ready, ID: "m", Time: time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC), Bucket: "b", Key: key}.Encode()
}

func TestEncode(t *testing.T) {
	n := Notification{
		Version: Version, Type: Damaged, ID: "m", Time: time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC), Bucket: "pictures", Key: "a\uffff.jpg", ETag: "e",
		Variants: []Variant{{Name: "M.webp", Width: 837, Height: 628, Bytes: 37494, Type: "image/webp"}, {Name: "S", Bytes: 5, Type: "image/jpeg"}},
		Request:  "r1==", ThumbHash: []byte{0xfb, 0xff, 1},
	}
	want := `{"version":1,"type":"damaged","id":"m","time":"2026-11-28T10:00:00Z","bucket":"pictures","key":"a\uffff.jpg","etag":"e",` +
		`"variants":[{"name":"M.webp","width":837,"height":628,"bytes":37494,"type":"image/webp"},{"name":"S","bytes":5,"type":"image/jpeg"}],` +
		`"request":"r1==","thumbhash":"+/8B"}`
	if got := string(n.Encode()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := TypeOf(n.Encode()); got != Damaged {
		t.Errorf("got %q", got)
	}
}

// bridge is an EventBridge endpoint that refuses chosen entries.
type bridge struct {
	answer func(entries []map[string]string) any
	status int
}

func (b bridge) Do(r *http.Request) (*http.Response, error) {
	var in struct{ Entries []map[string]string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	body, err := json.Marshal(b.answer(in.Entries))
	return &http.Response{
		StatusCode: b.status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: io.NopCloser(strings.NewReader(string(body))),
	}, err
}

func bus(b bridge) Bus {
	return EventBridge(eventbridge.New(eventbridge.Options{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), HTTPClient: b, Retryer: aws.NopRetryer{},
	}), "arn:aws:events:eu-west-1:123456789012:event-bus/pictures")
}

// Each entry of a call has its own result, and a call that fails fails for all.
func TestEventBridge(t *testing.T) {
	var sent []map[string]string
	some := bus(bridge{status: http.StatusOK, answer: func(entries []map[string]string) any {
		sent = entries
		return map[string]any{"FailedEntryCount": 1, "Entries": []map[string]string{
			{"EventId": "1"}, {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"},
		}}
	}})
	errs := some.Send(t.Context(), []json.RawMessage{encoded("a"), encoded("b"), encoded("c")})
	if len(errs) != 3 || errs[0] != nil || errs[1] == nil || !strings.Contains(errs[1].Error(), "slow down") || errs[2] == nil {
		t.Errorf("got %v", errs)
	}
	want := map[string]string{
		"EventBusName": "arn:aws:events:eu-west-1:123456789012:event-bus/pictures", "Source": "calotype", "DetailType": "Picture Ready", "Detail": string(encoded("a")),
	}
	for name, value := range want {
		if len(sent) != 3 || sent[0][name] != value {
			t.Errorf("sent %v, want %s %q", sent, name, value)
		}
	}
	none := bus(bridge{status: http.StatusBadRequest, answer: func([]map[string]string) any {
		return map[string]string{"__type": "AccessDeniedException", "message": "not authorized to perform events:PutEvents"}
	}})
	for _, err := range none.Send(t.Context(), []json.RawMessage{encoded("a"), encoded("b")}) {
		if err == nil || !strings.Contains(err.Error(), "events:PutEvents") {
			t.Errorf("got %v", err)
		}
	}
	for err, entry := range map[error]bool{
		none.Send(t.Context(), []json.RawMessage{encoded("a")})[0]: false,
		bus(bridge{status: http.StatusOK, answer: func([]map[string]string) any {
			return map[string]any{"FailedEntryCount": 1, "Entries": []map[string]string{{"ErrorCode": "MalformedDetail", "ErrorMessage": "no JSON"}}}
		}}).Send(t.Context(), []json.RawMessage{encoded("a")})[0]: true,
	} {
		if refused := new(failure.Failure); !errors.As(err, &refused) || refused.Class != failure.NotificationRefused || errors.Is(err, errEntry) != entry {
			t.Errorf("got %v, want a refusal; of what it contains: %v", err, entry)
		}
	}
	if got := failure.KindOf(errs[1]); got != failure.Unknown {
		t.Errorf("a throttled notification: got the kind %v", got)
	}
	if got := detailType("held-back"); got != "Picture Held-back" {
		t.Errorf("a newer type: got %q", got)
	}
}

func TestSQS(t *testing.T) {
	url, _ := awstest.Queues(t)
	n := New(SQS(queue.New(awstest.SQS(t), url)), zerolog.Nop())
	if err := n.Send(t.Context(), encoded("a\uffff.jpg")); err != nil {
		t.Fatal(err)
	}
	if got := awstest.Drain(t, url); len(got) != 1 || got[0] != string(encoded("a\uffff.jpg")) {
		t.Errorf("got %q", got)
	}
	missing := New(SQS(queue.New(awstest.SQS(t), url+"-missing")), zerolog.Nop())
	for range manyFailures + 1 { // The last one is not sent.
		if err := missing.Send(t.Context(), encoded("a")); failure.KindOf(err) != failure.Permanent || !strings.Contains(err.Error(), "--notify") {
			t.Errorf("a queue that does not exist: got %v", err)
		}
	}
}

// fakeBus does with each call what a function says.
type fakeBus struct {
	mu    sync.Mutex
	calls []int // The number of notifications of each.
	do    func(ctx context.Context) error
}

func (b *fakeBus) Send(ctx context.Context, notifications []json.RawMessage) []error {
	b.mu.Lock()
	b.calls = append(b.calls, len(notifications))
	b.mu.Unlock()
	errs := make([]error, len(notifications))
	err := b.do(ctx)
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// Notifications that are sent at the same time share a call.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBus{do: func(context.Context) error { return nil }}
		n := New(b, zerolog.Nop())
		var all sync.WaitGroup
		for range 25 {
			all.Go(func() {
				if err := n.Send(t.Context(), encoded("a")); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(b.calls) != 3 {
			t.Errorf("calls with %v notifications, want 3 calls", b.calls)
		}
		b.calls = nil
		large := encoded(strings.Repeat("k", maxBytes*2/3))
		for range 2 {
			all.Go(func() { _ = n.Send(t.Context(), large) })
		}
		all.Wait()
		if len(b.calls) != 2 {
			t.Errorf("calls with %v large notifications, want 2 calls", b.calls)
		}
	})
}

// Notifications that the bus refuses for what they contain do not pause the others.
func TestRefusedNotification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := func(context.Context) error {
			return remedies{}.explain(&smithy.GenericAPIError{Code: "InvalidArgument", Message: "no"})
		}
		b := &fakeBus{do: refused}
		n := New(b, zerolog.Nop())
		for range manyFailures * 2 {
			if err := n.Send(t.Context(), encoded("a")); failure.KindOf(err) != failure.Permanent || errors.Is(err, errPaused) {
				t.Errorf("got %v", err)
			}
		}
		b.do = func(context.Context) error { return nil }
		if err := n.Send(t.Context(), encoded("a")); err != nil {
			t.Error(err)
		}
	})
}

// A bus that does not respond costs a few jobs some seconds each; then jobs do not wait for
// it, and it is tried again from time to time.
func TestStalledBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stalled := true
		b := &fakeBus{do: func(ctx context.Context) error {
			if stalled {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}}
		var log strings.Builder
		n := New(b, zerolog.New(&log))
		ended, cancel := context.WithCancel(t.Context())
		cancel() // A caller's context does not end the others' call.
		for range manyFailures {
			start := time.Now()
			if err := n.Send(ended, encoded("a")); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if waited := time.Since(start); waited > callTimeout+batchWindow {
				t.Errorf("waited %v, want at most %v", waited, callTimeout+batchWindow)
			}
		}
		start, calls := time.Now(), len(b.calls)
		for range 1000 {
			if err := n.Send(t.Context(), encoded("a")); !errors.Is(err, errPaused) {
				t.Fatalf("got %v, want %v", err, errPaused)
			}
		}
		if time.Since(start) != 0 || len(b.calls) != calls {
			t.Errorf("waited %v and made %d calls while the bus is left alone", time.Since(start), len(b.calls)-calls)
		}
		for range 60 {
			time.Sleep(time.Minute)
			_ = n.Send(t.Context(), encoded("a"))
		}
		if got := len(b.calls) - calls; got != 60 {
			t.Errorf("%d calls in 60 minutes, want one for each notification", got)
		}
		stalled = false
		time.Sleep(maxPause)
		if err := n.Send(t.Context(), encoded("a")); err != nil {
			t.Error(err)
		}
		if lines := strings.Split(strings.TrimSpace(log.String()), "\n"); len(lines) != 2 ||
			!strings.Contains(lines[0], "notify fails") || !strings.Contains(lines[1], "notify succeeds again") {
			t.Errorf("log: %s", log.String())
		}
	})
}
