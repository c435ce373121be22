// Package wire is the protocol between a worker and the processes that decode pictures for
// it: frames on a stream, each with a JSON header and a raw body. It is independent of
// processes and pixels.
//
// The decoder's end may be hostile after a picture has exploited it, so the worker checks a
// frame's size before it allocates memory. The decoder trusts the worker.
package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Version is the protocol's version. Both ends must have the same.
const Version = 3

// Kind is the type of a frame.
type Kind byte

// The worker sends the kinds up to Grant, the decoder the others.
const (
	// Open carries a source and its limits. The response is Opened.
	Open Kind = iota + 1
	// Predict carries targets. The response is Predicted.
	Predict
	// Render carries targets. The responses are a Rendition for each, then End.
	Render
	// Grant is the response to Want.
	Grant

	// Hello is the decoder's first frame.
	Hello
	Opened
	Predicted
	Rendition
	End
	// Failed is the response to any request that failed.
	Failed
	// Want asks for a CPU, Release returns it.
	Want
	Release

	lastKind = Release
)

// The limits of a frame. The receiver chooses the limit of a body.
const (
	MaxHeader  = 1 << 20
	prefixSize = 16
)

var magic = [2]byte{0xca, Version}

// ErrGarbage is the error of a stream that breaks the protocol.
var ErrGarbage = errors.New("not a frame of the decoder's protocol")

// Frame is one message.
type Frame struct {
	Kind   Kind
	Header []byte // In JSON.
	Body   []byte
	// Descriptor is an open file that came with the frame, or -1.
	Descriptor int
}

// Decode reads the header into a message.
func (f Frame) Decode(into any) error {
	if err := json.Unmarshal(f.Header, into); err != nil {
		return fmt.Errorf("%w: header of kind %d: %w", ErrGarbage, f.Kind, err)
	}
	return nil
}

// prefix is the fixed part of a frame: magic, kind, flags, and the lengths of header and
// body, both big-endian.
type prefix struct {
	kind       Kind
	descriptor bool
	header     uint32
	body       uint64
}

func (p prefix) encode() []byte {
	b := make([]byte, prefixSize)
	copy(b, magic[:])
	b[2] = byte(p.kind)
	if p.descriptor {
		b[3] = 1
	}
	binary.BigEndian.PutUint32(b[4:], p.header)
	binary.BigEndian.PutUint64(b[8:], p.body)
	return b
}

func parsePrefix(b []byte, maxBody int64) (prefix, error) {
	p := prefix{kind: Kind(b[2]), descriptor: b[3] == 1, header: binary.BigEndian.Uint32(b[4:]), body: binary.BigEndian.Uint64(b[8:])}
	switch {
	case b[0] != magic[0] || b[1] != magic[1] || b[3] > 1:
		return p, fmt.Errorf("%w: it begins with %x", ErrGarbage, b[:4])
	case p.kind == 0 || p.kind > lastKind:
		return p, fmt.Errorf("%w: kind %d", ErrGarbage, p.kind)
	case p.header > MaxHeader:
		return p, fmt.Errorf("%w: a header of %d bytes", ErrGarbage, p.header)
	case p.body > uint64(max(0, maxBody)):
		return p, fmt.Errorf("%w: a body of %d bytes, the limit is %d", ErrGarbage, p.body, maxBody)
	}
	return p, nil
}

// readRest reads the bytes after a prefix.
func readRest(r io.Reader, p prefix) (Frame, error) {
	f := Frame{Kind: p.kind, Descriptor: -1, Header: make([]byte, p.header)}
	if _, err := io.ReadFull(r, f.Header); err != nil {
		return f, fmt.Errorf("read header: %w", err)
	}
	if p.body > 0 {
		f.Body = make([]byte, p.body)
		if _, err := io.ReadFull(r, f.Body); err != nil {
			return f, fmt.Errorf("read body: %w", err)
		}
	}
	return f, nil
}
