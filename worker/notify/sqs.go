package notify

import (
	"context"
	"encoding/json"

	"calotype/queue"
)

// sqsQueue is an SQS queue of the application's.
type sqsQueue struct{ *queue.Queue }

// SQS returns a queue as a bus. A notification is a message's body.
func SQS(q *queue.Queue) Bus { return sqsQueue{q} }

// Send implements [Bus].
func (q sqsQueue) Send(ctx context.Context, notifications []json.RawMessage) []error {
	bodies := make([]string, len(notifications))
	for i, n := range notifications {
		bodies[i] = string(n)
	}
	return q.SendBatch(ctx, bodies)
}
