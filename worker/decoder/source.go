package decoder

import (
	"os"

	"calotype/worker/decoder/wire"
)

// Source is the bytes of a picture. On Linux they are in memory that a decoder maps too, so
// they exist once.
type Source struct {
	body   []byte
	shared *os.File // Nil if the bytes are sent over the stream.
}

// NewSource returns a source of a size. The caller writes its bytes before a picture is
// opened, and closes it after the picture.
func NewSource(size int64) *Source {
	if body, shared, err := wire.Allocate(size); err == nil {
		return &Source{body: body, shared: shared}
	}
	return &Source{body: make([]byte, size)} // Without shared memory the stream does as well.
}

// SourceOf returns a source with a copy of the bytes.
func SourceOf(body []byte) *Source {
	s := NewSource(int64(len(body)))
	copy(s.body, body)
	return s
}

// Bytes returns the bytes. They are unmapped when the source is closed, so what may outlive
// it needs a copy.
func (s *Source) Bytes() []byte {
	if s == nil {
		return nil
	}
	return s.body
}

// contains reports whether a rendition's bytes are the source's own.
func (s *Source) contains(body []byte) bool {
	return len(body) == len(s.body) && len(body) > 0 && &body[0] == &s.body[0]
}

// Close frees the bytes. It may be called again.
func (s *Source) Close() {
	if s == nil {
		return
	}
	if s.shared != nil {
		wire.Unmap(s.body)
		s.shared.Close()
	}
	*s = Source{}
}
