package calotype

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// jobVersion is the version of the job message that this program writes and the
// only one that it reads.
const jobVersion = 1

// maxVariants bounds what one job may ask for.
const maxVariants = 256

// ErrJobVersion is the error of a job message from a program that speaks another
// version of it.
var ErrJobVersion = errors.New("unknown job version")

// Job asks workers for some variants of one source. It travels as the body of an
// SQS message.
type Job struct {
	// Source is the source's key.
	Source string `json:"source"`
	// Variants are those wanted, the one that somebody waits for first.
	Variants []Variant `json:"variants,omitempty"`
	// Quality is the encoders' quality from 1 to 100; 0 leaves it to the worker.
	Quality int `json:"quality,omitempty"`
	// Exact asks for these variants only, without siblings, and by the recipe that
	// holds now: what was made in another quality or by another encoder is made again.
	// No viewer waits for it.
	Exact bool `json:"exact,omitempty"`
	// Reconcile asks that all renditions of the source which stand be those of the
	// source as it is now, or be gone as it is. Variants, which may be none, are made
	// beside them.
	Reconcile bool `json:"reconcile,omitempty"`
	// Again asks to try once more where a copy is kept because of a fault.
	Again bool `json:"again,omitempty"`
	// Request is the id of the viewer's request that led to the job, for logs.
	Request string `json:"request,omitempty"`
	// Attempt counts how often the job was put off; FirstSeen is when it was
	// first sent, in the messages that follow the first.
	Attempt   int       `json:"attempt,omitempty"`
	FirstSeen time.Time `json:"first_seen,omitzero"`
	// DeadLettered reports that the job's dead letter was sent, so that later attempts,
	// which do what is left, send no second one. The JSON key is that of the first
	// builds: workers of two builds share a queue during an upgrade.
	DeadLettered bool `json:"buried,omitempty"`
}

type jobMessage struct {
	Version int `json:"v"`
	Job
}

// Encode writes the job as a message body: JSON in the characters that SQS takes.
func (j Job) Encode() string {
	body, err := json.Marshal(jobMessage{jobVersion, j})
	if err != nil {
		panic("encode job: " + err.Error()) // Only a year past 9999 gets here.
	}
	return noncharacters.Replace(string(body))
}

// noncharacters escapes the two that SQS refuses and that are valid in a key.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
var noncharacters = strings.NewReplacer("\ufffe", `\ufffe`, "\uffff", `\uffff`)

// ParseJob is the inverse of [Job.Encode]. Fields it does not know are passed
// over, so that an old worker reads a newer edge's messages of the same version.
func ParseJob(body string) (Job, error) {
	var m jobMessage
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return Job{}, fmt.Errorf("parse job: %w", err)
	}
	if m.Version == 0 {
		return Job{}, errors.New(`parse job: it has no version "v": somebody else's message`)
	}
	if m.Version != jobVersion {
		return Job{}, fmt.Errorf("%w %d: this program reads %d", ErrJobVersion, m.Version, jobVersion)
	}
	m.FirstSeen = m.FirstSeen.UTC()
	if err := m.Job.check(); err != nil {
		return Job{}, fmt.Errorf("parse job: %w", err)
	}
	m.Variants = unique(m.Variants) // Bounded by the check.
	return m.Job, nil
}

func (j Job) check() error {
	if err := CheckKey(j.Source); err != nil {
		return err
	}
	if n := len(j.Variants); n > maxVariants || n == 0 && !j.Reconcile {
		return fmt.Errorf("%d variants: want 1 to %d", n, maxVariants)
	}
	if j.Quality < 0 || j.Quality > 100 {
		return fmt.Errorf("quality %d: want 1 to 100", j.Quality)
	}
	if j.Attempt < 0 {
		return fmt.Errorf("attempt %d", j.Attempt)
	}
	if year := j.FirstSeen.Year(); year < 0 || year > 9999 {
		return fmt.Errorf("first seen in the year %d", year)
	}
	return nil
}

// unique leaves out what stands there twice. An empty list stays as it is.
func unique(variants []Variant) []Variant {
	for i, v := range variants {
		if slices.Contains(variants[:i], v) {
			return unique(slices.Delete(variants, i, i+1))
		}
	}
	return variants
}
