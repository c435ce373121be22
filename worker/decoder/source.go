package decoder

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"calotype/worker/decoder/wire"
)

// Source is the bytes of a picture. On Linux they are in memory that decoders map, and that
// this process writes but does not map: that would cost more than everything else here.
type Source struct {
	size   int64
	shared *os.File // Nil if the bytes are sent over the stream.
	body   []byte   // Nil if they are shared.
}

// NewSource returns a source of the next size bytes of a reader. If there are fewer, the
// error is [io.ErrUnexpectedEOF]. The caller closes the source after its picture.
func NewSource(from io.Reader, size int64) (*Source, error) {
	if shared, err := wire.Allocate(size); err == nil {
		s := &Source{size: size, shared: shared}
		if err = s.fill(from); err != nil {
			s.Close()
			return nil, err
		}
		return s, nil
	}
	s := &Source{size: size, body: make([]byte, size)} // Without shared memory the stream does as well.
	if _, err := io.ReadFull(from, s.body); err != nil {
		return nil, err
	}
	return s, nil
}

// SourceOf returns a source of bytes that do not change until it is closed.
func SourceOf(body []byte) *Source {
	s, err := NewSource(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return &Source{size: int64(len(body)), body: body}
	}
	return s
}

func (s *Source) fill(from io.Reader) error {
	n, err := io.Copy(s.shared, io.LimitReader(from, s.size))
	if err == nil && n < s.size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	return wire.Seal(s.shared)
}

// Size returns the number of bytes.
func (s *Source) Size() int64 { return s.size }

// Copy returns a copy of the bytes.
func (s *Source) Copy() ([]byte, error) {
	body := make([]byte, s.size)
	if _, err := io.ReadFull(s.Reader(), body); err != nil {
		return nil, fmt.Errorf("read the source from shared memory: %w", err)
	}
	return body, nil
}

// Reader returns a reader of the bytes, which copies none of them. After Close it returns an
// error, or still reads them.
func (s *Source) Reader() *io.SectionReader {
	if s.shared == nil {
		return io.NewSectionReader(bytes.NewReader(s.body), 0, s.size)
	}
	return io.NewSectionReader(s.shared, 0, s.size)
}

// Close frees the bytes. It may be called again.
func (s *Source) Close() {
	if s == nil {
		return
	}
	if s.shared != nil {
		s.shared.Close()
	}
	*s = Source{}
}
