package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"calotype/queue"
)

// batchWindow is how long a delete waits for others to share its batch.
const batchWindow = 20 * time.Millisecond

// acknowledger deletes messages in batches. Each caller waits for the result of its own
// message.
type acknowledger struct {
	queue *queue.Queue
	mu    sync.Mutex
	open  *batch // May be joined.
}

type batch struct {
	messages []queue.Message
	full     chan struct{}
	errs     []error
	sent     chan struct{} // Closed when errs is set.
}

// delete deletes a message. If that fails in a batch, it is retried once by itself, and
// retried is true.
func (a *acknowledger) delete(ctx context.Context, m queue.Message) (retried bool, err error) {
	b, i := a.join(m)
	if i == 0 { // The first caller sends for the whole batch.
		select {
		case <-b.full:
		case <-time.After(batchWindow):
			a.shut(b)
		}
		b.errs = a.queue.DeleteBatch(ctx, b.messages)
		close(b.sent)
	}
	<-b.sent
	if err := b.errs[i]; err == nil || errors.Is(err, queue.ErrLeaseLost) {
		return false, err
	}
	return true, a.queue.Delete(ctx, m)
}

func (a *acknowledger) join(m queue.Message) (b *batch, i int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = &batch{full: make(chan struct{}), sent: make(chan struct{})}
	}
	b, i = a.open, len(a.open.messages)
	if b.messages = append(b.messages, m); len(b.messages) == queue.MaxBatch {
		close(b.full)
		a.open = nil
	}
	return b, i
}

// shut closes the batch to further messages.
func (a *acknowledger) shut(b *batch) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == b {
		a.open = nil
	}
}
