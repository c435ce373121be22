package sqsd

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"time"
)

// entry is a message to send, by itself or in a batch.
type entry struct {
	ID                      string `json:"Id"` // in a batch
	MessageBody             string
	DelaySeconds            *int
	MessageAttributes       map[string]attribute
	MessageSystemAttributes map[string]attribute
	MessageGroupID          string `json:"MessageGroupId"`
	MessageDeduplicationID  string `json:"MessageDeduplicationId"`
}

func (e entry) id() string { return e.ID }

// size returns the size that SQS counts: system attributes are free.
func (e entry) size() int {
	n := len(e.MessageBody)
	for name, a := range e.MessageAttributes {
		n += len(name) + a.size()
	}
	return n
}

type sendResult struct {
	ID                           string `json:"Id,omitempty"` // in a batch
	MessageID                    string `json:"MessageId"`
	MD5OfMessageBody             string
	MD5OfMessageAttributes       string `json:",omitempty"`
	MD5OfMessageSystemAttributes string `json:",omitempty"`
}

type sendMessageRequest struct {
	queueRef
	entry
}

func (s *Server) sendMessage(_ *call, in sendMessageRequest) (out sendResult, err error) {
	in.ID = ""
	if err := in.check(); err != nil {
		return out, err
	}
	err = s.withQueue(in.queueRef, func(q *queue) error {
		out, err = s.send(q, in.entry)
		return err
	})
	return out, err
}

type sendMessageBatchRequest struct {
	queueRef
	Entries []entry
}

func (s *Server) sendMessageBatch(_ *call, in sendMessageBatchRequest) (out batchAnswer[sendResult], err error) {
	if err := checkBatch(in.Entries); err != nil {
		return out, err
	}
	total := 0
	for _, e := range in.Entries {
		total += e.size()
	}
	if total > maxMessage {
		return out, namespaced("BatchRequestTooLong",
			"Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxMessage, total)
	}
	err = s.withQueue(in.queueRef, func(q *queue) error {
		out, err = eachEntry(in.Entries, func(e entry) (sendResult, error) {
			if err := e.check(); err != nil {
				return sendResult{}, err
			}
			return s.send(q, e)
		})
		return err
	})
	return out, err
}

// send is called by the writer, with an entry that passed its check.
func (s *Server) send(q *queue, e entry) (sendResult, error) {
	if e.size() > q.settings.MaxSize {
		return sendResult{}, messageTooLong(q.settings.MaxSize)
	}
	delay := q.settings.Delay
	if e.DelaySeconds != nil {
		delay = *e.DelaySeconds
	}
	attributes := ""
	if len(e.MessageAttributes) > 0 {
		b, err := json.Marshal(e.MessageAttributes)
		if err != nil {
			return sendResult{}, err
		}
		attributes = string(b)
	}
	now := time.Now()
	m := message{
		sent:       now.UnixMilli(),
		due:        now.Add(time.Duration(delay) * time.Second).UnixMilli(),
		uuid:       newUUID(),
		sender:     s.credentials.AccessKeyID,
		group:      e.MessageGroupID,
		trace:      e.MessageSystemAttributes[traceHeader].StringValue,
		attributes: attributes,
		body:       e.MessageBody,
	}
	if err := s.store.send(q, m); err != nil {
		return sendResult{}, err
	}
	return sendResult{
		ID:                           e.ID,
		MessageID:                    m.uuid,
		MD5OfMessageBody:             digest(m.body),
		MD5OfMessageAttributes:       digestAttributes(e.MessageAttributes),
		MD5OfMessageSystemAttributes: digestAttributes(e.MessageSystemAttributes),
	}, nil
}

func digest(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}
