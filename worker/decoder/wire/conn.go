package wire

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
)

// Conn is one end of the stream between a worker and a decoder. Send may be called
// concurrently, Receive by one goroutine at a time.
type Conn struct {
	stream *net.UnixConn
	mu     sync.Mutex
}

// NewConn takes over a Unix stream socket and closes file.
func NewConn(file *os.File) (*Conn, error) {
	defer file.Close()
	c, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("decoder's stream: %w", err)
	}
	stream, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, fmt.Errorf("decoder's stream is a %T, not a Unix socket", c)
	}
	return &Conn{stream: stream}, nil
}

// Send sends a frame. A descriptor below 0 means none; the caller still closes it.
func (c *Conn) Send(kind Kind, header any, body []byte, descriptor int) error {
	encoded, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("encode frame of kind %d: %w", kind, err)
	}
	if len(encoded) > MaxHeader {
		return fmt.Errorf("frame of kind %d: a header of %d bytes", kind, len(encoded))
	}
	p := prefix{kind: kind, descriptor: descriptor >= 0, header: uint32(len(encoded)), body: uint64(len(body))}
	start := append(p.encode(), encoded...)
	c.mu.Lock()
	defer c.mu.Unlock()
	if descriptor >= 0 {
		n, _, err := c.stream.WriteMsgUnix(start, rights(descriptor), nil)
		if err != nil {
			return fmt.Errorf("send descriptor: %w", err)
		}
		start = start[n:]
	}
	buffers := net.Buffers{start, body}
	if _, err := buffers.WriteTo(c.stream); err != nil {
		return fmt.Errorf("send frame of kind %d: %w", kind, err)
	}
	return nil
}

// Receive reads the next frame, with a body of at most maxBody bytes. At the stream's
// end it returns [io.EOF]. The caller closes the frame's descriptor.
func (c *Conn) Receive(maxBody func(Kind) int64) (Frame, error) {
	start := make([]byte, prefixSize)
	control := make([]byte, controlSize)
	n, controlled, _, _, err := c.stream.ReadMsgUnix(start, control)
	descriptor := received(control[:max(0, controlled)])
	if err == nil && n == 0 {
		err = io.EOF
	}
	if err != nil {
		CloseDescriptor(descriptor)
		return Frame{}, err
	}
	f, err := c.receive(start, n, descriptor >= 0, maxBody)
	if err != nil {
		CloseDescriptor(descriptor)
		return Frame{}, err
	}
	f.Descriptor = descriptor
	return f, nil
}

func (c *Conn) receive(start []byte, n int, hasDescriptor bool, maxBody func(Kind) int64) (Frame, error) {
	if _, err := io.ReadFull(c.stream, start[n:]); err != nil {
		return Frame{}, fmt.Errorf("read frame: %w", err)
	}
	p, err := parsePrefix(start, maxBody(Kind(start[2])))
	if err != nil {
		return Frame{}, err
	}
	if p.descriptor != hasDescriptor {
		return Frame{}, fmt.Errorf("%w: descriptor promised %v, received %v", ErrGarbage, p.descriptor, hasDescriptor)
	}
	return readRest(c.stream, p)
}

// Close closes the stream: the other end reads its end.
func (c *Conn) Close() error { return c.stream.Close() }

// CloseWrite closes the stream in one direction. Frames from the other end still arrive.
func (c *Conn) CloseWrite() error { return c.stream.CloseWrite() }
