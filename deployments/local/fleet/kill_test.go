package fleet

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"calotype"
	"calotype/internal/awstest"
	"calotype/worker/notify"
)

// Workers are killed repeatedly while jobs arrive. Every key ends as a rendition or as a
// dead letter, and is announced.
func TestFleetSurvivesKills(t *testing.T) {
	t.Parallel()
	kills, workers := 3, 2
	if soak {
		kills, workers = 100, 4
	}
	s := newFixture(t)
	notifyURL, _ := awstest.Queues(t)
	s.env = append(s.env, "CALOTYPE_NOTIFY="+notifyURL)
	var killing atomic.Bool
	killing.Store(true)
	inserted := make(chan int, 1)
	go func() {
		n := 0
		defer func() { inserted <- n }()
		for ; killing.Load() || n < 10; n++ {
			s.ask(t, fmt.Sprintf("%05d.jpg", n), awstest.Photo(t, 900, 600, n))
			time.Sleep(30 * time.Millisecond) // The pace at which jobs are sent.
		}
	}()

	fleet := make([]*program, workers)
	for i := range fleet {
		fleet[i] = s.worker(t)
	}
	start, busy := time.Now(), 0
	for range kills {
		time.Sleep(200*time.Millisecond + rand.N(400*time.Millisecond)) // At any point in the life of a job.
		victim := rand.N(workers)
		if _, inFlight, _ := awstest.Waiting(t, s.jobsURL); inFlight != "0" {
			busy++
		}
		fleet[victim].kill(t)
		fleet[victim] = s.worker(t)
	}
	killing.Store(false)
	keys := <-inserted
	t.Logf("%d kills of %d workers in %v, %d of them while jobs were in flight; %d jobs inserted",
		kills, workers, time.Since(start).Round(time.Second), busy, keys)
	awstest.Eventually(t, 10*time.Minute, "every job has ended", func() bool { return s.idle(t) })

	renditions, deadLettered := s.keys(t, "resized/XS/"), map[string]bool{}
	for _, body := range awstest.Drain(t, s.deadURL) {
		job, err := calotype.ParseJob(body)
		if err != nil {
			t.Errorf("dead letter %s: %v", body, err)
		}
		deadLettered[job.Source] = true
	}
	lost, announced := 0, notified(t, notifyURL)
	for n := range keys {
		if key := fmt.Sprintf("%05d.jpg", n); !announced[notify.Ready][key] && !deadLettered[key] {
			t.Errorf("%s was not announced", key)
		}
		if key := fmt.Sprintf("%05d.jpg", n); !renditions[key] && !deadLettered[key] {
			t.Errorf("%s is lost", key)
			lost++
		}
	}
	t.Logf("%d renditions, %d dead letters, lost: %d", len(renditions), len(deadLettered), lost)
	// It takes at least four kills to give up a job, and each kill hits at most two jobs.
	if limit := kills / 2; len(deadLettered) > limit {
		t.Errorf("%d dead letters of %d kills, want at most %d", len(deadLettered), kills, limit)
	}
}
