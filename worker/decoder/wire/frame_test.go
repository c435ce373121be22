package wire

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"calotype/worker/render"
)

func pair(t *testing.T) (a, b *Conn) {
	t.Helper()
	a, file, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	if b, err = NewConn(file); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func unlimited(Kind) int64 { return 1 << 20 }

func TestFrames(t *testing.T) {
	a, b := pair(t)
	want := RenditionMessage{Rendition: render.Rendition{Format: "webp", Width: 3, Height: 4, AsIs: true}}
	for _, body := range [][]byte{nil, []byte("picture")} {
		if err := a.Send(Rendition, want, body, -1); err != nil {
			t.Fatal(err)
		}
		f, err := b.Receive(unlimited)
		if err != nil || f.Kind != Rendition || !bytes.Equal(f.Body, body) || f.Descriptor != -1 {
			t.Fatalf("got %+v, %v", f, err)
		}
		var got RenditionMessage
		if err := f.Decode(&got); err != nil || got.Rendition.Format != "webp" || !got.Rendition.AsIs {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	a.Close()
	if _, err := b.Receive(unlimited); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want the end", err)
	}
}

func FuzzFrame(f *testing.F) {
	for _, p := range []prefix{{kind: Open, header: 2, body: 3}, {kind: Release, descriptor: true}, {kind: Rendition, body: 1 << 62}} {
		f.Add(append(p.encode(), `{}abc`...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const maxBody = 1 << 16
		if len(data) < prefixSize {
			return
		}
		p, err := parsePrefix(data[:prefixSize], maxBody)
		if err != nil {
			if !errors.Is(err, ErrGarbage) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(p.encode(), data[:prefixSize]) {
			t.Fatalf("%x becomes %x", data[:prefixSize], p.encode())
		}
		frame, err := readRest(bytes.NewReader(data[prefixSize:]), p)
		if err != nil {
			return
		}
		if len(frame.Header) > MaxHeader || len(frame.Body) > maxBody {
			t.Fatalf("%d and %d bytes", len(frame.Header), len(frame.Body))
		}
		for _, into := range []any{&OpenRequest{}, &Targets{}, &HelloMessage{}, &Prediction{}, &RenditionMessage{}, &FailedMessage{}, &WantMessage{}, &render.Picture{}} {
			if err := frame.Decode(into); err != nil && !errors.Is(err, ErrGarbage) {
				t.Fatal(err)
			}
		}
	})
}

func TestGarbage(t *testing.T) {
	good := prefix{kind: Open}.encode()
	for name, change := range map[string]func([]byte) []byte{
		"magic":   func(b []byte) []byte { b[0]++; return b },
		"version": func(b []byte) []byte { b[1]++; return b },
		"kind":    func(b []byte) []byte { b[2] = byte(lastKind) + 1; return b },
		"flags":   func(b []byte) []byte { b[3] = 2; return b },
		"header":  func(b []byte) []byte { b[4] = 255; return b },
		"body":    func(b []byte) []byte { b[8] = 255; return b },
	} {
		if _, err := parsePrefix(change(slices.Clone(good)), 1<<20); !errors.Is(err, ErrGarbage) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
