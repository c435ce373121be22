package sqsd_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func nameOf(queue *string) *string { return aws.String((*queue)[strings.LastIndex(*queue, "/")+1:]) }

func checkQueueLife(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, map[string]string{"VisibilityTimeout": "17"})

	got, err := c.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: nameOf(queue)})
	if err != nil || *got.QueueUrl != *queue {
		t.Errorf("get url = %v, %v; want %s", got, err, *queue)
	}
	for name, same := range map[string]map[string]string{
		"no attributes":   nil,
		"same attributes": {"VisibilityTimeout": "17"},
	} {
		again, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: nameOf(queue), Attributes: same})
		if err != nil || *again.QueueUrl != *queue {
			t.Errorf("create again with %s = %v, %v; want %s", name, again, err, *queue)
		}
	}
	_, err = c.CreateQueue(t.Context(), &sqs.CreateQueueInput{
		QueueName: nameOf(queue), Attributes: map[string]string{"VisibilityTimeout": "18"},
	})
	if !is[*types.QueueNameExists](err) || code(err) != "QueueAlreadyExists" {
		t.Errorf("create with other attributes: got %v, want QueueNameExists", err)
	}
	if _, err := c.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: queue}); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", "white space", strings.Repeat("x", 81), "slash/slash"} {
		_, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
		if err == nil {
			t.Errorf("create %q: got no error", name)
		}
	}
}

func checkQueueMissing(t *testing.T, c *sqs.Client) {
	there := newQueue(t, c, nil)
	queue := aws.String(strings.TrimSuffix(*there, *nameOf(there)) + "conformance-not-there")
	body, handle := aws.String("b"), aws.String("h")
	calls := map[string]func() error{
		"attributes": func() error {
			_, err := c.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: queue})
			return err
		},
		"set attributes": func() error {
			_, err := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
				QueueUrl: queue, Attributes: map[string]string{"DelaySeconds": "1"},
			})
			return err
		},
		"url": func() error {
			_, err := c.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: nameOf(queue)})
			return err
		},
		"send": func() error {
			_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue, MessageBody: body})
			return err
		},
		"send batch": func() error {
			_, err := c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{
				QueueUrl: queue, Entries: []types.SendMessageBatchRequestEntry{{Id: body, MessageBody: body}},
			})
			return err
		},
		"receive": func() error {
			_, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue})
			return err
		},
		"delete": func() error {
			_, err := c.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: queue, ReceiptHandle: handle})
			return err
		},
		"purge": func() error {
			_, err := c.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: queue})
			return err
		},
	}
	for name, call := range calls {
		err := call()
		if !is[*types.QueueDoesNotExist](err) || code(err) != "AWS.SimpleQueueService.NonExistentQueue" {
			t.Errorf("%s: got %v, want QueueDoesNotExist", name, err)
		}
	}
}

func checkQueueAttributes(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, map[string]string{"DelaySeconds": "3", "MessageRetentionPeriod": "60"})
	want := map[string]string{
		"VisibilityTimeout": "30", "DelaySeconds": "3", "ReceiveMessageWaitTimeSeconds": "0",
		"MessageRetentionPeriod": "60", "MaximumMessageSize": "1048576", "ApproximateNumberOfMessages": "0",
		"ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0",
	}
	got := attributes(t, c, queue)
	for name, w := range want {
		if got[name] != w {
			t.Errorf("%s = %q, want %q", name, got[name], w)
		}
	}
	if arn := got["QueueArn"]; !strings.HasPrefix(arn, "arn:aws:sqs:") || !strings.HasSuffix(arn, ":"+*nameOf(queue)) {
		t.Errorf("QueueArn = %q", arn)
	}
	if got["CreatedTimestamp"] == "" || got["LastModifiedTimestamp"] == "" {
		t.Errorf("no timestamps in %v", got)
	}

	_, err := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: queue, Attributes: map[string]string{"VisibilityTimeout": "43200", "DelaySeconds": "0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	one := &sqs.GetQueueAttributesInput{QueueUrl: queue, AttributeNames: []types.QueueAttributeName{"VisibilityTimeout"}}
	within(t, 70*time.Second, func() bool {
		out, err := c.GetQueueAttributes(t.Context(), one)
		return err == nil && maps.Equal(out.Attributes, map[string]string{"VisibilityTimeout": "43200"})
	})
}

func checkQueueAttributesRefused(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	for name, attributes := range map[string]map[string]string{
		"visibility above 12 h":  {"VisibilityTimeout": "43201"},
		"visibility negative":    {"VisibilityTimeout": "-1"},
		"visibility no number":   {"VisibilityTimeout": "long"},
		"delay above 15 min":     {"DelaySeconds": "901"},
		"wait above 20 s":        {"ReceiveMessageWaitTimeSeconds": "21"},
		"retention below 1 min":  {"MessageRetentionPeriod": "59"},
		"retention above 14 d":   {"MessageRetentionPeriod": "1209601"},
		"message size too small": {"MaximumMessageSize": "1023"},
		"message size too large": {"MaximumMessageSize": "1048577"},
	} {
		_, err := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: queue, Attributes: attributes})
		if !is[*types.InvalidAttributeValue](err) {
			t.Errorf("%s: got %v, want InvalidAttributeValue", name, err)
		}
	}
	_, err := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: queue, Attributes: map[string]string{"Colour": "red"},
	})
	if !is[*types.InvalidAttributeName](err) {
		t.Errorf("set unknown: got %v, want InvalidAttributeName", err)
	}
	_, err = c.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: queue, AttributeNames: []types.QueueAttributeName{"Colour"},
	})
	if !is[*types.InvalidAttributeName](err) {
		t.Errorf("get unknown: got %v, want InvalidAttributeName", err)
	}
}

func checkQueueList(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	within(t, 60*time.Second, func() bool {
		out, err := c.ListQueues(t.Context(), &sqs.ListQueuesInput{QueueNamePrefix: nameOf(queue)})
		return err == nil && slices.Equal(out.QueueUrls, []string{*queue})
	})
}

func checkRedrivePolicy(t *testing.T, c *sqs.Client) {
	dead, queue := newQueue(t, c, nil), newQueue(t, c, nil)
	arn := attributes(t, c, dead)["QueueArn"]
	policy := func(target, count string) error {
		_, err := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
			QueueUrl:   queue,
			Attributes: map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + target + `","maxReceiveCount":` + count + `}`},
		})
		return err
	}
	if err := policy(arn, `"5"`); err != nil {
		t.Fatal(err)
	}
	got := attributes(t, c, queue)["RedrivePolicy"]
	if !strings.Contains(got, arn) || !strings.Contains(got, "5") {
		t.Errorf("RedrivePolicy = %s", got)
	}
	for name, err := range map[string]error{
		"target missing": policy(arn+"-not-there", "5"),
		"count 0":        policy(arn, "0"),
		"count 1001":     policy(arn, "1001"),
		"no count":       policy(arn, `""`),
	} {
		if code(err) != "InvalidParameterValue" {
			t.Errorf("%s: got %v, want InvalidParameterValue", name, err)
		}
	}
}

// within waits until ok returns true, and fails if that takes too long.
func within(t *testing.T, limit time.Duration, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so after %v", limit)
		}
	}
}
