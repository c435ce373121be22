package fleet

import (
	"encoding/json"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"calotype/internal/awstest"
)

// signal sends SIGTERM and gives it time to arrive: whether a process has received a signal
// is not visible from outside.
func (p *program) signal(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
}

// settledAfterExit checks that nothing is in flight right after the exit, where two seconds
// are allowed.
func (f *fixture) settledAfterExit(t *testing.T, want string) {
	t.Helper()
	exited := time.Now()
	visible, inFlight, delayed := awstest.Waiting(t, f.jobsURL)
	for inFlight != "0" && time.Since(exited) < 2*time.Second {
		time.Sleep(50 * time.Millisecond)
		visible, inFlight, delayed = awstest.Waiting(t, f.jobsURL)
	}
	if inFlight != "0" || visible+delayed != want {
		t.Errorf("2 s after the exit: visible %s, in flight %s, delayed %s", visible, inFlight, delayed)
	}
}

// After SIGTERM during a poll, the poll ends, its messages are requeued, and no other poll
// starts.
func TestFleetStopsDuringPoll(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	_, sqs := s.wires(t, nil)
	w := s.worker(t)
	awstest.Eventually(t, time.Minute, "a long poll is in progress", func() bool { return longPoll(t, sqs.seen("ReceiveMessage")) })
	w.signal(t)
	polls := len(sqs.seen("ReceiveMessage"))
	s.ask(t, "kitty.jpg", awstest.Photo(t, 300, 200, 0))
	if err := w.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, w.log)
	}
	s.settledAfterExit(t, "10")
	if n := len(sqs.seen("ReceiveMessage")); n != polls {
		t.Errorf("%d polls started after the signal", n-polls)
	}
	messages, err := s.jobs.Receive(t.Context(), 10, time.Second, time.Minute)
	if err != nil || len(messages) != 1 || messages[0].Receives > 2 {
		t.Errorf("got %+v, %v, want the job, received by the poll and by this at most", messages, err)
	}
	if n := len(s.keys(t, "resized/")); n != 0 {
		t.Errorf("%d renditions: a job started after the signal", n)
	}
}

// longPoll reports whether the last poll is a long one.
func longPoll(t *testing.T, polls []call) bool {
	t.Helper()
	if len(polls) == 0 {
		return false
	}
	var poll struct{ WaitTimeSeconds int }
	if err := json.Unmarshal([]byte(polls[len(polls)-1].body), &poll); err != nil {
		t.Fatal(err)
	}
	return poll.WaitTimeSeconds >= 10
}

// After SIGTERM during a job, the job is finished and acknowledged.
func TestFleetStopsDuringJob(t *testing.T) {
	t.Parallel()
	started, goOn := make(chan struct{}, 10), make(chan struct{})
	s := newFixture(t)
	_, sqs := s.wires(t, holdPuts(started, goOn))
	w := s.worker(t, "--concurrency=1")
	s.ask(t, "kitty.jpg", awstest.Photo(t, 300, 200, 0))
	<-started
	polls := len(sqs.seen("ReceiveMessage"))
	w.signal(t)
	close(goOn)
	if err := w.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, w.log)
	}
	s.settledAfterExit(t, "00")
	if s.object(t, "resized/XS/kitty.jpg") == nil || w.log.Count(`"outcome":"done"`) != 1 {
		t.Error("the job was not finished")
	}
	if n := len(sqs.seen("ReceiveMessage")); n != polls {
		t.Errorf("%d polls started after the signal", n-polls)
	}
}

// After SIGTERM, a job that does not end within the grace period is requeued.
func TestFleetStopsAJobThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	started, never := make(chan struct{}, 10), make(chan struct{})
	defer close(never)
	s := newFixture(t)
	s.wires(t, holdPuts(started, never))
	w := s.worker(t, "--concurrency=1", "--grace=500ms")
	s.ask(t, "kitty.jpg", awstest.Photo(t, 300, 200, 0))
	<-started
	w.stop(t)
	s.settledAfterExit(t, "10")
	if n := len(awstest.Drain(t, s.deadURL)); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// holdPuts blocks PUTs until goOn is closed.
func holdPuts(started chan<- struct{}, goOn <-chan struct{}) func(call) effect {
	return func(c call) effect {
		if c.op == http.MethodPut && !strings.Contains(c.path, "calotype-status") { // Not the worker's check of the store.
			started <- struct{}{}
			<-goOn
		}
		return pass
	}
}
