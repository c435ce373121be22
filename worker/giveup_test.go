package worker

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"calotype"
	"calotype/internal/awstest"
	"calotype/queue"
	"calotype/worker/failure"
)

// receive receives the next message as a worker does that is then killed.
func (f *fixture) receive(t *testing.T) queue.Message {
	t.Helper()
	messages, err := f.jobQueue.Receive(t.Context(), 1, 5*time.Second, Visibility)
	if err != nil || len(messages) != 1 {
		t.Fatalf("got %v, %v, want one message", messages, err)
	}
	return messages[0]
}

// crash makes a message return, as if its worker had been killed.
func (f *fixture) crash(t *testing.T) {
	t.Helper()
	if err := f.jobQueue.Release(t.Context(), f.receive(t)); err != nil {
		t.Fatal(err)
	}
}

// The last receive that the redrive policy permits is not spent on another decode: the job
// gets a reason, and viewers get a copy.
func TestPoisonMessage(t *testing.T) {
	b := newFixture(t)
	source := jpegOf(t, photo(300, 200))
	b.put(t, "kitty.jpg", source)
	if err := b.jobQueue.Send(t.Context(), job("kitty.jpg", "M"), 0); err != nil {
		t.Fatal(err)
	}
	var decodes atomic.Int32
	b.Engine = opened{b.Engine, func() { decodes.Add(1) }}
	for range 4 {
		b.crash(t)
	}
	b.doNext(t)
	reason := b.wantDeadLetter(t, failure.PoisonMessage, job("kitty.jpg", "M"))
	if !strings.Contains(reason.Detail, "5 times") || decodes.Load() != 0 {
		t.Errorf("got %q after %d decodes", reason.Detail, decodes.Load())
	}
	body, o := b.object(t, "resized/M/kitty.jpg")
	if l := calotype.ParseLineage(o.Metadata); !bytes.Equal(body, source) || l.CopyReason != failure.PoisonMessage {
		t.Errorf("got %d bytes, %+v", len(body), l)
	}
	b.wantKeys(t, "kitty.jpg", "resized/.failed/kitty.jpg", "resized/M/kitty.jpg")
}

// A message whose job is done but not acknowledged does not count as a poison message.
func TestLastReceiveOfFinishedJob(t *testing.T) {
	b := newFixture(t)
	b.Siblings = SiblingsNone
	b.put(t, "kitty.jpg", jpegOf(t, photo(300, 200)))
	b.do(t, job("kitty.jpg", "M"))
	if err := b.jobQueue.Send(t.Context(), job("kitty.jpg", "M"), 0); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		b.crash(t)
	}
	b.doNext(t)
	b.wantDone(t)
}

// One fault has one dead letter, even if the copy can be put only later.
func TestOneDeadLetterWhenTheCopyFails(t *testing.T) {
	failing := true
	b := newFixture(t, func(r *http.Request) *http.Response {
		if failing && r.Method == http.MethodPut {
			return awstest.Response(503)
		}
		return nil
	})
	b.put(t, "kitty.jpg", []byte("broken"))
	b.do(t, job("kitty.jpg", "M"))
	failing = false
	b.doNext(t)
	b.wantDeadLetter(t, failure.UnsupportedFormat, job("kitty.jpg", "M"))
	b.wantDone(t)
	if _, o := b.object(t, "resized/M/kitty.jpg"); calotype.ParseLineage(o.Metadata).CopyReason != failure.UnsupportedFormat {
		t.Errorf("got %v, want the copy", o.Metadata)
	}
}

// A picture that would need more than the whole budget is refused before it is decoded.
func TestTooMuchMemory(t *testing.T) {
	b := newFixture(t)
	b.Memory = 1 << 20
	b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	b.do(t, job("kitty.jpg", "M"))
	reason := b.wantDeadLetter(t, failure.TooMuchMemory, job("kitty.jpg", "M"))
	if !strings.Contains(reason.Detail, "the budget is 1 MB") {
		t.Errorf("got %q", reason.Detail)
	}
	b.wantKeys(t, "kitty.jpg", "resized/.failed/kitty.jpg", "resized/M/kitty.jpg")
}

// A download that ends too early is retried: nothing of it is published.
func TestTruncatedDownload(t *testing.T) {
	source := jpegOf(t, photo(900, 600))
	cut := true
	b := newFixture(t, func(r *http.Request) *http.Response {
		if !cut || r.Method != http.MethodGet {
			return nil
		}
		return &http.Response{
			StatusCode: http.StatusOK,
			Header:     http.Header{"Etag": {`"one"`}, "Content-Length": {strconv.Itoa(len(source))}},
			Body:       io.NopCloser(bytes.NewReader(source[:len(source)/2])),
		}
	})
	b.Siblings = SiblingsNone
	b.put(t, "kitty.jpg", source)
	b.do(t, job("kitty.jpg", "M"))
	if visible, inFlight, delayed := awstest.Waiting(t, b.jobsURL); visible+inFlight+delayed != "001" {
		t.Errorf("visible %s, in flight %s, delayed %s, want one delayed", visible, inFlight, delayed)
	}
	b.wantKeys(t, "kitty.jpg")
	cut = false
	b.doNext(t)
	b.wantDone(t)
	b.wantKeys(t, "kitty.jpg", "resized/M/kitty.jpg")
}
