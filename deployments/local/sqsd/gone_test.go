package sqsd_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// TestClientGone cancels polls and breaks responses: the next receiver must get the message
// as if it had not been received.
func TestClientGone(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(t *testing.T, g *gate, c *sqs.Client, queue *string){
		"while it waits": func(t *testing.T, g *gate, c *sqs.Client, queue *string) {
			ctx, cancel := context.WithCancel(t.Context())
			g.entered = cancel
			if _, err := poll(ctx, c, queue); err == nil {
				t.Error("a cancelled poll returned no error")
			}
			<-g.left
			send(t, c, queue, "b")
		},
		"as the message comes": func(t *testing.T, g *gate, c *sqs.Client, queue *string) {
			send(t, c, queue, "b")
			g.client = func(ctx context.Context) context.Context { return &goneOnSecondLook{Context: ctx} }
			if out, err := poll(t.Context(), c, queue); err != nil || len(out.Messages) != 0 {
				t.Errorf("got %v, %v; want nothing", out, err)
			}
			<-g.left
		},
		"as the answer is written": func(t *testing.T, g *gate, c *sqs.Client, queue *string) {
			send(t, c, queue, "b")
			g.wrap = func(w http.ResponseWriter) http.ResponseWriter { return brokenPipe{w} }
			if _, err := poll(t.Context(), c, queue); err == nil {
				t.Error("a broken answer returned no error")
			}
			<-g.left
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, filepath.Join(t.TempDir(), "queues.db"))
			g := &gate{next: s, left: make(chan bool, 1)}
			c := serve(t, g, s)
			queue := newQueue(t, c, nil)
			leave(t, g, c, queue)
			m := mustReceive(t, c, queue, 0)
			if got := m.Attributes["ApproximateReceiveCount"]; got != "1" {
				t.Errorf("ApproximateReceiveCount = %s, want 1", got)
			}
			if a := m.Attributes; a["ApproximateFirstReceiveTimestamp"] < a["SentTimestamp"] {
				t.Errorf("attributes = %v", a)
			}
		})
	}
}

func poll(ctx context.Context, c *sqs.Client, queue *string) (*sqs.ReceiveMessageOutput, error) {
	return c.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue, WaitTimeSeconds: 20})
}

// gate alters the client or the response of the first ReceiveMessage.
type gate struct {
	next    http.Handler
	entered func()
	client  func(context.Context) context.Context
	wrap    func(http.ResponseWriter) http.ResponseWriter
	left    chan bool // the handler has returned
	passed  atomic.Bool
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), "ReceiveMessage") || g.passed.Swap(true) {
		g.next.ServeHTTP(w, r)
		return
	}
	defer func() { g.left <- true }()
	if g.entered != nil {
		g.entered()
	}
	if g.client != nil {
		r = r.WithContext(g.client(r.Context()))
	}
	if g.wrap != nil {
		w = g.wrap(w)
	}
	g.next.ServeHTTP(w, r)
}

// brokenPipe fails as a connection does whose other end is closed.
type brokenPipe struct{ http.ResponseWriter }

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// goneOnSecondLook is a client that is connected when the message is taken, and gone
// afterwards.
type goneOnSecondLook struct {
	context.Context
	looked atomic.Bool
}

func (g *goneOnSecondLook) Err() error {
	if g.looked.Swap(true) {
		return context.Canceled
	}
	return g.Context.Err()
}
