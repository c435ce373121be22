package notify

import (
	"context"
	"encoding/json"

	"calotype/queue"
)

var queueRemedies = remedies{
	access:  "give the workers' role sqs:SendMessage on the queue",
	missing: "create the queue, or correct --notify",
}

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
	errs := q.SendBatch(ctx, bodies)
	for i, err := range errs {
		errs[i] = queueRemedies.explain(err)
	}
	return errs
}
