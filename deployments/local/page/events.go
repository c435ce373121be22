package page

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"calotype"
)

// reconnectAfter is how soon a browser reconnects after the stream broke.
const reconnectAfter = time.Second

// countEvery is how often the messages of the queues are counted while a page is open.
const countEvery = time.Second

// about is what the page shows besides the pictures.
type about struct {
	Bucket  string   `json:"bucket"`
	Presets []preset `json:"presets"`
	// Auto are the formats of format=auto; without any, the page does not offer it.
	Auto []calotype.Format `json:"auto"`
}

// preset is a preset with its boxes as in the presets file, and what it does in words.
type preset struct {
	Name  string       `json:"name"`
	Boxes string       `json:"boxes"`
	Fit   calotype.Fit `json:"fit,omitempty"`
	Does  string       `json:"does"`
}

func newPreset(p calotype.Preset) preset {
	boxes, options, _ := strings.Cut(p.Signature(), " ")
	does := map[calotype.Fit]string{calotype.FitInside: "fits inside ", calotype.FitCover: "fills ", calotype.FitPad: "is padded to "}[p.Fit]
	does += strings.ReplaceAll(p.Wide.String(), "x", " × ")
	if _, tall, both := strings.Cut(boxes, "/"); both {
		does += ", tall pictures " + strings.ReplaceAll(tall, "x", " × ")
	}
	for _, option := range strings.Fields(options) {
		if option != string(p.Fit) {
			does += ", " + option
		}
	}
	return preset{p.Name, boxes, p.Fit, does}
}

func (p *Page) about() about {
	a := about{Bucket: p.Bucket, Presets: []preset{}, Auto: append([]calotype.Format{}, p.Auto...)}
	for _, known := range p.Presets {
		a.Presets = append(a.Presets, newPreset(known))
	}
	return a
}

// servePictures responds with all pictures at once.
func (p *Page) servePictures(w http.ResponseWriter, r *http.Request) {
	if _, err := p.catalog.inspect(r.Context()); err != nil {
		writeError(w, http.StatusBadGateway, err)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		about
		Pictures []*picture `json:"pictures"`
	}{p.about(), p.catalog.pictures()})
}

// serveEvents streams changes as server-sent events: "about" once; "picture" for one that
// is new to the client or has changed; "gone" with the key of a removed one; "status" when
// all pictures have been sent or cannot be read; "jobs" with what workers did and
// "notifications" with what they announced, the oldest first; and "queues" with the depths
// of the queues.
// https://html.spec.whatwg.org/multipage/server-sent-events.html
func (p *Page) serveEvents(w http.ResponseWriter, r *http.Request) {
	stream := stream{w: w, control: http.NewResponseController(w)}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	_ = stream.control.SetWriteDeadline(time.Time{}) // A stream has no deadline.
	stream.setRetry(reconnectAfter)
	stream.send("about", p.about())
	if r.Method == http.MethodHead || stream.flush() != nil {
		return
	}

	l := p.catalog.join(r.Context())
	defer p.catalog.leave(l)
	var said status
	var shown []depth
	jobs, from, grown := p.Journal.since(0)
	notes, fromNote, noted := p.Notifications.since(0)
	count := time.NewTicker(countEvery)
	defer count.Stop()
	for {
		if len(jobs) > 0 {
			stream.send("jobs", jobs)
			jobs = nil
		}
		if len(notes) > 0 {
			stream.send("notifications", notes)
			notes = nil
		}
		if now := p.depths(r.Context()); !slices.Equal(now, shown) {
			stream.send("queues", now)
			shown = now
		}
		if stream.flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-p.drained:
			return
		case <-l.wake:
		case <-count.C:
		case <-grown:
			jobs, from, grown = p.Journal.since(from)
			continue
		case <-noted:
			notes, fromNote, noted = p.Notifications.since(fromNote)
			continue
		}
		changed, now := p.catalog.take(l)
		for key, picture := range changed {
			if picture == nil {
				stream.send("gone", map[string]string{"key": key})
			} else {
				stream.send("picture", picture)
			}
		}
		if now != said {
			stream.send("status", now)
			said = now
		}
	}
}

// stream writes events. Its first error ends it.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error
}

func (s *stream) send(event string, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		panic("encode event: " + err.Error()) // None of the types can fail.
	}
	if s.err == nil {
		_, s.err = fmt.Fprintf(s.w, "event: %s\ndata: %s\n\n", event, data)
	}
}

func (s *stream) setRetry(after time.Duration) {
	_, s.err = fmt.Fprintf(s.w, "retry: %d\n\n", after.Milliseconds())
}

func (s *stream) flush() error {
	if s.err == nil {
		s.err = s.control.Flush()
	}
	return s.err
}
