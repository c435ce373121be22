package calotype

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The versions of the job message that this program reads. It writes each job in the
// oldest version that can express it, so that older workers read what they can: version 2
// is for jobs with a Notification, and for those that only describe a source. An older
// worker requeues them for a newer one.
const (
	jobVersion          = 1
	notificationVersion = 2
)

// maxVariants is the maximum number of variants in a job.
const maxVariants = 256

// ErrJobVersion is returned for a job of a version that this program does not read.
var ErrJobVersion = errors.New("unknown job version")

// NewerJobError is the error of a job message of a later version. A worker of a newer
// build can do the job, so the message is requeued with [NewerJobError.Retry] until
// one receives it or too much time has passed. It wraps [ErrJobVersion].
type NewerJobError struct {
	Version int
	// Attempt and FirstSeen are the message's own. All versions keep their JSON keys.
	Attempt   int
	FirstSeen time.Time

	fields map[string]json.RawMessage
}

func (e *NewerJobError) Error() string {
	return fmt.Sprintf("%v %d: this program reads up to %d", ErrJobVersion, e.Version, notificationVersion)
}

func (e *NewerJobError) Unwrap() error { return ErrJobVersion }

// Retry returns the message's body with another attempt and first-seen time. All other
// fields stay unchanged.
func (e *NewerJobError) Retry(attempt int, firstSeen time.Time) string {
	fields := maps.Clone(e.fields)
	for key, value := range map[string]any{"attempt": attempt, "first_seen": firstSeen} {
		text, err := json.Marshal(value)
		if err != nil {
			panic("encode job: " + err.Error()) // As in Encode.
		}
		fields[key] = text
	}
	body, err := json.Marshal(fields)
	if err != nil {
		panic("encode job: " + err.Error()) // The fields were parsed from JSON.
	}
	return EscapeForSQS(body)
}

// Job asks workers for some variants of one source. It is the body of an SQS message.
type Job struct {
	// Source is the source's key.
	Source string `json:"source"`
	// Variants are the requested variants, the one that a viewer waits for first.
	Variants []Variant `json:"variants,omitempty"`
	// Quality is the encoders' quality from 1 to 100; 0 leaves it to the worker.
	Quality int `json:"quality,omitempty"`
	// Exact asks for these variants only, without siblings, and by the current recipe:
	// renditions of another quality or encoder are made again. No viewer waits for it.
	Exact bool `json:"exact,omitempty"`
	// Reconcile asks that all existing renditions of the source are made again if the
	// source was replaced, and deleted if it was removed. The job's variants, which may
	// be none, are made in addition.
	Reconcile bool `json:"reconcile,omitempty"`
	// Info asks for the source's [Info], in addition to the variants, which may be none.
	Info bool `json:"info,omitempty"`
	// Again asks to retry the picture even if a fallback copy of this version exists.
	Again bool `json:"again,omitempty"`
	// Request is the id of the viewer's request that led to the job, for logs.
	Request string `json:"request,omitempty"`
	// Attempt counts the retries of the job. FirstSeen is when it was first sent; the
	// first message does not contain it.
	Attempt   int       `json:"attempt,omitempty"`
	FirstSeen time.Time `json:"first_seen,omitzero"`
	// DeadLettered reports that the job's dead letter was sent, so that later attempts do
	// not send a second one. The JSON key is that of the first builds: workers of two
	// builds share a queue during an upgrade.
	DeadLettered bool `json:"buried,omitempty"`
	// Unknown counts attempts that ended in a failure of unknown kind, such as a panic.
	Unknown int `json:"unknown,omitempty"`
	// Notification, if there is one, is all that remains to do: the job is finished, and the
	// bus did not accept its notification. It is a JSON object, which workers send unchanged.
	Notification json.RawMessage `json:"notification,omitempty"`
}

// Replayed returns the job as a replay of its dead letter sends it. It ignores the fallback
// copy, and has no attempts, age or dead letter. It has no request id, so that jobs for two
// viewers are equal.
func (j Job) Replayed() Job {
	if j.Notification != nil {
		return Job{Source: j.Source, Notification: j.Notification, Again: true}
	}
	return Job{Source: j.Source, Variants: j.Variants, Quality: j.Quality, Exact: j.Exact, Reconcile: j.Reconcile, Info: j.Info, Again: true}
}

type jobMessage struct {
	Version int `json:"v"`
	Job
}

// Encode returns the job as a message body: JSON, in the characters that SQS accepts.
func (j Job) Encode() string {
	version := jobVersion
	if j.Notification != nil || j.onlyInfo() {
		version = notificationVersion
	}
	body, err := json.Marshal(jobMessage{version, j})
	if err != nil {
		panic("encode job: " + err.Error()) // Only for years after 9999 and invalid notifications.
	}
	return EscapeForSQS(body)
}

// onlyInfo reports whether the job has nothing to make but a description of the source,
// which workers of version 1 refuse.
func (j Job) onlyInfo() bool { return j.Info && len(j.Variants) == 0 && !j.Reconcile }

// EscapeForSQS returns JSON with escapes for the two characters that SQS refuses and that a
// key may contain.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func EscapeForSQS(text []byte) string { return noncharacters.Replace(string(text)) }

var noncharacters = strings.NewReplacer("\ufffe", `\ufffe`, "\uffff", `\uffff`)

// ParseJob is the inverse of [Job.Encode]. Unknown fields are ignored, so that an older
// worker reads a newer edge's messages of the same version. The error of a message of
// a later version is a [*NewerJobError].
func ParseJob(body string) (Job, error) {
	var m jobMessage
	if newer := parseNewer(body); newer != nil {
		return Job{}, newer
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return Job{}, fmt.Errorf("parse job: %w", err)
	}
	if m.Version == 0 {
		return Job{}, errors.New(`parse job: no version "v": the message is not a job`)
	}
	if m.Version < jobVersion {
		return Job{}, fmt.Errorf("%w %d: this program reads %d", ErrJobVersion, m.Version, notificationVersion)
	}
	if m.Version < notificationVersion {
		m.Notification = nil // An unknown field.
	} else if m.Notification == nil && !m.onlyInfo() {
		return Job{}, fmt.Errorf("parse job: no notification in a message of version %d", notificationVersion)
	}
	m.FirstSeen = m.FirstSeen.UTC()
	if err := m.Job.check(); err != nil {
		return Job{}, fmt.Errorf("parse job: %w", err)
	}
	m.Variants = unique(m.Variants) // At most maxVariants, as checked.
	m.Notification = canonical(m.Notification)
	return m.Job, nil
}

// parseNewer returns the error for a message of a later version, or nil. Only the keys
// that all versions have are read: the others may have other types.
func parseNewer(body string) *NewerJobError {
	var envelope struct {
		Version   int       `json:"v"`
		Attempt   int       `json:"attempt"`
		FirstSeen time.Time `json:"first_seen"`
	}
	if json.Unmarshal([]byte(body), &envelope) != nil || envelope.Version <= notificationVersion {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(body), &fields) != nil {
		return nil
	}
	firstSeen := envelope.FirstSeen.UTC()
	if year := firstSeen.Year(); year < 0 || year > 9999 {
		firstSeen = time.Time{} // JSON has no such year.
	}
	return &NewerJobError{envelope.Version, max(0, envelope.Attempt), firstSeen, fields}
}

func (j Job) check() error {
	if err := CheckKey(j.Source); err != nil {
		return err
	}
	if j.Notification != nil && !bytes.HasPrefix(j.Notification, []byte("{")) {
		return errors.New("the notification is not a JSON object")
	}
	if n := len(j.Variants); n > maxVariants || n == 0 && !j.Reconcile && !j.Info && j.Notification == nil {
		return fmt.Errorf("%d variants: want 1 to %d", n, maxVariants)
	}
	if j.Quality < 0 || j.Quality > 100 {
		return fmt.Errorf("quality %d: want 1 to 100", j.Quality)
	}
	if j.Attempt < 0 {
		return fmt.Errorf("attempt is %d: want 0 or more", j.Attempt)
	}
	if j.Unknown < 0 {
		return fmt.Errorf("unknown is %d: want 0 or more", j.Unknown)
	}
	if year := j.FirstSeen.Year(); year < 0 || year > 9999 {
		return fmt.Errorf("first seen in the year %d", year)
	}
	return nil
}

// canonical returns JSON as [Job.Encode] writes it.
func canonical(value json.RawMessage) json.RawMessage {
	if value == nil {
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic("encode job: " + err.Error()) // It was parsed from JSON.
	}
	return json.RawMessage(EscapeForSQS(text))
}

// unique removes duplicates and keeps the first of each.
func unique(variants []Variant) []Variant {
	for i, v := range variants {
		if slices.Contains(variants[:i], v) {
			return unique(slices.Delete(variants, i, i+1))
		}
	}
	return variants
}
