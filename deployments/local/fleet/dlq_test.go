package fleet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"

	"calotype"
	"calotype/internal/awstest"
	"calotype/queue"
)

func (f *fixture) deadLetter(t *testing.T, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		if err := f.dead.DeadLetter(t.Context(), body, queue.Reason{Class: "corrupt", Detail: "it is"}); err != nil {
			t.Fatal(err)
		}
	}
}

func (f *fixture) wantDead(t *testing.T, want int) {
	t.Helper()
	if got, err := f.dead.Count(t.Context()); err != nil || got != (queue.Count{Visible: want}) {
		t.Errorf("dead letters: got %+v, %v, want %d, none hidden", got, err, want)
	}
}

// The process dies between sending a job and deleting its dead letter. Nothing is lost, and
// a job that is sent twice is not rendered twice.
func TestFleetReplayKilledBetweenSendAndDelete(t *testing.T) {
	t.Parallel()
	const letters = 5
	s, crashing := newFixture(t), newFixture(t)
	crashing.env = s.env
	for n := range letters {
		key := fmt.Sprintf("%d.jpg", n)
		awstest.Put(t, s.bucket, key, awstest.Photo(t, 600, 400, n), awstest.Headers{ContentType: "image/jpeg"})
		s.deadLetter(t, jobFor(key))
	}
	replay := []string{"dlq", "replay", "--all", "--json", "--hide=10s"}
	victim := crashing.command(t, replay...)
	var once sync.Once
	started := make(chan *os.Process, 1)
	crashing.wires(t, func(c call) effect {
		if !strings.HasPrefix(c.op, "DeleteMessage") {
			return pass
		}
		once.Do(func() { _ = (<-started).Kill() })
		return cutBefore
	})
	victim.Env = append(os.Environ(), crashing.env...)
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	started <- victim.Process
	if err := victim.Wait(); err == nil {
		t.Fatalf("it was not killed: %s", victim.out)
	}
	sent, err := s.jobs.Count(t.Context())
	if err != nil || sent.Visible < 1 {
		t.Errorf("got %+v, %v: no job was sent before the kill", sent, err)
	}
	awstest.Eventually(t, time.Minute, "all dead letters are visible again", func() bool {
		visible, _, _ := awstest.Waiting(t, s.deadURL)
		return visible == fmt.Sprint(letters)
	})
	if _, err := s.run(t, replay...); err != nil {
		t.Fatal(err)
	}
	s.wantDead(t, 0)
	w := s.worker(t)
	awstest.Eventually(t, time.Minute, "every job has ended", func() bool { return s.idle(t) })
	awstest.Eventually(t, time.Minute, "every job is logged", func() bool { return w.log.Count(`"message":"job"`) >= letters+sent.Visible })
	done, current := w.log.Count(`"outcome":"done"`), w.log.Count(`"outcome":"current"`)
	if done != letters || current != sent.Visible || len(s.keys(t, "resized/XS/")) != letters {
		t.Errorf("%d rendered and %d found to be current, want %d and %d", done, current, letters, sent.Visible)
	}
	s.wantDead(t, 0)
}

// The workers are faster than the replay, and the picture is still broken: at the end there
// is exactly one new dead letter.
func TestFleetReplayFailsAgain(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	w := s.worker(t)
	awstest.Put(t, s.bucket, "poison.jpg", []byte("no picture"), awstest.Headers{})
	s.deadLetter(t, jobFor("poison.jpg"), jobFor("poison.jpg"))
	for n := range 5 { // They keep the replay busy.
		s.deadLetter(t, jobFor(fmt.Sprintf("gone%d.jpg", n)))
	}
	if out, err := s.run(t, "dlq", "replay", "--all", "--rate=2"); err == nil || !strings.Contains(err.Error(), "failed again") {
		t.Errorf("got %v, want an error for the job that came back\n%s", err, out)
	}
	awstest.Eventually(t, time.Minute, "every job has ended", func() bool { return s.idle(t) })
	if n := w.log.Count(`"outcome":"rejected"`); n != 1 {
		t.Errorf("%d jobs were rejected, want 1", n)
	}
	s.wantDead(t, 1)
}

// The worker's limit was too low, so a fallback copy replaces the rendition. After the
// limit is raised, a replay replaces the copy.
func TestFleetReplayReplacesTheFallbackCopy(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	source := awstest.Photo(t, 600, 400, 0)
	strict := s.worker(t, "--max-pixels=1000")
	s.ask(t, "kitty.jpg", source)
	awstest.Eventually(t, time.Minute, "the job is rejected", func() bool { return strict.log.Count(`"outcome":"rejected"`) == 1 && s.idle(t) })
	if !bytes.Equal(s.object(t, "resized/XS/kitty.jpg"), source) {
		t.Error("no fallback copy was put")
	}
	out, err := s.run(t, "dlq", "show", "kitty.jpg")
	for _, want := range []string{"too-many-pixels", "a copy (too-many-pixels) of the current source", "exists: ", "worker"} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("no %q in %v\n%s", want, err, out)
		}
	}
	strict.kill(t)
	if _, err := s.run(t, "dlq", "replay", "--reason=too-many-pixels"); err != nil {
		t.Fatal(err)
	}
	generous := s.worker(t)
	// The killed worker may have received the job in its last poll.
	awstest.Eventually(t, 2*time.Minute, "the job is done", func() bool { return generous.log.Count(`"outcome":"done"`) == 1 && s.idle(t) })
	if got := s.object(t, "resized/XS/kitty.jpg"); got == nil || bytes.Equal(got, source) {
		t.Errorf("a copy of %d bytes still exists", len(got))
	}
	s.wantDead(t, 0)
}

// In a large dead-letter queue every verb runs to its end and misses none.
func TestFleetManyDeadLetters(t *testing.T) {
	t.Parallel()
	letters := 300
	if soak {
		letters = 10_000
	}
	s := newFixture(t)
	s.buryMany(t, letters)
	for _, c := range []struct {
		args       []string
		field      string
		dead, jobs int
	}{
		{[]string{"list"}, "chosen", letters, 0},
		{[]string{"replay", "--all", "--dry-run"}, "sent", letters, 0},
		{[]string{"replay", "--prefix=0", "--rate=10000"}, "sent", letters / 2, letters / 2},
		{[]string{"purge", "--prefix=1", "--yes"}, "deleted", 0, letters / 2},
	} {
		start := time.Now()
		out, err := s.run(t, append(append([]string{"dlq"}, c.args...), "--json")...)
		if err != nil {
			t.Fatal(err)
		}
		var last map[string]any
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
			t.Fatal(err)
		}
		t.Logf("%v: %v %s of %v in %v", c.args, last[c.field], c.field, last["inspected"], time.Since(start).Round(10*time.Millisecond))
		s.wantDead(t, c.dead)
		if got, err := s.jobs.Count(t.Context()); err != nil || got.Visible != c.jobs || last[c.field] != float64(max(letters/2, c.dead-c.jobs)) {
			t.Errorf("%v: %v %s, and %+v jobs, %v, want %d", c.args, last[c.field], c.field, got, err, c.jobs)
		}
	}
}

// buryMany sends dead letters, one half under 0/ and the other under 1/.
func (f *fixture) buryMany(t *testing.T, letters int) {
	t.Helper()
	client := awstest.SQS(t)
	var calls errgroup.Group
	calls.SetLimit(8)
	for first := 0; first < letters; first += 10 {
		var batch []types.SendMessageBatchRequestEntry
		for n := first; n < first+10; n++ {
			job := calotype.Job{Source: fmt.Sprintf("%d/%05d.jpg", n%2, n), Variants: []calotype.Variant{{Preset: "M"}}}
			batch = append(batch, types.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(n)), MessageBody: aws.String(job.Encode())})
		}
		calls.Go(func() error {
			out, err := client.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &f.deadURL, Entries: batch})
			if err == nil && len(out.Failed) > 0 {
				err = fmt.Errorf("%d of a batch failed", len(out.Failed))
			}
			return err
		})
	}
	if err := calls.Wait(); err != nil {
		t.Fatal(err)
	}
}
