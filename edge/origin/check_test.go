package origin

import (
	"net/http"
	"testing"

	"calotype"
	"calotype/edge"
	"calotype/internal/awstest"
)

// TestCheckSource puts renditions of the current version of a source, of another version,
// and of none. Only the first is served.
func TestCheckSource(t *testing.T) {
	presets := calotype.DefaultPresets()
	s := startWith(t, edge.Rules{Presets: presets, Prefix: "resized", CheckSource: true})
	put := func(key, sourceETag, boxes string) {
		lineage := calotype.Lineage{SourceETag: sourceETag, Recipe: calotype.Recipe{Boxes: boxes}}
		awstest.Put(t, s.bucket, "resized/M/"+key, []byte("rendition"), awstest.Headers{ContentType: "image/jpeg", Metadata: lineage.Metadata()})
	}
	m, _ := presets.Lookup("M")
	put("current.jpg", s.putSource(t, "current.jpg", "source"), m.Signature())
	put("box.jpg", s.putSource(t, "box.jpg", "source"), "100x100")
	s.putSource(t, "replaced.jpg", "source")
	put("replaced.jpg", "another", m.Signature())
	put("removed.jpg", "another", m.Signature())
	for _, method := range []string{"GET", "HEAD"} {
		for key, want := range map[string]struct {
			status int
			state  string
			jobs   int
		}{
			"current.jpg":  {200, edge.StateRendition, 0},
			"box.jpg":      {200, edge.StatePending, 1},
			"replaced.jpg": {200, edge.StatePending, 1},
			"removed.jpg":  {404, edge.StateNone, 0},
		} {
			r, _ := s.ask(t, method, "/"+key+"?size=M")
			if r.StatusCode != want.status {
				t.Errorf("%s %s: got %d, want %d", method, key, r.StatusCode, want.status)
			}
			wantHeader(t, r, edge.StateHeader, want.state)
			if jobs := s.enqueued(t); method == "GET" && len(jobs) != want.jobs {
				t.Errorf("%s: got %d jobs, want %d", key, len(jobs), want.jobs)
			}
		}
	}
}

// If the source cannot be inspected, the rendition is served.
func TestCheckSourceFails(t *testing.T) {
	looksFail := func(r *http.Request) *http.Response {
		if r.Method == http.MethodHead {
			return answer(http.StatusServiceUnavailable)
		}
		return nil
	}
	s := startWith(t, edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized", CheckSource: true}, looksFail)
	s.putRendition(t, "resized/M/kitty.jpg", "rendition", "")
	r, body := s.ask(t, "GET", "/kitty.jpg?size=M")
	if r.StatusCode != 200 || body != "rendition" {
		t.Errorf("got %d %q, want the rendition", r.StatusCode, body)
	}
}
