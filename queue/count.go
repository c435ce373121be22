package queue

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Count is the number of messages in a queue, by state. SQS counts approximately.
type Count struct {
	Visible int // Can be received.
	Leased  int // Received and not yet deleted.
	Delayed int // Cannot be received yet.
}

// Count asks SQS for the number of messages.
func (q *Queue) Count(ctx context.Context) (Count, error) {
	out, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &q.url,
		AttributeNames: []types.QueueAttributeName{
			"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed",
		},
	})
	if err != nil {
		return Count{}, fmt.Errorf("count: %w", err)
	}
	number := func(name string) int {
		n, _ := strconv.Atoi(out.Attributes[name])
		return n
	}
	return Count{
		Visible: number("ApproximateNumberOfMessages"),
		Leased:  number("ApproximateNumberOfMessagesNotVisible"),
		Delayed: number("ApproximateNumberOfMessagesDelayed"),
	}, nil
}
