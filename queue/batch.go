package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

var errNoResult = errors.New("the response has no result for it")

// DeleteBatch acknowledges up to [MaxBatch] messages with one call. Each has its own
// result: errs[i] is the result of messages[i].
func (q *Queue) DeleteBatch(ctx context.Context, messages []Message) (errs []error) {
	entries := make([]types.DeleteMessageBatchRequestEntry, len(messages))
	for i, m := range messages {
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &m.receipt}
	}
	out, err := q.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &q.url, Entries: entries})
	if err != nil {
		return sameError("delete", messages, err)
	}
	done := map[string]bool{}
	for _, e := range out.Successful {
		done[aws.ToString(e.Id)] = true
	}
	return results("delete", messages, done, out.Failed)
}

// extendBatch extends up to [MaxBatch] messages, with results like those of DeleteBatch.
func (q *Queue) extendBatch(ctx context.Context, messages []Message, visibility time.Duration) (errs []error) {
	entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(messages))
	for i, m := range messages {
		entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &m.receipt, VisibilityTimeout: seconds(visibility),
		}
	}
	out, err := q.client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q.url, Entries: entries})
	if err != nil {
		return sameError("extend", messages, err)
	}
	done := map[string]bool{}
	for _, e := range out.Successful {
		done[aws.ToString(e.Id)] = true
	}
	return results("extend", messages, done, out.Failed)
}

// sameError returns the results of a call that failed as a whole.
func sameError(verb string, messages []Message, err error) []error {
	errs := make([]error, len(messages))
	for i, m := range messages {
		errs[i] = fmt.Errorf("%s %s: %w", verb, m.ID, err)
	}
	return errs
}

// results matches each entry of a response to its message. They arrive in any order.
func results(verb string, messages []Message, done map[string]bool, failed []types.BatchResultErrorEntry) []error {
	refused := map[string]error{}
	for _, e := range failed {
		refused[aws.ToString(e.Id)] = leaseError(&smithy.GenericAPIError{Code: aws.ToString(e.Code), Message: aws.ToString(e.Message)})
	}
	errs := make([]error, len(messages))
	for i, m := range messages {
		id := strconv.Itoa(i)
		if done[id] {
			continue
		}
		err := refused[id]
		if err == nil {
			err = errNoResult
		}
		errs[i] = fmt.Errorf("%s %s: %w", verb, m.ID, err)
	}
	return errs
}

// SendBatch sends up to [MaxBatch] messages, of at most 1 MiB together, with one call.
// errs[i] is the result of bodies[i].
func (q *Queue) SendBatch(ctx context.Context, bodies []string) (errs []error) {
	entries := make([]types.SendMessageBatchRequestEntry, len(bodies))
	messages := make([]Message, len(bodies)) // Named in errors.
	for i, body := range bodies {
		entries[i] = types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: &body}
		messages[i].ID = strconv.Itoa(i)
	}
	out, err := q.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: entries})
	if err != nil {
		return sameError("send", messages, err)
	}
	done := map[string]bool{}
	for _, e := range out.Successful {
		done[aws.ToString(e.Id)] = true
	}
	return results("send", messages, done, out.Failed)
}
