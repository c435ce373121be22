package queue

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// MaxReceives returns how often the queue's redrive policy lets a message be received
// before it moves the message to the dead-letter queue. It is 0 if the queue has no such
// policy.
func (q *Queue) MaxReceives(ctx context.Context) (int, error) {
	const name = types.QueueAttributeNameRedrivePolicy
	out, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{name},
	})
	if err != nil {
		return 0, fmt.Errorf("read redrive policy: %w", err)
	}
	policy := out.Attributes[string(name)]
	if policy == "" {
		return 0, nil
	}
	var p struct {
		MaxReceiveCount json.Number `json:"maxReceiveCount"` // SQS returns "5" or 5.
	}
	if err := json.Unmarshal([]byte(policy), &p); err != nil {
		return 0, fmt.Errorf("read redrive policy: %w", err)
	}
	n, err := p.MaxReceiveCount.Int64()
	if err != nil {
		return 0, fmt.Errorf("read redrive policy: maxReceiveCount: %w", err)
	}
	return int(n), nil
}
