package fleet

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"calotype"
	"calotype/internal/awstest"
)

// S3 and SQS answer half of all calls with 500, 503 and cut connections for a while, and
// then work again. Nothing is lost, no job is dead-lettered, and the workers do not run hot
// meanwhile.
func TestFleetSurvivesAnOutage(t *testing.T) {
	t.Parallel()
	outage, jobs, times := 5*time.Second, 20, 1
	if soak {
		outage, jobs, times = time.Minute, 100, 3
	}
	const workers = 2
	var out atomic.Bool
	s := newFixture(t)
	s3, sqs := s.wires(t, func(c call) effect {
		switch {
		case !out.Load():
			return pass
		case strings.Contains(c.path, "/stubborn"):
			return fail503 // Always, so that some jobs are retried repeatedly.
		case rand.N(2) == 0:
			return pass
		}
		return []effect{fail500, fail503, cutBefore, cutAfter}[rand.N(4)]
	})
	fleet := make([]*program, workers)
	for i := range fleet {
		fleet[i] = s.worker(t)
	}
	out.Store(true)
	start := time.Now()
	key := func(n int) string {
		if n < 5 {
			return fmt.Sprintf("stubborn%d.jpg", n)
		}
		return fmt.Sprintf("%05d.jpg", n)
	}
	for n := range jobs {
		s.ask(t, key(n), awstest.Photo(t, 600, 400, n))
		time.Sleep(outage / time.Duration(jobs)) // Jobs arrive all the time.
	}
	time.Sleep(time.Until(start.Add(outage)))
	awstest.Eventually(t, 2*time.Minute, "a job is retried often enough to see the delays grow", func() bool {
		return len(delaysOf(t, sqs.seen("SendMessage"))[times]) > 0
	})
	inOutage := len(s3.seen("")) + len(sqs.seen(""))
	polls := len(sqs.seen("ReceiveMessage"))
	done := 0
	for _, w := range fleet {
		done += w.log.Count(`"outcome":"done"`)
	}
	out.Store(false)
	over := time.Now()
	outage = over.Sub(start)
	awstest.Eventually(t, 15*time.Minute, "every job has ended", func() bool { return s.idle(t) })
	t.Logf("outage of %v, half of all calls fail: %d jobs, %d calls, %d of them polls by %d workers; %d jobs done in it; all done %v after it",
		outage.Round(time.Second), jobs, inOutage, polls, workers, done, time.Since(over).Round(100*time.Millisecond))

	if dead := awstest.Drain(t, s.deadURL); len(dead) > 0 {
		t.Errorf("%d dead letters, of jobs that could be done: %s", len(dead), dead[0])
	}
	renditions := s.keys(t, "resized/XS/")
	for n := range jobs {
		if !renditions[key(n)] {
			t.Errorf("%s is lost", key(n))
		}
	}
	checkPace(t, outage, jobs, workers, inOutage, polls)
	checkDelays(t, delaysOf(t, sqs.seen("SendMessage")))
}

// checkPace bounds the calls in an outage. A job makes about ten calls, each tried at most
// three times, and is tried only a few times, because its delay grows. A poll is tried
// three times, followed by a pause. A worker without a pause would poll thousands of times
// a second.
func checkPace(t *testing.T, outage time.Duration, jobs, workers, calls, polls int) {
	t.Helper()
	maxPolls := 3 * (2*jobs + workers*int(outage.Seconds()))
	if maxCalls := 3*10*2*jobs + maxPolls; calls > maxCalls || polls > maxPolls {
		t.Errorf("%d calls and %d polls in %v, want at most %d and %d", calls, polls, outage, maxCalls, maxPolls)
	}
}

// delaysOf returns the delays of retried jobs in seconds, keyed by the number of the retry.
func delaysOf(t *testing.T, sends []call) map[int][]int {
	t.Helper()
	delays := map[int][]int{}
	for _, send := range sends {
		var message struct {
			MessageBody  string
			DelaySeconds int
		}
		if err := json.Unmarshal([]byte(send.body), &message); err != nil {
			t.Fatal(err)
		}
		job, err := calotype.ParseJob(message.MessageBody)
		if err != nil {
			t.Fatal(err)
		}
		delays[job.Attempt] = append(delays[job.Attempt], message.DelaySeconds)
	}
	return delays
}

// checkDelays expects delays that grow with every attempt and are not all equal.
func checkDelays(t *testing.T, delays map[int][]int) {
	t.Helper()
	for attempt := 1; len(delays[attempt]) > 0; attempt++ {
		all := delays[attempt]
		t.Logf("retry %d: delayed by %v s", attempt, all)
		longest := 5 << (attempt - 1)
		if slices.Min(all) < longest/2 || slices.Max(all) > longest {
			t.Errorf("retry %d: delayed by %v s, want %d to %d", attempt, all, longest/2, longest)
		}
		if len(all) > 20 && slices.Min(all) == slices.Max(all) {
			t.Errorf("%d jobs were delayed by the same %d s: they return all at once", len(all), all[0])
		}
	}
}
