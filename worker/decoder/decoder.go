// Package decoder renders pictures in child processes that can reach nothing else. A
// hostile picture therefore costs one process, and only its own job. A [Pool] starts the
// processes, limits their memory and CPU time, and replaces them. Package render makes the
// pixels, inside the program calotype-decode.
//
// An error of type [*failure.Failure] is the picture's own. [ErrOverGrant] asks for a
// larger grant. Every other error is the machine's: another attempt may succeed.
package decoder

import (
	"context"
	"errors"
	"iter"

	"calotype/worker/render"
)

var (
	// ErrOverGrant is the error of a picture that needed more memory than it was granted.
	// It gets one more attempt with the whole budget.
	ErrOverGrant = errors.New("the picture needs more memory than was predicted")

	// ErrMachine is the error of a picture whose decoders were ended three times for
	// reasons outside the picture.
	ErrMachine = errors.New("the machine ended the decoder")

	// ErrClosed is the error of a pool that was closed.
	ErrClosed = errors.New("the decoders are stopped")
)

// Engine opens pictures: a [Pool] in child processes, [InProcess] in this one.
type Engine interface {
	// Open reads a picture's header. The source must not change or be closed until the
	// picture is closed. No rendition refers to it.
	Open(ctx context.Context, source *Source, limits render.Limits, grant Grant) (Picture, error)
	// Encoder is what a lineage records, see [render.Encoder].
	Encoder() string
}

// Picture is a source whose header has been read. Its methods are for one goroutine.
type Picture interface {
	// Header is the information in the source's header.
	Header() *render.Picture
	// Memory predicts the bytes that rendering needs, see [render.Picture.Memory].
	Memory(ctx context.Context, targets []render.Target) (int64, error)
	// Render makes each target in order and ends with the first error.
	Render(ctx context.Context, targets []render.Target, grant Grant) iter.Seq2[render.Rendition, error]
	// Close frees the picture's decoder.
	Close()
}

// Grant is the memory that a picture may use.
type Grant struct {
	Bytes int64
	// Whole means that there is no larger grant: a picture that exceeds it is at fault. It
	// gets a fresh process.
	Whole bool
}

// WithGrants calls attempt for a picture, and once more with the whole budget if the picture
// exceeded its grant.
func WithGrants(attempt func(whole bool) error) error {
	err := attempt(false)
	if errors.Is(err, ErrOverGrant) {
		err = attempt(true)
	}
	return err
}

// InProcess renders in this process, in builds with cgo. Only the limits bound it.
type InProcess struct{}

// Open implements [Engine].
func (InProcess) Open(_ context.Context, source *Source, limits render.Limits, _ Grant) (Picture, error) {
	body, err := source.Copy()
	if err != nil {
		return nil, err
	}
	picture, err := render.Open(body, limits)
	if err != nil {
		return nil, err
	}
	return local{picture}, nil
}

// Encoder implements [Engine].
func (InProcess) Encoder() string { return render.Encoder() }

// local is a picture in this process.
type local struct {
	picture *render.Picture
}

func (l local) Header() *render.Picture { return l.picture }

func (l local) Memory(_ context.Context, targets []render.Target) (int64, error) {
	return l.picture.Memory(targets), nil
}

func (l local) Render(_ context.Context, targets []render.Target, _ Grant) iter.Seq2[render.Rendition, error] {
	return func(yield func(render.Rendition, error) bool) {
		for r, err := range l.picture.Render(targets) {
			if !yield(r, err) {
				return
			}
		}
	}
}

func (l local) Close() {}
