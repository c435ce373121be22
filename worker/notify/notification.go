// Package notify announces how jobs end to an EventBridge bus or an SQS queue, so that
// applications learn when a picture is ready. It batches notifications, and gives up on a
// slow or failing bus soon. It does not keep what the bus did not accept: package worker
// does, in a message of its own.
package notify

import (
	"encoding/json"
	"time"

	"calotype"
)

// Version is the version of the notification's schema, notification.schema.json. It grows
// when a field changes its meaning or disappears, and not when a field is added.
const Version = 1

// Type is how a job ended.
type Type string

// The types of notifications.
const (
	Ready   Type = "ready"   // What the job asked for is current.
	Damaged Type = "damaged" // The same, of a picture of which only a part can be decoded.
	Failed  Type = "failed"  // The job was dead-lettered, now or before for this version.
	Removed Type = "removed" // The source does not exist, and neither do its renditions.
)

// Types are all types of notifications.
func Types() []Type { return []Type{Ready, Damaged, Failed, Removed} }

// Notification says how a job ended. notification.schema.json describes its JSON, and a test
// compares the two.
type Notification struct {
	Version int  `json:"version"`
	Type    Type `json:"type"`
	// ID is the same in repeated notifications of one message's job.
	ID     string    `json:"id"`
	Time   time.Time `json:"time"`
	Bucket string    `json:"bucket"`
	Key    string    `json:"key"`
	// ETag is the version of the source, without quotes, if it is known.
	ETag string `json:"etag,omitempty"`
	// Variants are the renditions that are current: those that the job asked for, and what
	// it made in addition.
	Variants []Variant `json:"variants,omitempty"`
	// Reason is why the job failed.
	Reason *Reason `json:"reason,omitempty"`
	// Request is the id of the viewer's request that led to the job.
	Request string `json:"request,omitempty"`
	// ThumbHash is a placeholder of a few bytes: https://evanw.github.io/thumbhash/
	ThumbHash []byte `json:"thumbhash,omitempty"`
}

// Variant is a rendition.
type Variant struct {
	Name   string `json:"name"`
	Width  int    `json:"width,omitempty"` // In pixels; absent if it is not known.
	Height int    `json:"height,omitempty"`
	Bytes  int64  `json:"bytes"`
	Type   string `json:"type"` // Its Content-Type.
}

// Reason is a failure's class and a line for people, which is absent if the failure was
// remembered.
type Reason struct {
	Class  string `json:"class"`
	Detail string `json:"detail,omitempty"`
}

// Encode returns the notification as JSON, in the characters that SQS accepts.
func (n Notification) Encode() json.RawMessage {
	body, err := json.Marshal(n)
	if err != nil {
		panic("encode notification: " + err.Error()) // Only for years after 9999.
	}
	return json.RawMessage(calotype.EscapeForSQS(body))
}

// TypeOf returns the type of an encoded notification, which a newer program may have
// written.
func TypeOf(notification json.RawMessage) Type {
	var n struct{ Type Type }
	if json.Unmarshal(notification, &n) != nil {
		return ""
	}
	return n.Type
}
