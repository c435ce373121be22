// Package failure holds the one type that says why a job fails, and the classes and kinds
// of failures. The packages imageheader, render, decoder, store, notify and worker return it.
// It does not decide what happens to the job: package worker does, by the kind.
package failure

import (
	"errors"
	"fmt"
)

// Failure is why a job cannot succeed by a plain retry. The job is dead-lettered with it.
type Failure struct {
	Class  string // One of [Classes]: at most 64 ASCII characters, a metric label.
	Detail string // One line for people. It names the remedy if an operator can apply one.

	cause error
}

// New returns a failure with a formatted detail.
func New(class, format string, args ...any) *Failure {
	return &Failure{Class: class, Detail: fmt.Sprintf(format, args...)}
}

func (f *Failure) Error() string { return f.Class + ": " + f.Detail }

// Because records the error that caused the failure, for errors.Is and errors.As, and
// returns f.
func (f *Failure) Because(err error) *Failure {
	f.cause = err
	return f
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.cause }

// Kind returns the kind of the failure's class.
func (f *Failure) Kind() Kind { return Classes[f.Class] }

// MarkTransient marks err as the failure of a service that may recover: a retry can succeed.
// The message is unchanged.
func MarkTransient(err error) error {
	if err == nil {
		return nil
	}
	return &transient{err}
}

type transient struct{ error }

func (t *transient) Unwrap() error { return t.error }

// KindOf returns the kind of an error: that of the [Failure] in it, Transient for one that
// was marked by [MarkTransient], and Unknown otherwise.
func KindOf(err error) Kind {
	var f *Failure
	if errors.As(err, &f) {
		return f.Kind()
	}
	var t *transient
	if errors.As(err, &t) {
		return Transient
	}
	return Unknown
}
