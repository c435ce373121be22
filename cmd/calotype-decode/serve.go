package main

import (
	"errors"
	"fmt"
	"math"
	"os"

	"calotype/worker/decoder/wire"
	"calotype/worker/render"
)

// receive passes the worker's requests on. The process ends with the stream, even in the
// middle of a request.
func receive(conn *wire.Conn, g *gate) <-chan wire.Frame {
	requests := make(chan wire.Frame)
	go func() {
		for {
			f, err := conn.Receive(func(wire.Kind) int64 { return math.MaxInt64 })
			if err != nil {
				os.Exit(0)
			}
			if f.Kind != wire.Grant {
				requests <- f
				continue
			}
			var m wire.WantMessage
			if f.Decode(&m) == nil {
				g.granted(m)
			}
		}
	}()
	return requests
}

// largePicture is the number of pixels above which freed memory is returned at once.
const largePicture = 30_000_000

// server handles requests about one picture at a time.
type server struct {
	conn    *wire.Conn
	source  []byte
	mapped  bool
	picture *render.Picture
	done    int // The number of pictures before this one.
}

func serve(conn *wire.Conn, requests <-chan wire.Frame) error {
	s := &server{conn: conn}
	for f := range requests {
		if err := s.handle(f); err != nil {
			return err
		}
	}
	return nil
}

// handle responds to a request. It returns only errors of the stream.
func (s *server) handle(f wire.Frame) error {
	var err error
	switch f.Kind {
	case wire.Open:
		err = s.open(f)
	case wire.Predict:
		err = s.predict(f)
	case wire.Render:
		err = s.render(f)
	default:
		err = fmt.Errorf("not a request: kind %d", f.Kind)
	}
	if err == nil || errors.Is(err, errStream) {
		return err
	}
	m := wire.FailedMessage{Error: err.Error()}
	_ = errors.As(err, &m.Failure)
	return s.conn.Send(wire.Failed, m, nil, -1)
}

// errStream is the error of a response that could not be sent.
var errStream = errors.New("the stream to the worker is broken")

func (s *server) send(kind wire.Kind, header any, body []byte) error {
	if err := s.conn.Send(kind, header, body, -1); err != nil {
		return fmt.Errorf("%w: %w", errStream, err)
	}
	return nil
}

func (s *server) open(f wire.Frame) error {
	s.close()
	var request wire.OpenRequest
	if err := f.Decode(&request); err != nil {
		return err
	}
	s.source = f.Body
	if f.Descriptor >= 0 {
		var err error
		if s.source, err = wire.Map(f.Descriptor, request.Size); err != nil {
			return err
		}
		s.mapped = true
	}
	if err := inject("open", s); err != nil {
		return err
	}
	picture, err := render.Open(s.source, request.Limits)
	if err != nil {
		return err
	}
	s.picture = picture
	return s.send(wire.Opened, picture, nil)
}

func (s *server) predict(f wire.Frame) error {
	targets, err := s.targets(f)
	if err != nil {
		return err
	}
	if err := inject("predict", s); err != nil {
		return err
	}
	return s.send(wire.Predicted, wire.Prediction{Bytes: s.picture.Memory(targets)}, nil)
}

func (s *server) render(f wire.Frame) error {
	targets, err := s.targets(f)
	if err != nil {
		return err
	}
	if err := inject("render", s); err != nil {
		return err
	}
	for rendition, err := range s.picture.Render(targets) {
		if err != nil {
			return err
		}
		if err := s.sendRendition(rendition); err != nil {
			return err
		}
		if err := inject("between", s); err != nil {
			return err
		}
	}
	if int64(s.picture.Width)*int64(s.picture.Height) > largePicture {
		render.ReturnMemory()
	}
	return s.send(wire.End, struct{}{}, nil)
}

// sendRendition sends the bytes, unless the rendition is the source itself.
func (s *server) sendRendition(r render.Rendition) error {
	m := wire.RenditionMessage{Rendition: r}
	m.Rendition.Body = nil
	m.IsSource = len(r.Body) == len(s.source) && len(r.Body) > 0 && &r.Body[0] == &s.source[0]
	body := r.Body
	if m.IsSource {
		body = nil
	}
	return s.send(wire.Rendition, m, body)
}

func (s *server) targets(f wire.Frame) ([]render.Target, error) {
	var t wire.Targets
	if err := f.Decode(&t); err != nil {
		return nil, err
	}
	if s.picture == nil {
		return nil, errors.New("no picture is open")
	}
	return t.Targets, nil
}

func (s *server) close() {
	if s.mapped {
		wire.Unmap(s.source)
	}
	if s.source != nil {
		s.done++
	}
	s.source, s.mapped, s.picture = nil, false, nil
}
