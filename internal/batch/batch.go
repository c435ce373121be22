// Package batch joins concurrent calls into batches, for services that accept several
// entries in one call.
package batch

import (
	"context"
	"sync"
	"time"
)

// Batcher collects entries until a batch is full or has waited for a window. Set its fields
// before the first call of Do, which may be called concurrently.
type Batcher[T any] struct {
	// Send sends one batch, with the context of the caller that opened it. errs[i] is the
	// result of entries[i].
	Send func(ctx context.Context, entries []T) (errs []error)
	// Window is how long an entry waits for others.
	Window time.Duration
	// MaxEntries bounds a batch's entries, and MaxBytes, if not zero, the sum of their
	// sizes. A larger entry has a batch to itself.
	MaxEntries, MaxBytes int
	// Bytes returns an entry's size. It is used only with MaxBytes.
	Bytes func(T) int

	mu   sync.Mutex
	open *batch[T] // May be joined.
}

type batch[T any] struct {
	entries []T
	bytes   int
	full    chan struct{}
	errs    []error
	sent    chan struct{} // Closed when errs is set.
}

// Do sends an entry in a batch and returns the entry's own result.
func (b *Batcher[T]) Do(ctx context.Context, entry T) error {
	batch, i := b.join(entry)
	if i == 0 { // The first caller sends for the whole batch.
		select {
		case <-batch.full:
		case <-time.After(b.Window):
			b.shut(batch)
		}
		batch.errs = b.Send(ctx, batch.entries)
		close(batch.sent)
	}
	<-batch.sent
	return batch.errs[i]
}

func (b *Batcher[T]) join(entry T) (joined *batch[T], i int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	size := 0
	if b.MaxBytes > 0 {
		size = b.Bytes(entry)
	}
	if b.open != nil && b.MaxBytes > 0 && b.open.bytes+size > b.MaxBytes {
		close(b.open.full)
		b.open = nil
	}
	if b.open == nil {
		b.open = &batch[T]{full: make(chan struct{}), sent: make(chan struct{})}
	}
	joined, i = b.open, len(b.open.entries)
	joined.bytes += size
	if joined.entries = append(joined.entries, entry); len(joined.entries) == b.MaxEntries {
		close(joined.full)
		b.open = nil
	}
	return joined, i
}

// shut closes the batch to further entries.
func (b *Batcher[T]) shut(batch *batch[T]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == batch {
		b.open = nil
	}
}
