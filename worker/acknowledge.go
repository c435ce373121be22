package worker

import (
	"context"
	"errors"
	"time"

	"calotype/internal/batch"
	"calotype/queue"
)

// batchWindow is how long a delete waits for others to share its batch.
const batchWindow = 20 * time.Millisecond

// acknowledger deletes messages in batches. Each caller waits for the result of its own
// message.
type acknowledger struct {
	queue   *queue.Queue
	batches batch.Batcher[queue.Message]
}

func newAcknowledger(q *queue.Queue) *acknowledger {
	return &acknowledger{q, batch.Batcher[queue.Message]{Send: q.DeleteBatch, Window: batchWindow, MaxEntries: queue.MaxBatch}}
}

// delete deletes a message. If that fails in a batch, it is retried once by itself, and
// retried is true.
func (a *acknowledger) delete(ctx context.Context, m queue.Message) (retried bool, err error) {
	if err := a.batches.Do(ctx, m); err == nil || errors.Is(err, queue.ErrLeaseLost) {
		return false, err
	}
	return true, a.queue.Delete(ctx, m)
}
