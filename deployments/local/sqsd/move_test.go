package sqsd_test

import (
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func TestTags(t *testing.T) {
	t.Parallel()
	c := start(t)
	created, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("a"), Tags: map[string]string{"team": "pictures"}})
	if err != nil {
		t.Fatal(err)
	}
	queue := created.QueueUrl
	if _, err := c.TagQueue(t.Context(), &sqs.TagQueueInput{QueueUrl: queue, Tags: map[string]string{"team": "web", "cost": "7"}}); err != nil {
		t.Fatal(err)
	}
	want := func(tags map[string]string) {
		t.Helper()
		out, err := c.ListQueueTags(t.Context(), &sqs.ListQueueTagsInput{QueueUrl: queue})
		if err != nil || !maps.Equal(out.Tags, tags) {
			t.Errorf("got %v, %v, want %v", out, err, tags)
		}
	}
	want(map[string]string{"team": "web", "cost": "7"})
	if _, err := c.UntagQueue(t.Context(), &sqs.UntagQueueInput{QueueUrl: queue, TagKeys: []string{"cost", "absent"}}); err != nil {
		t.Fatal(err)
	}
	want(map[string]string{"team": "web"})
	if _, err := c.TagQueue(t.Context(), &sqs.TagQueueInput{QueueUrl: queue, Tags: map[string]string{"": "x"}}); code(err) != "InvalidParameterValue" {
		t.Errorf("an empty key: got %v", err)
	}
}

// moved waits for the end of a queue's latest task.
func moved(t *testing.T, c *sqs.Client, source string) types.ListMessageMoveTasksResultEntry {
	t.Helper()
	for range 200 {
		out, err := c.ListMessageMoveTasks(t.Context(), &sqs.ListMessageMoveTasksInput{SourceArn: &source})
		if err != nil {
			t.Fatal(err)
		}
		if task := out.Results[0]; aws.ToString(task.Status) != "RUNNING" && aws.ToString(task.Status) != "CANCELLING" {
			return task
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the task does not end")
	panic("unreachable")
}

func TestMoveTask(t *testing.T) {
	t.Parallel()
	c := start(t)
	queue, dead := deadLetterPair(t, c, "0")
	deadARN := attributes(t, c, dead)["QueueArn"]
	send(t, c, queue, "poison")
	first := mustReceive(t, c, queue, 0)
	mustReceive(t, c, queue, 0)
	if m := receive(t, c, queue, 0); m != nil {
		t.Fatal("it was not dead-lettered")
	}
	// Back to where it came from, as a new message.
	if _, err := c.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: &deadARN}); err != nil {
		t.Fatal(err)
	}
	if task := moved(t, c, deadARN); *task.Status != "COMPLETED" || task.ApproximateNumberOfMessagesMoved != 1 {
		t.Errorf("got %s, %d moved: %s", *task.Status, task.ApproximateNumberOfMessagesMoved, aws.ToString(task.FailureReason))
	}
	again := mustReceive(t, c, queue, 0)
	if *again.MessageId == *first.MessageId || again.Attributes["ApproximateReceiveCount"] != "1" || *again.Body != "poison" {
		t.Errorf("got %s %v", *again.MessageId, again.Attributes)
	}

	// A message that was sent to the dead-letter queue itself has no source to return to.
	send(t, c, dead, "sent by a program")
	if _, err := c.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: &deadARN}); err != nil {
		t.Fatal(err)
	}
	if task := moved(t, c, deadARN); *task.Status != "FAILED" || aws.ToString(task.FailureReason) == "" {
		t.Errorf("got %s, %q", *task.Status, aws.ToString(task.FailureReason))
	}
	destination := attributes(t, c, queue)["QueueArn"]
	_, err := c.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: &deadARN, DestinationArn: &destination, MaxNumberOfMessagesPerSecond: aws.Int32(100)})
	if err != nil {
		t.Fatal(err)
	}
	if task := moved(t, c, deadARN); *task.Status != "COMPLETED" {
		t.Errorf("got %s", *task.Status)
	}

	sources, err := c.ListDeadLetterSourceQueues(t.Context(), &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: dead})
	if err != nil || len(sources.QueueUrls) != 1 || sources.QueueUrls[0] != *queue {
		t.Errorf("got %v, %v", sources, err)
	}
	plain := attributes(t, c, queue)["QueueArn"]
	if _, err := c.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: &plain}); code(err) != "InvalidParameterValue" {
		t.Errorf("a queue that is not a dead-letter queue: got %v", err)
	}
}

func TestMoveTaskCancelled(t *testing.T) {
	t.Parallel()
	c := start(t)
	queue, dead := deadLetterPair(t, c, "0")
	deadARN, destination := attributes(t, c, dead)["QueueArn"], attributes(t, c, queue)["QueueArn"]
	for range 20 {
		send(t, c, dead, "b")
	}
	in := &sqs.StartMessageMoveTaskInput{SourceArn: &deadARN, DestinationArn: &destination, MaxNumberOfMessagesPerSecond: aws.Int32(1)}
	out, err := c.StartMessageMoveTask(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.StartMessageMoveTask(t.Context(), in); code(err) != "AWS.SimpleQueueService.UnsupportedOperation" {
		t.Errorf("a second task: got %v", err)
	}
	if _, err := c.CancelMessageMoveTask(t.Context(), &sqs.CancelMessageMoveTaskInput{TaskHandle: out.TaskHandle}); err != nil {
		t.Fatal(err)
	}
	if task := moved(t, c, deadARN); *task.Status != "CANCELLED" || task.ApproximateNumberOfMessagesMoved >= 20 {
		t.Errorf("got %s, %d moved", *task.Status, task.ApproximateNumberOfMessagesMoved)
	}
	if _, err := c.CancelMessageMoveTask(t.Context(), &sqs.CancelMessageMoveTaskInput{TaskHandle: out.TaskHandle}); code(err) != "ResourceNotFoundException" {
		t.Errorf("cancelled twice: got %v", err)
	}
}
