package fidelity

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"sync"
)

//go:embed look.js
var script string

// site serves pictures, and a page that measures them, on the loopback.
type site struct {
	*httptest.Server
	mutex    sync.Mutex
	pictures map[string]Picture
	last     int
}

// Picture is a file as a web server serves it.
type Picture struct {
	// Name has the extension that determines the content type.
	Name string
	Body []byte
}

func newSite() *site {
	s := &site{pictures: map[string]Picture{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><title>fidelity</title><script src="look.js"></script>`)
	})
	mux.HandleFunc("GET /look.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, script)
	})
	mux.HandleFunc("GET /pictures/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.mutex.Lock()
		p, ok := s.pictures[r.PathValue("id")]
		s.mutex.Unlock()
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", contentType(p.Name))
		w.Header().Set("Cache-Control", "no-store")
		w.Write(p.Body)
	})
	s.Server = httptest.NewServer(mux)
	return s
}

// Look measures what a browser shows of pictures.
func (s *site) Look(ctx context.Context, b Browser, pictures []Picture) ([]Look, error) {
	type item struct {
		URL  string `json:"url"`
		Type string `json:"type"`
	}
	var items []item
	s.mutex.Lock()
	for _, p := range pictures {
		s.last++
		id := strconv.Itoa(s.last)
		s.pictures[id] = p
		items = append(items, item{"/pictures/" + id, animated(p.Body)})
	}
	s.mutex.Unlock()
	text, err := b.evaluate(ctx, "look("+asJSON(items)+")")
	if err != nil {
		return nil, fmt.Errorf("measure %d pictures in %s: %w", len(pictures), b.Version(), err)
	}
	var looks []Look
	if err := json.Unmarshal([]byte(text), &looks); err != nil {
		return nil, fmt.Errorf("measure %d pictures in %s: %w", len(pictures), b.Version(), err)
	}
	s.mutex.Lock()
	clear(s.pictures)
	s.mutex.Unlock()
	return looks, nil
}

// contentType returns the type that a store gives to a file of that name.
func contentType(name string) string {
	if t, ok := map[string]string{
		".jfif": "image/jpeg", ".jpe": "image/jpeg", ".apng": "image/apng", ".ico": "image/x-icon", ".bmp": "image/bmp",
		".avif": "image/avif", ".heic": "image/heic", ".webp": "image/webp", ".jxl": "image/jxl", ".tif": "image/tiff",
	}[path.Ext(name)]; ok {
		return t
	}
	return mime.TypeByExtension(path.Ext(name))
}

// animated returns the type for ImageDecoder by a picture's bytes, if the format can hold
// an animation.
func animated(body []byte) string {
	head := string(body[:min(len(body), 16)])
	switch {
	case len(head) < 16:
		return ""
	case head[:4] == "\x89PNG":
		return "image/png"
	case head[:4] == "GIF8":
		return "image/gif"
	case head[:4] == "RIFF" && head[8:12] == "WEBP":
		return "image/webp"
	case head[4:8] == "ftyp":
		return "image/avif"
	case head[:2] == "\xff\x0a" || head[4:8] == "JXL ":
		return "image/jxl"
	}
	return ""
}
