package sqsd

import (
	"context"
	"slices"
	"strconv"
	"time"
)

type receiveMessageRequest struct {
	queueRef
	MaxNumberOfMessages         *int
	VisibilityTimeout           *int
	WaitTimeSeconds             *int
	MessageAttributeNames       []string
	MessageSystemAttributeNames []string
	AttributeNames              []string // the older name of the same field
}

type receiveMessageAnswer struct {
	Messages []receivedMessage `json:",omitempty"`
}

type receivedMessage struct {
	MessageID              string `json:"MessageId"`
	ReceiptHandle          string
	MD5OfBody              string
	Body                   string
	Attributes             map[string]string    `json:",omitempty"`
	MD5OfMessageAttributes string               `json:",omitempty"`
	MessageAttributes      map[string]attribute `json:",omitempty"`
}

var systemAttributes = []string{
	"All", "ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", traceHeader, "DeadLetterQueueSourceArn",
	"MessageDeduplicationId", "MessageGroupId", "SenderId", "SentTimestamp", "SequenceNumber",
}

// receiveMessage must not lose messages: if the client disconnects before or while the
// response is written, the messages are made visible again.
func (s *Server) receiveMessage(c *call, in receiveMessageRequest) (out receiveMessageAnswer, err error) {
	limit, err := within("MaxNumberOfMessages", in.MaxNumberOfMessages, 1, 1, maxBatch)
	if err != nil {
		return out, err
	}
	if _, err := within("VisibilityTimeout", in.VisibilityTimeout, 0, 0, maxVisibility); err != nil {
		return out, err
	}
	if _, err := within("WaitTimeSeconds", in.WaitTimeSeconds, 0, 0, maxWait); err != nil {
		return out, err
	}
	in.MessageSystemAttributeNames = append(in.MessageSystemAttributeNames, in.AttributeNames...)
	for _, a := range in.MessageSystemAttributeNames {
		if !slices.Contains(systemAttributes, a) {
			return out, invalidAttributeName(a)
		}
	}

	got := s.poll(c.ctx, in.queueRef, limit, in.VisibilityTimeout, in.WaitTimeSeconds)
	if got.err != nil || len(got.messages) == 0 {
		return out, got.err
	}
	c.unsent = func() {
		// If this fails, the messages return after the visibility timeout.
		_ = s.withQueue(in.queueRef, func(q *queue) error { return s.store.unreceive(q, got.messages) })
	}
	if c.ctx.Err() != nil {
		c.unsent()
		return receiveMessageAnswer{}, nil
	}
	for _, m := range got.messages {
		r, err := s.received(m, in)
		if err != nil {
			c.unsent()
			return receiveMessageAnswer{}, err
		}
		out.Messages = append(out.Messages, r)
	}
	return out, nil
}

// poll waits for messages as long as the request, or else the queue, specifies. It ends
// when the client disconnects.
func (s *Server) poll(client context.Context, ref queueRef, limit int, visibility, wait *int) received {
	p := &poll{client: client, limit: limit, answer: make(chan received, 1)}
	var timeout time.Duration
	err := s.withQueue(ref, func(q *queue) error {
		p.queue = q
		p.visibility = seconds(visibility, q.settings.Visibility)
		timeout = seconds(wait, q.settings.Wait)
		p.wait = timeout > 0
		return s.store.poll(p)
	})
	if err != nil {
		return received{err: err}
	}
	ctx, cancel := context.WithTimeout(client, timeout)
	defer cancel()
	select {
	case got := <-p.answer:
		return got
	case <-ctx.Done():
		// The poll gets a result whatever this returns.
		_ = s.store.do(func() error { return s.store.unpark(p) })
		return <-p.answer
	}
}

func seconds(v *int, absent int) time.Duration {
	if v != nil {
		absent = *v
	}
	return time.Duration(absent) * time.Second
}

func (s *Server) received(m message, in receiveMessageRequest) (receivedMessage, error) {
	attributes, err := wantedAttributes(m.attributes, in.MessageAttributeNames)
	return receivedMessage{
		MessageID:              m.uuid,
		ReceiptHandle:          receiptHandle{m.queue, m.id, m.receipt}.String(),
		MD5OfBody:              digest(m.body),
		Body:                   m.body,
		Attributes:             s.systemAttributes(m, in.MessageSystemAttributeNames),
		MD5OfMessageAttributes: digestAttributes(attributes),
		MessageAttributes:      attributes,
	}, err
}

// systemAttributes returns the requested system attributes that the message has.
func (s *Server) systemAttributes(m message, asked []string) map[string]string {
	if len(asked) == 0 {
		return nil
	}
	has := map[string]string{
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.first, 10),
		"ApproximateReceiveCount":          strconv.Itoa(m.received),
		"SenderId":                         m.sender,
		"SentTimestamp":                    strconv.FormatInt(m.sent, 10),
		"MessageGroupId":                   m.group,
		traceHeader:                        m.trace,
	}
	if m.source != "" {
		has["DeadLetterQueueSourceArn"] = s.arn(m.source)
	}
	for name, value := range has {
		if value == "" || !slices.Contains(asked, "All") && !slices.Contains(asked, name) {
			delete(has, name)
		}
	}
	return has
}
