package queue

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Reason is why a message was dead-lettered. It is sent as message attributes; the body
// stays unchanged.
type Reason struct {
	// Class groups dead letters: a few words in ASCII, such as "corrupt".
	Class string
	// Detail is one line for people.
	Detail string
	// Attempts counts how often the job was tried.
	Attempts int
	// Worker names the worker that dead-lettered it.
	Worker string
	// FirstSeen is when the job was first sent.
	FirstSeen time.Time
}

// The names of a reason's message attributes.
const (
	attrClass     = "Class"
	attrDetail    = "Detail"
	attrAttempts  = "Attempts"
	attrWorker    = "Worker"
	attrFirstSeen = "FirstSeen"
)

// DeadLetter sends the body of a message to q, a dead-letter queue, with the reason
// as message attributes.
func (q *Queue) DeadLetter(ctx context.Context, body string, reason Reason) error {
	attributes := map[string]types.MessageAttributeValue{}
	for name, value := range reason.attributes() {
		if value = printable(value); value != "" { // SQS refuses empty attributes.
			attributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
		}
	}
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:          &q.url,
		MessageBody:       &body,
		MessageAttributes: attributes,
	})
	if err != nil {
		return fmt.Errorf("dead-letter: %w", err)
	}
	return nil
}

func (r Reason) attributes() map[string]string {
	attributes := map[string]string{
		attrClass:    r.Class,
		attrDetail:   r.Detail,
		attrAttempts: strconv.Itoa(r.Attempts),
		attrWorker:   r.Worker,
	}
	if !r.FirstSeen.IsZero() {
		attributes[attrFirstSeen] = r.FirstSeen.UTC().Format(time.RFC3339)
	}
	return attributes
}

// ReasonOf returns the reason recorded on a dead letter. Fields that it was sent without
// are zero: a message that the redrive policy moved has no reason.
func ReasonOf(m Message) Reason {
	attempts, _ := strconv.Atoi(m.Attributes[attrAttempts])
	firstSeen, _ := time.Parse(time.RFC3339, m.Attributes[attrFirstSeen])
	return Reason{
		Class:     m.Attributes[attrClass],
		Detail:    m.Attributes[attrDetail],
		Attempts:  attempts,
		Worker:    m.Attributes[attrWorker],
		FirstSeen: firstSeen,
	}
}

// printable replaces non-printable characters, some of which SQS refuses, with spaces.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
}
