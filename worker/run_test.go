package worker

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"calotype/internal/awstest"
	"calotype/worker/store"
)

func storeOf(t *testing.T, name string) *store.Bucket { return store.New(awstest.S3(t), name) }

// start runs the worker. Calling signal stops it, and ended is closed once it has stopped.
func (f *fixture) start(t *testing.T) (signal func(), ended <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	end := make(chan struct{})
	go func() {
		defer close(end)
		if err := f.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-end
	})
	return cancel, end
}

func (f *fixture) idle(t *testing.T) func() bool {
	return func() bool {
		visible, inFlight, delayed := awstest.Waiting(t, f.jobsURL)
		return visible+inFlight+delayed == "000"
	}
}

func TestRunEmptiesTheQueue(t *testing.T) {
	b := newFixture(t)
	b.Siblings = SiblingsNone
	source := jpegOf(t, photo(300, 200))
	var want []string
	for i := range 25 {
		key := fmt.Sprintf("%02d.jpg", i)
		b.put(t, key, source)
		want = append(want, "resized/XS/"+key)
		if err := b.jobQueue.Send(t.Context(), job(key, "XS"), 0); err != nil {
			t.Fatal(err)
		}
	}
	b.start(t)
	awstest.Eventually(t, time.Minute, "the queue is empty", b.idle(t))
	for _, key := range want {
		if body, _ := b.object(t, key); body == nil {
			t.Errorf("%s is missing", key)
		}
	}
}

func TestNeverMoreJobsThanSlots(t *testing.T) {
	var now, peak atomic.Int32
	b := newFixture(t, func(r *http.Request) *http.Response {
		if r.Method == http.MethodPut {
			peak.Store(max(peak.Load(), now.Add(1)))
			time.Sleep(20 * time.Millisecond)
			now.Add(-1)
		}
		return nil
	})
	b.Siblings = SiblingsNone
	source := jpegOf(t, photo(300, 200))
	for i := range 12 {
		key := fmt.Sprintf("%02d.jpg", i)
		b.put(t, key, source)
		if err := b.jobQueue.Send(t.Context(), job(key, "XS"), 0); err != nil {
			t.Fatal(err)
		}
	}
	b.start(t)
	awstest.Eventually(t, time.Minute, "the queue is empty", b.idle(t))
	if got := peak.Load(); got > 2 {
		t.Errorf("%d at once, want at peak 2", got)
	}
}

// After the signal to stop, a job that has started is finished and acknowledged.
func TestStopFinishesStartedJobs(t *testing.T) {
	started, goOn := make(chan struct{}), make(chan struct{})
	b := newFixture(t, once("PUT", "/resized/", func() {
		close(started)
		<-goOn
	}))
	b.Siblings = SiblingsNone
	b.put(t, "kitty.jpg", jpegOf(t, photo(300, 200)))
	if err := b.jobQueue.Send(t.Context(), job("kitty.jpg", "XS"), 0); err != nil {
		t.Fatal(err)
	}
	signal, ended := b.start(t)
	<-started
	signal()
	close(goOn)
	<-ended
	b.wantDone(t)
	if body, _ := b.object(t, "resized/XS/kitty.jpg"); body == nil {
		t.Error("the job was not finished")
	}
}

// A job that does not end within the grace period returns to the queue at once.
func TestStopRequeuesUnfinishedJobs(t *testing.T) {
	started := make(chan struct{})
	b := newFixture(t, func(r *http.Request) *http.Response {
		if r.Method != http.MethodPut {
			return nil
		}
		close(started)
		<-r.Context().Done()
		return awstest.Response(503)
	})
	b.Siblings = SiblingsNone
	b.Grace = 100 * time.Millisecond
	b.put(t, "kitty.jpg", jpegOf(t, photo(300, 200)))
	if err := b.jobQueue.Send(t.Context(), job("kitty.jpg", "XS"), 0); err != nil {
		t.Fatal(err)
	}
	signal, ended := b.start(t)
	<-started
	signal()
	<-ended
	if visible, inFlight, delayed := awstest.Waiting(t, b.jobsURL); visible+inFlight+delayed != "100" {
		t.Errorf("visible %s, in flight %s, delayed %s, want one visible", visible, inFlight, delayed)
	}
	b.wantKeys(t, "kitty.jpg")
}
