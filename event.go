package calotype

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// Event is an S3 event notification for one object. Treat it as a hint to check the
// object: events may arrive late, twice or out of order.
type Event struct {
	// Name is the type of the event, such as "ObjectCreated:Put".
	Name string
	// Bucket and Key name the object. Key is decoded.
	Bucket, Key string
}

// ParseEvents parses a message about S3 objects, as S3, SNS or EventBridge sends it. It
// reports false for any other message. The test message that S3 sends when notifications
// are set up has no events.
func ParseEvents(body string) (events []Event, ok bool, err error) {
	var m eventMessage
	if json.Unmarshal([]byte(body), &m) != nil {
		return nil, false, nil
	}
	if m.Type == "Notification" && m.TopicARN != "" {
		// An SNS envelope. The message in it may be from S3 or from EventBridge.
		inner := m.Message
		m = eventMessage{}
		if json.Unmarshal([]byte(inner), &m) != nil {
			return nil, false, nil
		}
	}
	switch {
	case m.Records != nil:
		return m.notifications()
	case m.Source == "aws.s3" && m.Detail != nil:
		return []Event{m.bridged()}, true, nil
	}
	return nil, m.Event == "s3:TestEvent", nil
}

// eventMessage has the fields that distinguish the transports.
type eventMessage struct {
	Event   string
	Records []record
	// An SNS envelope, without raw message delivery.
	// https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
	Type     string
	TopicARN string `json:"TopicArn"`
	Message  string
	// An EventBridge event.
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
	Source     string  `json:"source"`
	DetailType string  `json:"detail-type"`
	Detail     *detail `json:"detail"`
}

// record is an event in a notification.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
type record struct {
	Version string   `json:"eventVersion"`
	Source  string   `json:"eventSource"`
	Name    string   `json:"eventName"`
	S3      *s3Event `json:"s3"`
}

type s3Event struct {
	SchemaVersion string     `json:"s3SchemaVersion"`
	Bucket        bucketName `json:"bucket"`
	Object        objectKey  `json:"object"`
}

type bucketName struct {
	Name string `json:"name"`
}

type objectKey struct {
	Key string `json:"key"`
}

type detail struct {
	Bucket bucketName `json:"bucket"`
	Object objectKey  `json:"object"`
	Reason string     `json:"reason"`
}

// notifications returns the events of a notification. Its keys are encoded like the values
// of a form: "+" is a space.
func (m eventMessage) notifications() (events []Event, ok bool, err error) {
	for _, r := range m.Records {
		if r.S3 == nil {
			return nil, false, nil
		}
		key, err := url.QueryUnescape(r.S3.Object.Key)
		if err != nil {
			return nil, true, fmt.Errorf("parse event: key %q: %w", r.S3.Object.Key, err)
		}
		events = append(events, Event{strings.TrimPrefix(r.Name, "s3:"), r.S3.Bucket.Name, key})
	}
	return events, true, nil
}

// bridged returns EventBridge's event with the name that a notification would have. Its key
// is not encoded.
func (m eventMessage) bridged() Event {
	reason := strings.ReplaceAll(m.Detail.Reason, " ", "")
	name := strings.ReplaceAll(m.DetailType, " ", "") + ":" + reason
	switch {
	case m.DetailType == "Object Deleted" && m.Detail.Reason == "Lifecycle Expiration":
		name = "LifecycleExpiration:Delete"
	case m.DetailType == "Object Deleted":
		name = "ObjectRemoved:" + reason
	}
	return Event{name, m.Detail.Bucket.Name, m.Detail.Object.Key}
}

// Changes reports whether the event can mean that the object's content changed or was
// removed.
func (e Event) Changes() bool {
	for _, kind := range []string{"ObjectCreated:", "ObjectRemoved:", "LifecycleExpiration:"} {
		if strings.HasPrefix(e.Name, kind) {
			return true
		}
	}
	return false
}

// Encode returns a message with this event, as S3 would send it. It is the inverse of
// [ParseEvents].
func (e Event) Encode() string {
	key := strings.ReplaceAll(url.QueryEscape(e.Key), "%2F", "/")
	body, err := json.Marshal(map[string][]record{"Records": {{
		"2.1", "aws:s3", e.Name, &s3Event{"1.0", bucketName{e.Bucket}, objectKey{key}},
	}}})
	if err != nil {
		panic("encode event: " + err.Error()) // Strings always marshal.
	}
	return string(body)
}
