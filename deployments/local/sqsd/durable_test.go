package sqsd_test

import (
	"bufio"
	"database/sql"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"calotype/deployments/local/sqsd"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// TestRestart checks that queues, messages, receipts, counts and delays are the same after
// a restart on another port.
func TestRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "queues.db")
	run := func(do func(c *sqs.Client)) {
		t.Helper()
		s, err := sqsd.Open(sqsd.Config{Path: path, AccessKey: accessKey, SecretKey: secretKey, Region: region})
		if err != nil {
			t.Fatal(err)
		}
		front := httptest.NewServer(s)
		do(client(front.URL))
		front.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var queue, handle *string
	run(func(c *sqs.Client) {
		out, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{
			QueueName: ptr("kept"), Attributes: map[string]string{"VisibilityTimeout": "77"},
		})
		if err != nil {
			t.Fatal(err)
		}
		queue = out.QueueUrl
		send(t, c, queue, "held")
		handle = mustReceive(t, c, queue, 0).ReceiptHandle
		send(t, c, queue, "free")
		in := &sqs.SendMessageInput{QueueUrl: queue, MessageBody: ptr("late"), DelaySeconds: 900}
		if _, err := c.SendMessage(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	})
	run(func(c *sqs.Client) {
		a := attributes(t, c, queue)
		for name, want := range map[string]string{
			"VisibilityTimeout": "77", "ApproximateNumberOfMessages": "1",
			"ApproximateNumberOfMessagesNotVisible": "1", "ApproximateNumberOfMessagesDelayed": "1",
		} {
			if a[name] != want {
				t.Errorf("%s = %s, want %s", name, a[name], want)
			}
		}
		if m := mustReceive(t, c, queue, 0); *m.Body != "free" {
			t.Errorf("received %q, want free", *m.Body)
		}
		in := &sqs.ChangeMessageVisibilityInput{QueueUrl: queue, ReceiptHandle: handle}
		if _, err := c.ChangeMessageVisibility(t.Context(), in); err != nil {
			t.Errorf("release by a handle from before: %v", err)
		}
		if m := mustReceive(t, c, queue, 0); *m.Body != "held" || m.Attributes["ApproximateReceiveCount"] != "2" {
			t.Errorf("received %q for the time %s, want held, 2", *m.Body, m.Attributes["ApproximateReceiveCount"])
		}
	})
	// Instead of waiting for 12 hours or four days, the test makes the file older.
	age(t, path, 5*24*time.Hour)
	run(func(c *sqs.Client) {
		if m := receive(t, c, queue, 0); m != nil {
			t.Errorf("received %q after the retention period", *m.Body)
		}
		if got := attributes(t, c, queue)["ApproximateNumberOfMessages"]; got != "0" {
			t.Errorf("%s messages after the retention period", got)
		}
		send(t, c, queue, "held long")
		m := mustReceive(t, c, queue, 0)
		extend(t, c, queue, m, 43200)
		handle = m.ReceiptHandle
	})
	age(t, path, time.Hour)
	run(func(c *sqs.Client) {
		change := func(seconds int32) string {
			_, err := c.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{
				QueueUrl: queue, ReceiptHandle: handle, VisibilityTimeout: seconds,
			})
			return code(err)
		}
		if got := change(12*3600 - 3500); got != "InvalidParameterValue" {
			t.Errorf("12 h after an hour: got %q, want InvalidParameterValue", got)
		}
		if got := change(12*3600 - 3700); got != "" {
			t.Errorf("not quite 12 h in all: got %q", got)
		}
	})
}

func ptr(s string) *string { return &s }

// age makes all messages in a closed file older.
func age(t *testing.T, path string, by time.Duration) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ms := by.Milliseconds()
	if _, err := db.Exec(`UPDATE messages SET sent = sent - ?, due = due - ?, taken = taken - ?`, ms, ms, ms); err != nil {
		t.Fatal(err)
	}
}

// TestKill kills the server while messages are sent to it, and looks for every message
// whose sending was acknowledged. CALOTYPE_SOAK makes it long.
func TestKill(t *testing.T) {
	t.Parallel()
	wanted := 300
	if os.Getenv("CALOTYPE_SOAK") != "" {
		wanted = 5000
	}
	path := filepath.Join(t.TempDir(), "queues.db")
	child, c := startChild(t, path)
	out, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: ptr("kill")})
	if err != nil {
		t.Fatal(err)
	}
	queue := out.QueueUrl

	var mu sync.Mutex
	sent := map[string]bool{} // keyed by id
	enough := make(chan bool)
	var senders sync.WaitGroup
	for range 16 {
		senders.Go(func() {
			for i := 0; ; i++ {
				out, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue, MessageBody: ptr(strings.Repeat("x", i%5000+1))})
				if err != nil {
					return // killed
				}
				mu.Lock()
				if sent[*out.MessageId] = true; len(sent) == wanted {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it reports that it was killed
	senders.Wait()

	_, c = startChild(t, path)
	got := map[string]bool{}
	for {
		out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			break
		}
		for _, m := range out.Messages {
			got[*m.MessageId] = true
		}
	}
	lost := 0
	for id := range sent {
		if !got[id] {
			lost++
		}
	}
	t.Logf("%d sent, %d of them lost, %d there", len(sent), lost, len(got))
	if lost > 0 {
		t.Errorf("%d of %d acknowledged messages are lost", lost, len(sent))
	}
}

// startChild serves the file from a separate process.
func startChild(t *testing.T, path string) (*exec.Cmd, *sqs.Client) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), serveEnv+"="+path)
	child.Stderr = os.Stderr
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if child.ProcessState == nil {
			_ = child.Process.Kill()
			_ = child.Wait() // it reports that it was killed
		}
	})
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		t.Fatal(fmt.Errorf("the child serves nothing: %w", lines.Err()))
	}
	return child, client(lines.Text())
}
