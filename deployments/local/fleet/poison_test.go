package fleet

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"calotype/internal/awstest"
)

// address returns the URL of the address that an edge logs.
func (p *program) address(t *testing.T) string {
	t.Helper()
	_, rest, ok := strings.Cut(p.log.String(), `"address":"`)
	if !ok {
		t.Fatalf("it does not log its address: %s", p.log)
	}
	address, _, _ := strings.Cut(rest, `"`)
	return "http://" + address
}

// A broken picture is requested repeatedly at several edges, which restart and so forget
// what they have enqueued. It is decoded only a few times, and every viewer gets its bytes.
func TestFleetDecodesPoisonRarely(t *testing.T) {
	t.Parallel()
	requests, generations := 400, 2
	if soak {
		requests, generations = 10_000, 10
	}
	const edges, viewers = 2, 16
	s := newFixture(t)
	source := awstest.Photo(t, 900, 600, 0)[:400] // The file ends in its header.
	awstest.Put(t, s.bucket, "poison.jpg", source, awstest.Headers{ContentType: "image/jpeg"})
	workers := []*program{s.worker(t), s.worker(t)}

	var enqueued int
	var kept atomic.Int64
	start := time.Now()
	for range generations {
		var all errgroup.Group
		all.SetLimit(viewers)
		var fleet []*program
		for range edges {
			fleet = append(fleet, s.start(t, "edge serves", "edge", "--listen=127.0.0.1:0"))
		}
		for i := range requests / generations {
			url := fleet[i%edges].address(t) + "/poison.jpg?size=XS"
			all.Go(func() error {
				r, err := http.Get(url)
				if err != nil {
					return err
				}
				defer r.Body.Close()
				if body, err := io.ReadAll(r.Body); err != nil || r.StatusCode != http.StatusOK || len(body) != len(source) {
					t.Errorf("got %d, %d bytes, %v", r.StatusCode, len(body), err)
				}
				if r.Header.Get("X-Calotype") == "rendition; kept" {
					kept.Add(1)
				}
				return nil
			})
		}
		if err := all.Wait(); err != nil {
			t.Fatal(err)
		}
		awstest.Eventually(t, time.Minute, "the enqueued jobs have ended", func() bool { return s.idle(t) })
		for _, edge := range fleet {
			edge.stop(t)
			enqueued += edge.log.Count(`"message":"enqueue"`)
		}
	}
	decodes := 0
	for _, w := range workers {
		decodes += w.log.Count(`"message":"job"`, `"outcome":"rejected"`, `"class":"corrupt"`)
	}
	dead := len(awstest.Drain(t, s.deadURL))
	t.Logf("%d requests in %v at %d edges, %d answered with the fallback copy; %d jobs enqueued, %d decodes, %d dead letters",
		requests, time.Since(start).Round(time.Second), edges*generations, kept.Load(), enqueued, decodes, dead)
	if decodes < 1 || decodes > 5 || dead > 5 {
		t.Errorf("%d decodes and %d dead letters, want only a few", decodes, dead)
	}
	if limit := edges * generations; enqueued > limit {
		t.Errorf("%d jobs enqueued, want at most %d, one per edge", enqueued, limit)
	}
}
