package worker

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"calotype"
	"calotype/internal/awstest"
	"calotype/queue"
	"calotype/worker/failure"
)

// views is the number of requests of a viewer who asks every 20 seconds for 15 minutes.
const views = 45

// countDecodes counts the pictures that the worker opens.
func (w *Worker) countDecodes() *atomic.Int32 {
	var decodes atomic.Int32
	w.Engine = opened{w.Engine, func() { decodes.Add(1) }}
	return &decodes
}

// refusal responds like S3 with an error code.
func refusal(status int, code string) *http.Response {
	r := awstest.Response(status)
	r.Header.Set("Content-Type", "application/xml")
	r.Body = io.NopCloser(strings.NewReader("<Error><Code>" + code + "</Code><Message>it is so</Message></Error>"))
	return r
}

// A picture that fails for good costs one decode and one dead letter, however often and in
// whatever sizes it is viewed.
func TestViewsOfAFailure(t *testing.T) {
	good := jpegOf(t, photo(90, 60))
	for name, c := range map[string]struct {
		source  []byte
		hook    func(*http.Request) *http.Response
		class   string
		decodes int32
	}{
		"it is not a picture": {[]byte("no picture"), nil, failure.UnsupportedFormat, 1},
		"it has no pixels":    {jpegOf(t, photo(900, 600))[:400], nil, failure.Corrupt, 1},
		"PUT answers 501": {good, func(r *http.Request) *http.Response {
			if r.Method == http.MethodPut {
				return refusal(501, "NotImplemented")
			}
			return nil
		}, failure.NotImplemented, 1},
		"GET answers 400": {good, func(r *http.Request) *http.Response {
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/kitty.jpg") {
				return refusal(400, "KMS.DisabledException")
			}
			return nil
		}, failure.KMSKey, 0},
		"HEAD answers 403": {good, func(r *http.Request) *http.Response {
			if r.Method == http.MethodHead {
				return awstest.Response(403)
			}
			return nil
		}, failure.Forbidden, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newFixture(t, func(r *http.Request) *http.Response {
				if c.hook == nil {
					return nil
				}
				return c.hook(r)
			})
			decodes := b.countDecodes()
			b.put(t, "kitty.jpg", c.source)
			b.do(t, job("kitty.jpg", "M"))
			reason := b.wantDeadLetter(t, c.class, job("kitty.jpg", "M"))
			if reason.Detail == "" {
				t.Error("no detail")
			}
			for i := range views {
				b.do(t, job("kitty.jpg", []string{"M", "S", "M.webp"}[i%3]))
			}
			b.wantDone(t)
			if n := decodes.Load(); n != c.decodes {
				t.Errorf("%d decodes, want %d", n, c.decodes)
			}
		})
	}
}

// Twenty failing pictures do not keep a hundred good ones from being made, and each picture
// is opened once.
func TestFailuresAmongGoodPictures(t *testing.T) {
	b := newFixture(t)
	b.Siblings = SiblingsNone
	decodes := b.countDecodes()
	good := jpegOf(t, photo(60, 40))
	send := func(key string) {
		if err := b.jobQueue.Send(t.Context(), job(key, "XS"), 0); err != nil {
			t.Fatal(err)
		}
	}
	var keys []string
	for i := range 120 {
		key := "good-" + string(rune('a'+i/26)) + string(rune('a'+i%26)) + ".jpg"
		body := good
		if i%6 == 0 {
			key, body = "bad-"+key, []byte("no picture")
		}
		b.put(t, key, body)
		send(key)
		if keys = append(keys, key); i%6 == 0 {
			send(key) // Another view.
		}
	}
	b.start(t)
	awstest.Eventually(t, 2*time.Minute, "the queue is empty", b.idle(t))
	for _, key := range keys {
		if body, _ := b.object(t, "resized/XS/"+key); body == nil {
			t.Errorf("%s has no rendition and no copy", key)
		}
	}
	if visible, _, _ := awstest.Waiting(t, b.deadURL); visible != "20" {
		t.Errorf("%s dead letters, want 20", visible)
	}
	if n := decodes.Load(); n != 120 {
		t.Errorf("%d decodes of 120 pictures", n)
	}
}

// While a service fails, the messages for a picture do not grow with its views.
func TestViewsDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		b.store.source("kitty.jpg", []byte("picture"))
		b.store.handle(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, "GET /b/kitty.jpg")
		stop := b.run(t)
		for range views {
			b.queue.send(job("kitty.jpg", "M"))
			time.Sleep(20 * time.Second)
		}
		time.Sleep(10 * time.Second)
		if all, _ := b.queue.left(); all < 1 || all > 2 || len(b.queue.deadLetters()) != 0 {
			t.Errorf("%d messages and %d dead letters after %d views", all, len(b.queue.deadLetters()), views)
		}
		b.store.handle(http.NotFound, "GET /b/kitty.jpg", "HEAD /b/kitty.jpg")
		time.Sleep(queue.MaxDelay)
		if all, _ := b.queue.left(); all != 0 {
			t.Errorf("%d messages after the outage", all)
		}
		if _, err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// An error of unknown kind has three attempts, minutes apart. A panic is one.
func TestUnknownFailures(t *testing.T) {
	for name, fail := range map[string]func() error{
		"an error": func() error { return errors.New("odd") },
		"a panic":  func() error { panic("odd") },
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBubble(t, nil)
			b.store.source("kitty.jpg", []byte("picture"))
			put := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("ETag", `"two"`) }
			b.store.handle(put, "PUT /b/resized/M/kitty.jpg", "PUT /b/resized/.failed/kitty.jpg")
			var attempts []time.Time
			b.Engine = opened{failing(fail), func() { attempts = append(attempts, time.Now()) }}
			b.queue.send(job("kitty.jpg", "M"))
			stop := b.run(t)
			time.Sleep(time.Hour)
			if _, err := stop(); err != nil {
				t.Error(err)
			}
			if all, _ := b.queue.left(); len(attempts) != maxUnknown || all != 0 || len(b.queue.deadLetters()) != 1 {
				t.Fatalf("%s: %d attempts, %d messages, %d dead letters", name, len(attempts), all, len(b.queue.deadLetters()))
			}
			if apart := attempts[1].Sub(attempts[0]); apart < time.Minute || apart > 5*time.Minute {
				t.Errorf("%s: the attempts are %v apart", name, apart)
			}
		})
	}
}

// A message of a newer version waits for a newer worker, but not forever.
func TestNewerVersionWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		since := time.Now().Add(-waitForNewer + time.Hour).UTC().Format(time.RFC3339)
		b.queue.send(`{"v":3,"odd":"as it came","first_seen":"` + since + `"}`)
		stop := b.run(t)
		time.Sleep(30 * time.Minute)
		if all, _ := b.queue.left(); all != 1 || len(b.queue.deadLetters()) != 0 {
			t.Errorf("%d messages and %d dead letters while it waits", all, len(b.queue.deadLetters()))
		}
		time.Sleep(time.Hour)
		if all, _ := b.queue.left(); all != 0 || len(b.queue.deadLetters()) != 1 || !strings.Contains(b.queue.deadLetters()[0], `"odd":"as it came"`) {
			t.Errorf("%d messages and dead letters %q in the end", all, b.queue.deadLetters())
		}
		if _, err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// If nothing can be sent at a stop, the message is released, so that it need not wait for
// the end of its lease.
func TestReleaseWhenSendingFailsAtAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, func(s *Settings) { s.Grace = time.Second })
		b.slowHead("kitty.jpg", time.Minute)
		b.queue.refuse = map[string]bool{"SendMessage": true}
		b.queue.send(job("kitty.jpg", "M"))
		stop := b.run(t)
		time.Sleep(10 * time.Second)
		if _, hidden := b.queue.left(); hidden != 1 {
			t.Fatal("the job does not run")
		}
		if _, err := stop(); err != nil {
			t.Error(err)
		}
		if all, hidden := b.queue.left(); all != 1 || hidden != 0 {
			t.Errorf("%d messages, %d of them hidden, want one to receive", all, hidden)
		}
	})
}

// Jobs without a waiting viewer do not count in the metric of viewers' waiting time.
func TestMissToRenditionIsOfViewersJobs(t *testing.T) {
	b := newFixture(t)
	b.Siblings, b.OnUpload = SiblingsNone, []calotype.Variant{{Preset: "XS"}}
	b.put(t, "kitty.jpg", jpegOf(t, photo(300, 200)))
	b.do(t, calotype.Job{Source: "kitty.jpg", Variants: []calotype.Variant{{Preset: "S"}}, Exact: true}.Encode())
	b.do(t, b.created("kitty.jpg"))
	b.wantKeys(t, "kitty.jpg", "resized/S/kitty.jpg", "resized/XS/kitty.jpg")
	awstest.Scrape(t, b.Worker).Want(t, awstest.Samples{"calotype_miss_to_rendition_seconds_count": 0})
	b.do(t, job("kitty.jpg", "M"))
	awstest.Scrape(t, b.Worker).Want(t, awstest.Samples{"calotype_miss_to_rendition_seconds_count": 1})
}

// A dead letter that SQS's own redrive moved back is a replay: it keeps its attributes.
func TestRedriveIsAReplay(t *testing.T) {
	b := newFixture(t)
	b.Siblings = SiblingsNone
	b.Limits.Pixels = 100
	b.put(t, "kitty.jpg", jpegOf(t, photo(90, 60)))
	b.do(t, job("kitty.jpg", "M"))
	reason := b.wantDeadLetter(t, failure.TooManyPixels, job("kitty.jpg", "M"))
	b.Limits.Pixels = 1 << 20
	if err := b.jobQueue.DeadLetter(t.Context(), job("kitty.jpg", "M"), reason); err != nil {
		t.Fatal(err)
	}
	b.doNext(t)
	b.wantDone(t)
	if _, o := b.object(t, "resized/M/kitty.jpg"); calotype.ParseLineage(o.Metadata).IsFallback() {
		t.Error("the fallback copy stayed")
	}
}

// A rendition is never a source, whatever its key: otherwise two prefixes in one bucket
// would make renditions of each other's endlessly.
func TestRenditionIsNotASource(t *testing.T) {
	b := newFixture(t)
	b.put(t, "kitty.jpg", jpegOf(t, photo(300, 200)))
	b.do(t, job("kitty.jpg", "XS"))
	other := newFixture(t)
	other.bucketName, other.bucket, other.Prefix = b.bucketName, b.bucket, "thumbs"
	other.OnUpload = []calotype.Variant{{Preset: "XS"}}
	other.do(t, other.created("resized/XS/kitty.jpg"))
	other.wantDone(t)
	if body, _ := b.object(t, "thumbs/XS/resized/XS/kitty.jpg"); body != nil {
		t.Error("a rendition of a rendition was made")
	}
}

// A copy keeps the Content-Disposition of its source: a download stays one.
func TestCopyKeepsItsDisposition(t *testing.T) {
	b := newFixture(t)
	put := func(key, disposition string) {
		t.Helper()
		o := awstest.Headers{ContentType: "text/html", ContentDisposition: disposition}
		awstest.Put(t, b.bucketName, key, []byte("<p>no picture"), o)
	}
	put("kitty.jpg", "attachment")
	b.do(t, job("kitty.jpg", "M"))
	b.wantDeadLetter(t, failure.UnsupportedFormat, job("kitty.jpg", "M"))
	if _, o := b.object(t, "resized/M/kitty.jpg"); o.Disposition != "attachment" || o.ContentType != "application/octet-stream" {
		t.Errorf("got %q, %q", o.Disposition, o.ContentType)
	}
}

// The log names a job that a worker starts again, before the job may crash the worker.
func TestRepeatedReceiveIsLogged(t *testing.T) {
	b := newFixture(t)
	log := &awstest.Log{}
	b.log = b.log.Output(log)
	b.do(t, job("none.jpg", "M"))
	if n := log.Count("job starts"); n != 0 {
		t.Errorf("%d starts of a new message are logged", n)
	}
	if err := b.jobQueue.Send(t.Context(), job("none.jpg", "M"), 0); err != nil {
		t.Fatal(err)
	}
	b.crash(t)
	b.doNext(t)
	if log.Count(`"message":"job starts"`, `"source":"none.jpg"`, `"receives":2`) != 1 {
		t.Errorf("got %s", log)
	}
}

// An outage of a queue is logged when it starts and when it ends.
func TestOutageIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		log := &awstest.Log{}
		b.log = b.log.Output(log)
		b.queue.mu.Lock()
		b.queue.refuse = map[string]bool{"ReceiveMessage": true}
		b.queue.mu.Unlock()
		stop := b.run(t)
		time.Sleep(10 * time.Minute)
		b.queue.mu.Lock()
		b.queue.refuse = nil
		b.queue.mu.Unlock()
		time.Sleep(10 * time.Minute)
		if _, err := stop(); err != nil {
			t.Error(err)
		}
		if fails, ends := log.Count("receive fails"), log.Count("receive succeeds again"); fails != 1 || ends != 1 {
			t.Errorf("%d and %d lines of one outage", fails, ends)
		}
	})
}

// An outage of S3 is logged when it begins and when it ends. One object that cannot be read
// is not an outage.
func TestOutageOfTheStoreIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		log := &awstest.Log{}
		b.log = b.log.Output(log)
		s := b.useConditionalStore("a.jpg")
		for _, key := range []string{"b.jpg", "c.jpg", "d.jpg", "e.jpg"} {
			s.put(key, []byte("picture"), http.Header{})
		}
		b.Engine = drawing{new(atomic.Int32), nil}
		failing := func(only string) func(string, string) (int, string) {
			return func(method, key string) (int, string) {
				if method == http.MethodGet && strings.HasPrefix(key, only) {
					return 503, "SlowDown"
				}
				return 0, ""
			}
		}
		s.fault = failing("a.jpg")
		stop := b.run(t)
		lines := func() string {
			return fmt.Sprint(log.Count("a service fails"), log.Count("jobs succeed again"))
		}
		b.queue.send(job("a.jpg", "M"))
		for range 60 { // Others come meanwhile, as in a fleet.
			b.queue.send(job("b.jpg", "M"))
			time.Sleep(2 * time.Second)
		}
		if got := lines(); got != "0 0" {
			t.Errorf("one object fails: %s lines", got)
		}
		s.with(func() { s.fault = failing("") })
		for _, key := range []string{"c.jpg", "d.jpg", "e.jpg"} {
			b.queue.send(job(key, "M"))
		}
		time.Sleep(time.Hour)
		s.with(func() { s.fault = failing("none") })
		time.Sleep(time.Hour)
		if got := lines(); got != "1 1" {
			t.Errorf("an outage: %s lines, want one of each", got)
		}
		if _, err := stop(); err != nil {
			t.Error(err)
		}
		if all, _ := b.queue.left(); all != 0 || len(b.queue.dead) != 0 {
			t.Errorf("%d messages and dead letters %q", all, b.queue.dead)
		}
	})
}
