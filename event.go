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

// ParseEvents parses a message of S3 event notifications. It reports false for any other
// message. The test message that S3 sends when notifications are set up has no events.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
func ParseEvents(body string) (events []Event, ok bool, err error) {
	var message struct {
		Event   string
		Records []struct {
			EventName string `json:"eventName"`
			S3        *struct {
				Bucket struct {
					Name string `json:"name"`
				} `json:"bucket"`
				Object struct {
					Key string `json:"key"`
				} `json:"object"`
			} `json:"s3"`
		}
	}
	if json.Unmarshal([]byte(body), &message) != nil {
		return nil, false, nil
	}
	if message.Records == nil {
		return nil, message.Event == "s3:TestEvent", nil
	}
	for _, r := range message.Records {
		if r.S3 == nil {
			return nil, false, nil
		}
		// S3 encodes keys like the values of a form: "+" is a space.
		key, err := url.QueryUnescape(r.S3.Object.Key)
		if err != nil {
			return nil, true, fmt.Errorf("parse event: key %q: %w", r.S3.Object.Key, err)
		}
		events = append(events, Event{strings.TrimPrefix(r.EventName, "s3:"), r.S3.Bucket.Name, key})
	}
	return events, true, nil
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
	type object struct {
		Key string `json:"key"`
	}
	type bucket struct {
		Name string `json:"name"`
	}
	type s3 struct {
		SchemaVersion string `json:"s3SchemaVersion"`
		Bucket        bucket `json:"bucket"`
		Object        object `json:"object"`
	}
	type record struct {
		Version string `json:"eventVersion"`
		Source  string `json:"eventSource"`
		Name    string `json:"eventName"`
		S3      s3     `json:"s3"`
	}
	key := strings.ReplaceAll(url.QueryEscape(e.Key), "%2F", "/")
	body, err := json.Marshal(map[string][]record{"Records": {{
		"2.1", "aws:s3", e.Name, s3{"1.0", bucket{e.Bucket}, object{key}},
	}}})
	if err != nil {
		panic("encode event: " + err.Error()) // Strings always marshal.
	}
	return string(body)
}
