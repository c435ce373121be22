package page

import (
	"context"
	"encoding/json"
	"time"

	"github.com/rs/zerolog"

	"calotype/queue"
)

// Receive receives workers' notifications from a queue into the journal, as an application
// does, until the context ends.
func (j *Journal) Receive(ctx context.Context, q *queue.Queue, log zerolog.Logger) {
	for ctx.Err() == nil {
		messages, err := q.Receive(ctx, queue.MaxBatch, queue.MaxWait, time.Minute)
		for _, m := range messages {
			if json.Valid([]byte(m.Body)) {
				j.add(json.RawMessage(m.Body))
			}
		}
		if len(messages) > 0 {
			for _, deleted := range q.DeleteBatch(ctx, messages) {
				if deleted != nil {
					err = deleted // It comes again, and is shown twice.
				}
			}
		}
		if err != nil && ctx.Err() == nil {
			log.Warn().Err(err).Msg("receive notifications")
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}
