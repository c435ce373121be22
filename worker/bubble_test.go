package worker

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/rs/zerolog"

	"calotype/queue"
	"calotype/worker/decoder"
	"calotype/worker/store"
)

// bubble is a worker whose services run in its own process, for tests that depend on time:
// inside a synctest bubble nothing may wait for a network. The services' own behaviour is
// tested elsewhere, with real ones.
type bubble struct {
	*Worker
	queue *memoryQueue
	store *memoryStore
}

func newBubble(t *testing.T, change func(*Settings)) *bubble {
	b := &bubble{queue: &memoryQueue{}, store: &memoryStore{}}
	s := Defaults()
	s.Concurrency, s.Siblings = 2, SiblingsNone
	s.Engine = decoder.InProcess{} // A process cannot run on fake time.
	if change != nil {
		change(&s)
	}
	b.Worker = &Worker{Settings: s, log: zerolog.New(t.Output())}
	b.useServices(inProcess{b.queue}, inProcess{b.store})
	return b
}

// addBackfill adds a low-priority queue to the bubble's worker.
func (b *bubble) addBackfill(queues sqs.HTTPClient) {
	client := sqs.New(sqs.Options{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), BaseEndpoint: aws.String("http://sqs"), HTTPClient: queues,
	})
	q := Queues{Jobs: b.queues[0].Queue, Dead: b.dead, Backfill: queue.New(client, "http://sqs/0/backfill")}
	b.Worker = New(b.Settings, q, b.bucket, b.log)
}

// useServices gives the bubble a new worker that calls other services.
func (b *bubble) useServices(queues sqs.HTTPClient, objects s3.HTTPClient) {
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")}
	jobs := sqs.NewFromConfig(cfg, func(o *sqs.Options) {
		o.BaseEndpoint, o.HTTPClient = aws.String("http://sqs"), queues
	})
	bucket := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.BaseEndpoint, o.UsePathStyle, o.HTTPClient = aws.String("http://s3"), true, objects
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	q := Queues{Jobs: queue.New(jobs, "http://sqs/0/jobs"), Dead: queue.New(jobs, "http://sqs/0/dead")}
	b.Worker = New(b.Settings, q, store.New(bucket, "b"), b.log)
}

// inProcess is an HTTP client without a network.
type inProcess struct{ http.Handler }

func (h inProcess) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	h.ServeHTTP(w, r)
	return w.Result(), r.Context().Err()
}

// memoryStore serves each method and path as configured, and 404 otherwise. It lists
// nothing.
type memoryStore struct {
	mu       sync.Mutex
	handlers map[string]http.HandlerFunc
}

// handle sets the response to the given requests, each a method and a path.
func (s *memoryStore) handle(handler http.HandlerFunc, requests ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handlers == nil {
		s.handlers = map[string]http.HandlerFunc{}
	}
	for _, request := range requests {
		s.handlers[request] = handler
	}
}

func (s *memoryStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	handler := s.handlers[r.Method+" "+r.URL.Path]
	s.mu.Unlock()
	if handler != nil {
		handler(w, r)
		return
	}
	if r.URL.Query().Has("list-type") {
		_, _ = io.WriteString(w, "<ListBucketResult/>")
		return
	}
	w.WriteHeader(http.StatusNotFound)
}

// source makes the store have a source.
func (s *memoryStore) source(key string, body []byte) {
	handler := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"one"`)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	}
	s.handle(handler, "GET /b/"+key, "HEAD /b/"+key)
}

// memoryQueue is a queue that leases messages. Messages to any other URL than the job
// queue's are dead letters.
type memoryQueue struct {
	mu       sync.Mutex
	messages []*leased
	dead     []string
	receives []time.Duration // The duration of each poll.
	refuse   map[string]bool // The actions that fail.
}

type leased struct {
	id, body string
	receives int
	sent     time.Time
	visible  time.Time
}

func (q *memoryQueue) send(body string) { q.sendLater(body, 0) }

func (q *memoryQueue) sendLater(body string, delay time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages = append(q.messages, &leased{id: fmt.Sprint("m", len(q.messages)), body: body, sent: time.Now(), visible: time.Now().Add(delay)})
}

// deadLetters returns the bodies of the dead letters.
func (q *memoryQueue) deadLetters() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.dead)
}

// lastPoll is how long the last poll lasted that has ended.
func (q *memoryQueue) lastPoll() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.receives[len(q.receives)-1]
}

// left returns how many messages there are, and how many of them are leased or delayed.
func (q *memoryQueue) left() (all, hidden int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.messages {
		if m.body != "" {
			if all++; m.visible.After(time.Now()) {
				hidden++
			}
		}
	}
	return all, hidden
}

type sqsRequest struct {
	QueueURL          string `json:"QueueUrl"`
	MessageBody       string
	DelaySeconds      int
	ReceiptHandle     string
	VisibilityTimeout int
	WaitTimeSeconds   int
	Entries           []struct{ ID, ReceiptHandle string }
}

func (q *memoryQueue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in sqsRequest
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if q.refused(action) {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	out := map[string]any{}
	switch action {
	case "SendMessage":
		out["MD5OfMessageBody"] = sum(in.MessageBody)
		if strings.HasSuffix(in.QueueURL, "/dead") {
			if q.refused("dead") {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			q.mu.Lock()
			q.dead = append(q.dead, in.MessageBody)
			q.mu.Unlock()
			break
		}
		q.sendLater(in.MessageBody, time.Duration(in.DelaySeconds)*time.Second)
	case "ReceiveMessage":
		out["Messages"] = q.poll(in)
	case "ChangeMessageVisibility":
		q.change(in.ReceiptHandle, func(m *leased) {
			m.visible = time.Now().Add(time.Duration(in.VisibilityTimeout) * time.Second)
		})
	case "DeleteMessage":
		q.change(in.ReceiptHandle, func(m *leased) { m.body = "" })
	case "DeleteMessageBatch":
		var done []map[string]string
		for _, e := range in.Entries {
			q.change(e.ReceiptHandle, func(m *leased) { m.body = "" })
			done = append(done, map[string]string{"Id": e.ID})
		}
		out["Successful"] = done
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(out)
}

// poll waits for one message.
func (q *memoryQueue) poll(in sqsRequest) (messages []map[string]any) {
	start := time.Now()
	defer func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.receives = append(q.receives, time.Since(start))
	}()
	for ; ; time.Sleep(100 * time.Millisecond) {
		q.mu.Lock()
		for _, m := range q.messages {
			if m.body != "" && !m.visible.After(time.Now()) {
				m.receives++
				m.visible = time.Now().Add(time.Duration(in.VisibilityTimeout) * time.Second)
				q.mu.Unlock()
				return []map[string]any{{
					"MessageId": m.id, "ReceiptHandle": m.id, "Body": m.body, "MD5OfBody": sum(m.body),
					"Attributes": map[string]string{
						"ApproximateReceiveCount": strconv.Itoa(m.receives), "SentTimestamp": strconv.FormatInt(m.sent.UnixMilli(), 10),
					},
				}}
			}
		}
		q.mu.Unlock()
		if time.Since(start) >= time.Duration(in.WaitTimeSeconds)*time.Second {
			return nil
		}
	}
}

func (q *memoryQueue) refused(action string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.refuse[action]
}

func (q *memoryQueue) change(id string, change func(*leased)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.messages {
		if m.id == id {
			change(m)
		}
	}
}

func sum(body string) string {
	h := md5.Sum([]byte(body))
	return hex.EncodeToString(h[:])
}
