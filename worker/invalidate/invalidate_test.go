package invalidate

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/internal/awstest"
)

// cloudFront simulates invalidations: each takes a minute, and at most 15 paths may be in
// progress.
type cloudFront struct {
	mu      sync.Mutex
	starts  []time.Time
	batches [][]string
	peak    int // Paths in progress.
	refuse  int // The number of calls.
	// The paths that are refused with another error.
	fails func(*http.Request, []string) (status int, code string)
	log   awstest.Log
}

func (c *cloudFront) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	c.mu.Lock()
	defer c.mu.Unlock()
	var batch struct {
		Paths struct{ Items struct{ Path []string } }
	}
	if r.Method == http.MethodPost {
		if err := xml.NewDecoder(r.Body).Decode(&batch); err != nil {
			return nil, err
		}
	}
	if c.fails != nil {
		if status, code := c.fails(r, batch.Paths.Items.Path); status != 0 {
			w.WriteHeader(status)
			fmt.Fprintf(w, `<ErrorResponse><Error><Code>%s</Code><Message>no</Message></Error></ErrorResponse>`, code)
			return w.Result(), nil
		}
	}
	switch {
	case r.Method == http.MethodGet:
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/2020-05-31/distribution/E1/invalidation/I%d", &n); err != nil {
			return nil, err
		}
		c.respond(w, 200, n)
	case c.refuse > 0 || c.inFlight() >= 15:
		c.refuse--
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `<ErrorResponse><Error><Code>TooManyInvalidationsInProgress</Code><Message>too many</Message></Error></ErrorResponse>`)
	default:
		c.batches, c.starts = append(c.batches, batch.Paths.Items.Path), append(c.starts, time.Now())
		c.peak = max(c.peak, c.inFlight())
		c.respond(w, 201, len(c.batches)-1)
	}
	return w.Result(), r.Context().Err()
}

func (c *cloudFront) respond(w *httptest.ResponseRecorder, status, n int) {
	state := "InProgress"
	if time.Since(c.starts[n]) >= time.Minute {
		state = "Completed"
	}
	w.WriteHeader(status)
	fmt.Fprintf(w, `<Invalidation><Id>I%d</Id><Status>%s</Status></Invalidation>`, n, state)
}

func (c *cloudFront) inFlight() (paths int) {
	for i, start := range c.starts {
		if time.Since(start) < time.Minute {
			paths += len(c.batches[i])
		}
	}
	return paths
}

func (c *cloudFront) paths() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Concat(c.batches...)
}

func unlimited(_ context.Context, n int) (int, error) { return n, nil }

// run runs an invalidator until the returned function is called.
func run(t *testing.T, c *cloudFront, budget Budget) (p *Invalidator, end func()) {
	client := cloudfront.New(cloudfront.Options{
		Region: "us-east-1", HTTPClient: c, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), Retryer: aws.NopRetryer{},
	})
	p = New(client, "E1", budget, zerolog.New(io.MultiWriter(t.Output(), &c.log)))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); p.Run(ctx) }()
	return p, func() { cancel(); <-ended }
}

// Changes in quick succession are sent in one invalidation, each picture once.
func TestPathsGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloudFront{}
		p, end := run(t, c, unlimited)
		defer end()
		for _, key := range []string{"cats/kitty.jpg", "été a+b%.jpg", "cats/kitty.jpg", "all*.jpg"} {
			p.Invalidate(key)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		want := []string{"/cats/kitty.jpg*", "/%C3%A9t%C3%A9%20a+b%25.jpg*", "/all%2A.jpg*"}
		if len(c.batches) != 1 || !reflect.DeepEqual(c.batches[0], want) {
			t.Errorf("got %q, want one of %q", c.batches, want)
		}
	})
}

// A tag is of the whole key, and counts as one path.
func TestByTag(t *testing.T) {
	p := &Invalidator{ByTag: true, OriginPath: "photos"}
	if got, ok := p.path("photos/kitty (1).jpg"); got != "#"+calotype.CacheTag("photos/kitty (1).jpg") || !ok {
		t.Errorf("got %q, %v", got, ok)
	}
	if got, ok := p.path("others/kitty.jpg"); ok {
		t.Errorf("got %q for a picture that the distribution does not serve", got)
	}
}

// CloudFront must get unescaped what viewers' programs do not escape.
func TestPaths(t *testing.T) {
	p := &Invalidator{}
	for key, want := range map[string]string{
		"kitty (1)!.jpg":   "/kitty%20(1)!.jpg*",
		"it's,a;b=c&d.jpg": "/it's,a;b=c&d.jpg*",
		"a~b[1]{2}|^.jpg":  "/a%7Eb%5B1%5D%7B2%7D%7C%5E.jpg*",
		"a?b#c\\d*.jpg":    "/a%3Fb%23c%5Cd%2A.jpg*",
	} {
		if got, _ := p.path(key); got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
}

// Many paths are sent in step with CloudFront's progress, all in the end.
func TestAtMostTenInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloudFront{}
		p, end := run(t, c, unlimited)
		defer end()
		for i := range 95 {
			p.Invalidate(fmt.Sprintf("%d.jpg", i))
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(c.paths()); n != 95 || c.peak != maxInFlight {
			t.Errorf("%d paths, %d at once, want 95 and %d", n, c.peak, maxInFlight)
		}
	})
}

func TestRefusedPathsAreSentLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloudFront{refuse: 5}
		spent := 0
		p, end := run(t, c, func(_ context.Context, n int) (int, error) { spent += n; return n, nil })
		defer end()
		p.Invalidate("kitty.jpg")
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if got := c.paths(); len(got) != 1 || spent != 1 {
			t.Errorf("sent %q, and %d counted, want one", got, spent)
		}
	})
}

// If CloudFront rejects a path or a policy forbids the call, the calls must not repeat
// forever, and the other paths must be sent.
func TestRefusedPathDoesNotBlockOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloudFront{fails: func(_ *http.Request, paths []string) (int, string) {
			if slices.Contains(paths, "/odd.jpg*") {
				return http.StatusBadRequest, "InvalidArgument"
			}
			return 0, ""
		}}
		p, end := run(t, c, unlimited)
		defer end()
		for _, key := range []string{"a.jpg", "b.jpg", "odd.jpg", "c.jpg"} {
			p.Invalidate(key)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if got := c.paths(); len(got) != 3 || testutil.ToFloat64(p.skipped) != 1 || p.left() != 0 {
			t.Errorf("sent %q, left out %v, %d wait", got, testutil.ToFloat64(p.skipped), p.left())
		}
	})
}

func TestForbiddenBacksOff(t *testing.T) {
	for name, method := range map[string]string{"to send": http.MethodPost, "to ask": http.MethodGet} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &cloudFront{fails: func(r *http.Request, _ []string) (int, string) {
					if r.Method == method {
						return http.StatusForbidden, "AccessDenied"
					}
					return 0, ""
				}}
				p, end := run(t, c, unlimited)
				defer end()
				for i := range 15 {
					p.Invalidate(fmt.Sprintf("%d.jpg", i))
				}
				time.Sleep(20 * time.Minute)
				synctest.Wait()
				if n := c.log.Count("AccessDenied"); n < 1 || n > 10 {
					t.Errorf("complained %d times in 20 minutes:\n%s", n, &c.log)
				}
				c.mu.Lock()
				c.fails = nil
				c.mu.Unlock()
				time.Sleep(time.Hour)
				synctest.Wait()
				if got := c.paths(); len(got) != 15 {
					t.Errorf("once it is allowed, sent %q", got)
				}
			})
		})
	}
}

func TestNothingBeyondTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, left := &cloudFront{}, 3
		p, end := run(t, c, func(_ context.Context, n int) (int, error) {
			n = min(n, left)
			left -= n
			return n, nil
		})
		defer end()
		for i := range 20 {
			p.Invalidate(fmt.Sprintf("%d.jpg", i))
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := len(c.paths()); n != 3 {
			t.Errorf("%d paths, want 3", n)
		}
		if sent, skipped := testutil.ToFloat64(p.sent), testutil.ToFloat64(p.skipped); sent != 3 || skipped != 17 {
			t.Errorf("counted %v sent and %v left out, want 3 and 17", sent, skipped)
		}
		left = 1 // Another month.
		p.Invalidate("0.jpg")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := len(c.paths()); n != 4 {
			t.Errorf("%d paths, want 4", n)
		}
	})
}

// On a stop, paths that may still be sent are sent, without waiting for completion.
func TestStopSendsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloudFront{}
		p, end := run(t, c, unlimited)
		for i := range 12 {
			p.Invalidate(fmt.Sprintf("%d.jpg", i))
		}
		start := time.Now()
		end()
		if n := len(c.paths()); n != maxInFlight || time.Since(start) > shutdownTimeout {
			t.Errorf("%d paths after %v, want %d", n, time.Since(start), maxInFlight)
		}
	})
}

func TestOriginPath(t *testing.T) {
	p := &Invalidator{OriginPath: "photos"}
	for key, want := range map[string]string{"photos/a.jpg": "/a.jpg*", "photos.jpg": "", "other/a.jpg": ""} {
		if got, _ := p.path(key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
}

func TestMaxWaiting(t *testing.T) {
	p := New(nil, "E1", unlimited, zerolog.Nop())
	for i := range maxWaiting + 5 {
		p.Invalidate(strings.Repeat("a", 3) + fmt.Sprint(i))
	}
	if p.left() != maxWaiting || p.dropped != 5 {
		t.Errorf("%d wait, %d were dropped", p.left(), p.dropped)
	}
}
