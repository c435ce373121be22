package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"calotype/internal/awstest"
	"calotype/queue"
	"calotype/worker/notify"
)

// bus is an EventBridge endpoint of which every second call fails, or every one, and each
// tenth stalls until the caller gives up.
type bus struct {
	down    bool // Every call fails.
	mu      sync.Mutex
	calls   int
	healed  bool
	refused int            // Calls that failed or stalled.
	got     map[string]int // The accepted notifications, by key.
}

func (b *bus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ Entries []struct{ Detail string } }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	b.calls++
	stalls, fails := b.calls%10 == 0 && !b.healed, (b.down || b.calls%2 == 0) && !b.healed
	if stalls || fails {
		b.refused++
	}
	b.mu.Unlock()
	switch {
	case stalls:
		<-r.Context().Done()
		return
	case fails:
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	results := make([]map[string]string, len(in.Entries))
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, entry := range in.Entries {
		var n notify.Notification
		if json.Unmarshal([]byte(entry.Detail), &n) == nil && n.Type == notify.Ready && len(n.Variants) == 1 {
			b.got[n.Key]++
		}
		results[i] = map[string]string{"EventId": strconv.Itoa(i + 1)}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(map[string]any{"FailedEntryCount": 0, "Entries": results})
}

// heal makes the bus accept everything.
func (b *bus) heal() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.healed = true
}

// state returns how many keys were announced, how often, and how many calls were refused.
func (b *bus) state() (keys, notifications, refused, calls int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.got {
		notifications += n
	}
	return len(b.got), notifications, b.refused, b.calls
}

// busJobs is the number of jobs of a test with a failing bus.
func busJobs() int {
	if soak {
		return 1000
	}
	return 40
}

// serveBus starts a bus, and returns the settings that lead workers to it.
func serveBus(t *testing.T, b *bus) (env []string) {
	b.got = map[string]int{}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections) // Of the calls that stall.
	return []string{"AWS_ENDPOINT_URL_EVENTBRIDGE=" + server.URL, "CALOTYPE_NOTIFY=arn:aws:events:us-east-1:000000000000:event-bus/pictures"}
}

// renderAll has two workers do a number of jobs, and returns how long that took.
func (f *fixture) renderAll(t *testing.T, jobs int) time.Duration {
	t.Helper()
	for n := range jobs {
		awstest.Put(t, f.bucket, fmt.Sprintf("%05d.jpg", n), awstest.Photo(t, 300, 200, n), awstest.Headers{ContentType: "image/jpeg"})
	}
	f.worker(t)
	f.worker(t)
	start := time.Now()
	for n := range jobs {
		if err := f.jobs.Send(t.Context(), jobFor(fmt.Sprintf("%05d.jpg", n)), 0); err != nil {
			t.Fatal(err)
		}
	}
	awstest.Eventually(t, 5*time.Minute, "every rendition is there", func() bool { return len(f.keys(t, "resized/XS/")) == jobs })
	return time.Since(start).Round(time.Millisecond)
}

// The bus fails half of its calls and stalls. Every rendition comes as if there were none,
// and every notification arrives in the end. In the soak the bus does not heal.
func TestFleetWithAFailingBus(t *testing.T) {
	t.Parallel()
	jobs, b := busJobs(), &bus{}
	env := serveBus(t, b)
	times := map[string][]time.Duration{}
	for _, name := range []string{"without a bus", "with a failing bus"} {
		s := newFixture(t)
		if name != "without a bus" {
			s.env = append(s.env, env...)
		}
		start := time.Now()
		times[name] = append(times[name], s.renderAll(t, jobs))
		if name != "without a bus" && !soak {
			b.heal() // The rest arrives after one delay.
		}
		awstest.Eventually(t, 20*time.Minute, "no message is left", func() bool { return s.idle(t) })
		times[name] = append(times[name], time.Since(start).Round(time.Second))
		s.wantDead(t, 0)
	}
	keys, notifications, refused, calls := b.state()
	t.Logf("%d jobs: the last rendition and the empty queue after %v; %d notifications of %d keys, %d of %d calls refused", jobs, times, notifications, keys, refused, calls)
	if keys != jobs || refused == 0 {
		t.Errorf("%d keys were announced, want %d, and %d calls refused", keys, jobs, refused)
	}
}

// The bus fails every call, and some stall. Every rendition comes all the same, and each
// notification waits as a message. Once the bus accepts them, all arrive.
func TestFleetWithABusThatIsDown(t *testing.T) {
	t.Parallel()
	jobs, b, s := busJobs(), &bus{down: true}, newFixture(t)
	s.env = append(s.env, serveBus(t, b)...)
	rendered := s.renderAll(t, jobs)
	// A message that is tried again is sent before it is deleted, so there are more for a moment.
	awstest.Eventually(t, 5*time.Minute, "each notification is a message", func() bool {
		count, err := s.jobs.Count(t.Context())
		return err == nil && count.Visible+count.Leased+count.Delayed == jobs
	})
	if keys, notifications, refused, calls := b.state(); notifications != 0 || refused != calls {
		t.Errorf("%d notifications of %d keys, %d of %d calls refused, before the bus heals", notifications, keys, refused, calls)
	}
	healed := time.Now()
	b.heal()
	awstest.Eventually(t, 20*time.Minute, "no message is left", func() bool { return s.idle(t) })
	keys, notifications, refused, calls := b.state()
	t.Logf("%d jobs: the last rendition after %v; %d notifications of %d keys within %v of the bus's return, %d of %d calls refused",
		jobs, rendered, notifications, keys, time.Since(healed).Round(time.Second), refused, calls)
	if keys != jobs {
		t.Errorf("%d keys were announced, want %d", keys, jobs)
	}
	s.wantDead(t, 0)
}

// notified empties a queue of notifications and returns the keys of each type. A message
// whose response was lost is received again after its lease.
func notified(t *testing.T, url string) map[notify.Type]map[string]bool {
	t.Helper()
	keys := map[notify.Type]map[string]bool{}
	for _, kind := range notify.Types() {
		keys[kind] = map[string]bool{}
	}
	q := queue.New(awstest.SQS(t, func(o *sqs.Options) { o.HTTPClient = queue.WholeResponses{Client: o.HTTPClient} }), url)
	for {
		left, err := q.Count(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if left == (queue.Count{}) {
			return keys
		}
		messages, err := q.Receive(t.Context(), queue.MaxBatch, time.Second, 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			var n notify.Notification
			if err := json.Unmarshal([]byte(m.Body), &n); err != nil || !slices.Contains(notify.Types(), n.Type) {
				t.Fatalf("%s: %v", m.Body, err)
			}
			keys[n.Type][n.Key] = true
		}
		if len(messages) > 0 {
			if err := errors.Join(q.DeleteBatch(t.Context(), messages)...); err != nil {
				t.Fatal(err)
			}
		}
	}
}
