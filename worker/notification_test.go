package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"calotype"
	"calotype/internal/awstest"
	"calotype/worker/failure"
	"calotype/worker/notify"
)

// Each job has one notification, by how it ended.
func TestNotifications(t *testing.T) {
	b, sent := newFixture(t), newBus(t)
	b.Siblings, b.Notify = SiblingsNone, sent.notify
	b.OnUpload = []calotype.Variant{{Preset: "XS", Format: calotype.WebP}}
	whole := jpegOf(t, photo(900, 600))
	etag := b.put(t, "kitty.jpg", whole)
	b.put(t, "cut.jpg", whole[:len(whole)/2])
	b.put(t, "broken.jpg", []byte("broken"))
	b.put(t, "lost.jpg", whole)
	b.do(t, job("lost.jpg", "M"))
	b.remove(t, "lost.jpg")
	sent.take()
	for _, c := range []struct{ name, body, want string }{
		{"made", job("kitty.jpg", "M", "XS.webp"), "ready kitty.jpg M:900x600:image/jpeg XS.webp:360x240:image/webp"},
		{"nothing to do", job("kitty.jpg", "M"), "ready kitty.jpg M:900x600:image/jpeg"},
		{"an upload", b.created("kitty.jpg"), "ready kitty.jpg XS.webp:360x240:image/webp M:900x600:image/jpeg"},
		{"a damaged picture", job("cut.jpg", "XS.webp"), "damaged cut.jpg XS.webp:360x240:image/webp"},
		{"the same once more", job("cut.jpg", "XS.webp"), "damaged cut.jpg XS.webp:360x240:image/webp"},
		{"a broken picture", job("broken.jpg", "M"), "failed broken.jpg unsupported-format"},
		{"its fallback copy is there", job("broken.jpg", "M"), "failed broken.jpg unsupported-format"},
		{"another variant of it", job("broken.jpg", "S"), "failed broken.jpg unsupported-format"},
		{"an event of it", b.created("broken.jpg"), "failed broken.jpg unsupported-format"},
		{"an unknown preset", job("kitty.jpg", "M", "Q"), "failed kitty.jpg unknown-variant M:900x600:image/jpeg"},
		{"a source under the prefix", job("resized/M/kitty.jpg", "M"), "failed resized/M/kitty.jpg malformed-job"},
		{"removed", job("lost.jpg", "M"), "removed lost.jpg"},
		{"an event of no rendition", b.removed("lost.jpg"), "removed lost.jpg"},
	} {
		b.do(t, c.body)
		if n := sent.takeOne(t); summary(n) != c.want {
			t.Errorf("%s: got %s, want %s", c.name, summary(n), c.want)
		} else if n.Bucket != b.bucketName || n.ID == "" || time.Since(n.Time) > time.Minute {
			t.Errorf("%s: got %+v", c.name, n)
		} else if n.Key == "kitty.jpg" && n.ETag != calotype.TrimETag(etag) {
			t.Errorf("%s: got version %q, want %q", c.name, n.ETag, etag)
		}
	}
	b.do(t, calotype.Job{Source: "kitty.jpg", Variants: []calotype.Variant{{Preset: "M"}}, Request: "r1=="}.Encode())
	n := sent.takeOne(t)
	if _, o := b.object(t, "resized/M/kitty.jpg"); n.Request != "r1==" || n.Variants[0].Bytes != o.Size {
		t.Errorf("got %+v, want the request, and %d bytes", n, o.Size)
	}
	b.OnUpload = nil
	for _, body := range []string{"odd", b.created("unseen.txt"), job("kitty.jpg", "M")[:20], b.created("lonely.jpg")} {
		b.put(t, "lonely.jpg", whole)
		b.do(t, body)
		if got := sent.take(); len(got) != 0 {
			t.Errorf("%s: got %+v, want no notification: no picture is ready, or there is no source", body, got)
		}
	}
}

// A notification is sent after everything is stored and the dead letter is there, and
// before the message is deleted.
func TestNotificationComesBeforeTheDelete(t *testing.T) {
	for name, source := range map[string][]byte{"ready": jpegOf(t, photo(90, 60)), "failed": []byte("broken")} {
		b := newFixture(t)
		b.Siblings = SiblingsNone
		b.put(t, "kitty.jpg", source)
		looked := false
		b.Notify = func(context.Context, json.RawMessage) error {
			looked = true
			if body, _ := b.object(t, "resized/M/kitty.jpg"); body == nil {
				t.Errorf("%s: it was sent before the object was there", name)
			}
			if _, inFlight, _ := awstest.Waiting(t, b.jobsURL); inFlight != "1" {
				t.Errorf("%s: it was sent after the message was deleted", name)
			}
			if dead, _, _ := awstest.Waiting(t, b.deadURL); (dead == "1") != (name == "failed") {
				t.Errorf("%s: %s dead letters when it was sent", name, dead)
			}
			return nil
		}
		b.do(t, job("kitty.jpg", "M"))
		if !looked {
			t.Errorf("%s: nothing was sent", name)
		}
	}
}

// What the bus does not accept waits in the queue, is tried again with growing delays, and
// arrives unchanged. A worker without a bus leaves it to others.
func TestNotificationWaitsForTheBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent, down := newDownBus(t)
		b := newBubble(t, func(s *Settings) { s.Notify, s.Engine = sent.notify, drawing{new(atomic.Int32), nil} })
		b.useConditionalStore("kitty.jpg")
		b.queue.send(calotype.Job{Source: "kitty.jpg", Variants: []calotype.Variant{{Preset: "M"}}, Request: "r1=="}.Encode())
		stop := b.run(t)
		time.Sleep(2 * time.Hour)
		if _, err := stop(); err != nil {
			t.Error(err)
		}
		all, hidden := b.queue.left()
		if all != 1 || hidden != 1 || len(sent.take()) != 0 {
			t.Fatalf("%d messages, %d of them hidden, want the notification, delayed", all, hidden)
		}
		awstest.Scrape(t, b.Worker).Want(t, awstest.Samples{
			`calotype_jobs_total{class="",outcome="done"}`: 1, `calotype_jobs_total{class="",outcome="retried"}`: 0,
			`calotype_notifications_total{result="sent",type="ready"}`: 0,
		})
		if tries := awstest.Scrape(t, b.Worker)[`calotype_notifications_total{result="queued",type="ready"}`]; tries < 8 || tries > 40 {
			t.Errorf("%v tries in two hours", tries)
		}
		*down = false
		for _, bus := range []Notify{nil, sent.notify} { // A worker without a bus, and one with.
			b.Notify = bus
			b.useServices(inProcess{b.queue}, inProcess{b.store})
			stop = b.run(t)
			time.Sleep(time.Hour)
			if all, _ := b.queue.left(); (all == 1) != (bus == nil) {
				t.Errorf("%d messages, a bus: %v", all, bus != nil)
			}
			if _, err := stop(); err != nil {
				t.Error(err)
			}
		}
		if n := sent.takeOne(t); n.Type != notify.Ready || n.Request != "r1==" || summary(n) != "ready kitty.jpg M:942x628:image/jpeg" {
			t.Errorf("got %+v", n)
		}
		if all, _ := b.queue.left(); all != 0 || len(b.queue.deadLetters()) != 0 {
			t.Errorf("%d messages and dead letters %q, want none", all, b.queue.deadLetters())
		}
	})
}

// A notification that no bus accepts for a day becomes a dead letter, which a replay sends.
func TestUndeliveredNotification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent, down := newDownBus(t)
		b := newBubble(t, func(s *Settings) { s.Notify = sent.notify })
		b.useConditionalStore("kitty.jpg")
		b.Engine = drawing{new(atomic.Int32), nil}
		b.queue.send(job("kitty.jpg", "M"))
		stop := b.run(t)
		time.Sleep(deliverFor - time.Hour)
		if n := len(b.queue.deadLetters()); n != 0 {
			t.Fatalf("%d dead letters too soon", n)
		}
		time.Sleep(2 * time.Hour)
		dead := b.queue.deadLetters()
		if all, _ := b.queue.left(); all != 0 || len(dead) != 1 {
			t.Fatalf("%d messages, dead letters %q", all, dead)
		}
		awstest.Scrape(t, b.Worker).Want(t, awstest.Samples{
			fmt.Sprintf(`calotype_jobs_total{class=%q,outcome="rejected"}`, failure.Undelivered): 1,
			`calotype_notifications_total{result="dead-lettered",type="ready"}`:                  1,
		})
		*down = false
		letter, err := calotype.ParseJob(dead[0])
		if err != nil {
			t.Fatal(err)
		}
		b.queue.send(letter.Replayed().Encode())
		time.Sleep(time.Minute)
		if n := sent.takeOne(t); n.Type != notify.Ready || n.Key != "kitty.jpg" {
			t.Errorf("got %+v", n)
		}
		if _, err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// While a bus refuses everything until an operator acts, its notifications wait among the
// jobs without a viewer, are tried seldom, and become dead letters within two hours.
func TestRefusedBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := newBus(t)
		var refuses error = failure.New(failure.NotificationRefused, "put events: AccessDeniedException: give the workers' role events:PutEvents on the bus")
		sent.fail = func() error { return refuses }
		b := newBubble(t, func(s *Settings) { s.Notify, s.Engine = sent.notify, drawing{new(atomic.Int32), nil} })
		b.useConditionalStore("kitty.jpg")
		low := &memoryQueue{}
		b.addBackfill(inProcess{low})
		b.queue.send(job("kitty.jpg", "M"))
		stop := b.run(t)
		time.Sleep(20 * time.Minute)
		if all, _ := b.queue.left(); all != 0 {
			t.Errorf("%d messages in the viewers' queue, want none", all)
		}
		if all, hidden := low.left(); all != 1 || hidden != 1 {
			t.Errorf("%d messages, %d of them hidden, in the backfill's queue, want the notification, delayed", all, hidden)
		}
		time.Sleep(100 * time.Minute)
		all, _ := low.left()
		dead := append(b.queue.deadLetters(), low.deadLetters()...)
		if all != 0 || len(dead) != 1 {
			t.Fatalf("%d messages, dead letters %q", all, dead)
		}
		samples := awstest.Scrape(t, b.Worker)
		samples.Want(t, awstest.Samples{fmt.Sprintf(`calotype_jobs_total{class=%q,outcome="rejected"}`, failure.NotificationRefused): 1})
		if tries := samples[`calotype_notifications_total{result="queued",type="ready"}`]; tries > 12 {
			t.Errorf("%v tries", tries)
		}
		refuses = nil
		letter, err := calotype.ParseJob(dead[0])
		if err != nil {
			t.Fatal(err)
		}
		b.queue.send(letter.Replayed().Encode())
		time.Sleep(time.Minute)
		if n := sent.takeOne(t); n.Type != notify.Ready || n.Key != "kitty.jpg" {
			t.Errorf("got %+v", n)
		}
		if _, err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A bus that takes its time holds no slot: all renditions are stored before it responds to the
// first time.
func TestSlowBusDelaysNoRendition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const jobs = 20
		b := newBubble(t, nil)
		s := b.useConditionalStore("kitty.jpg")
		sent := newBus(t)
		var first sync.Once
		var answered time.Time
		b.Notify = func(ctx context.Context, body json.RawMessage) error {
			time.Sleep(3 * time.Second)
			first.Do(func() { answered = time.Now() })
			return sent.notify(ctx, body)
		}
		b.Engine = drawing{new(atomic.Int32), nil}
		var last time.Time
		s.fault = func(method, key string) (int, string) {
			if method == http.MethodPut {
				last = time.Now()
			}
			return 0, ""
		}
		for i := range jobs {
			key := fmt.Sprintf("%d.jpg", i)
			s.put(key, []byte("picture"), http.Header{})
			b.queue.send(job(key, "M"))
		}
		stop := b.run(t)
		time.Sleep(time.Minute)
		if _, err := stop(); err != nil {
			t.Error(err)
		}
		if got := len(sent.take()); got != jobs || !last.Before(answered) {
			t.Errorf("%d notifications; the last rendition came at %v, the bus's first response at %v", got, last, answered)
		}
	})
}

// mortal are the services of a worker that is killed before or at its nth request: what it
// does afterwards has no effect.
type mortal struct {
	n        int32
	after    bool // The nth request still reaches its service, and its response is lost.
	requests atomic.Int32
}

var errKilled = errors.New("killed")

func (m *mortal) call(reach func()) error {
	switch n := m.requests.Add(1); {
	case n < m.n:
		reach()
		return nil
	case n == m.n && m.after:
		reach()
	}
	return errKilled
}

type mortalClient struct {
	*mortal
	inProcess
}

func (c mortalClient) Do(r *http.Request) (response *http.Response, err error) {
	if killed := c.call(func() { response, err = c.inProcess.Do(r) }); killed != nil {
		return nil, killed
	}
	return response, err
}

// A worker is killed before or within each of its requests to S3, SQS and the bus, in turn.
// In the end every job is announced, whatever the bus does.
func TestKillLosesNoNotification(t *testing.T) {
	for name, c := range map[string]struct {
		engine error
		source bool
		down   time.Duration // How long the bus accepts nothing.
		want   notify.Type
	}{
		"ready":                         {nil, true, 0, notify.Ready},
		"ready, while the bus is down":  {nil, true, time.Minute, notify.Ready},
		"failed":                        {failure.New(failure.Corrupt, "no"), true, 0, notify.Failed},
		"failed, while the bus is down": {failure.New(failure.Corrupt, "no"), true, time.Minute, notify.Failed},
		"removed":                       {nil, false, 0, notify.Removed},
	} {
		t.Run(name, func(t *testing.T) {
			for _, after := range []bool{false, true} {
				finished := false
				n := int32(1)
				for ; !finished; n++ {
					synctest.Test(t, func(t *testing.T) {
						rescuer, victim := newBubble(t, nil), newBubble(t, nil)
						victim.queue = rescuer.queue
						s := rescuer.useConditionalStore("kitty.jpg")
						if !c.source {
							s.with(func() { delete(s.objects, "kitty.jpg") })
						}
						sent, start := newBus(t), time.Now()
						sent.fail = func() error {
							if time.Since(start) < c.down {
								return errors.New("down")
							}
							return nil
						}
						services := &mortal{n: n, after: after}
						victim.useServices(mortalClient{services, inProcess{rescuer.queue}}, mortalClient{services, inProcess{s}})
						rescuer.Engine, victim.Engine = drawing{new(atomic.Int32), c.engine}, drawing{new(atomic.Int32), c.engine}
						rescuer.Notify = sent.notify
						victim.Notify = func(ctx context.Context, body json.RawMessage) (err error) {
							if killed := services.call(func() { err = sent.notify(ctx, body) }); killed != nil {
								return killed
							}
							return err
						}
						rescuer.queue.send(job("kitty.jpg", "M"))
						messages, err := rescuer.queues[0].Receive(t.Context(), 1, 0, Visibility)
						if err != nil || len(messages) != 1 {
							t.Fatalf("got %v, %v", messages, err)
						}
						if err := victim.queues[0].slots.Acquire(t.Context(), 1); err != nil {
							t.Fatal(err)
						}
						victim.handle(t.Context(), victim.queues[0], messages[0], victim.admission.grant(victim.queues[0].slots))
						finished = services.requests.Load() < n
						stop := rescuer.run(t)
						time.Sleep(c.down + 3*time.Minute)
						if _, err := stop(); err != nil {
							t.Error(err)
						}
						got := sent.take()
						if len(got) == 0 || len(got) > 3 || slices.ContainsFunc(got, func(n notify.Notification) bool { return n.Type != c.want || n.Key != "kitty.jpg" }) {
							t.Errorf("killed at request %d (reached: %v): got %+v, want one of %s, or a few", n, after, got, c.want)
						}
						if all, _ := rescuer.queue.left(); all != 0 {
							t.Errorf("killed at request %d (reached: %v): %d messages are left", n, after, all)
						}
						dead := rescuer.queue.deadLetters()
						if len(dead) > 2 || (len(dead) > 0) != (c.want == notify.Failed) {
							t.Errorf("killed at request %d (reached: %v): dead letters %q", n, after, dead)
						}
					})
				}
				if n < 6 {
					t.Errorf("only %d requests", n-2)
				}
			}
		})
	}
}
