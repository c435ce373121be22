// Package failure holds the one type that says why a job cannot succeed. Package
// render and package worker both return it.
package failure

import "fmt"

// Failure is a permanent failure: another attempt would fail the same way, so the job
// is dead-lettered with the reason.
type Failure struct {
	Class  string // At most 64 ASCII characters: a metric label, and metadata.
	Detail string // One line for people.
}

// New returns a failure with a formatted detail.
func New(class, format string, args ...any) *Failure {
	return &Failure{class, fmt.Sprintf(format, args...)}
}

func (f *Failure) Error() string { return f.Class + ": " + f.Detail }
