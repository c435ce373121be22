// Package page is the web page of the one-machine program. It shows every picture of the
// bucket with the state of its renditions, live while workers make them. It uploads and
// deletes pictures, and replays dead letters. It renders nothing itself: edge/origin serves
// pictures and renditions at the URL that a CDN would request, and a request for a rendition
// is what causes it to be made.
//
// The page trusts every client that reaches it. It therefore responds only to this
// machine's names, and accepts changes only from its own site.
package page

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/edge"
	"calotype/queue"
)

// The paths that belong to the page and not to pictures.
const (
	home   = "/"
	folder = "/-/"

	picturesPath    = folder + "pictures"
	eventsPath      = folder + "events"
	failuresPath    = folder + "failures"
	deadLettersPath = folder + "dead-letters"
)

// inspectEvery is how often the bucket is listed while a page is open.
const inspectEvery = 250 * time.Millisecond

// Config names the bucket to show.
type Config struct {
	S3      *s3.Client
	Bucket  string
	Prefix  calotype.Prefix
	Presets calotype.Presets
	// Auto are the formats of format=auto.
	Auto edge.AutoFormats
	// Queues are shown with their depth. Dead holds the dead letters, and replays go to Jobs.
	Queues     []Queue
	Dead, Jobs *queue.Queue
	Journal    *Journal
	// Notifications has what workers announce, if not nil.
	Notifications *Journal
	Log           zerolog.Logger
}

// Page is an [http.Handler] for the paths that [Serves] names.
type Page struct {
	Config
	bucket  bucket
	catalog *catalog
	sameUse *http.CrossOriginProtection

	drain   sync.Once
	drained chan struct{}
}

// New returns the page of a bucket.
func New(cfg Config) *Page {
	b := bucket{cfg.S3, cfg.Bucket}
	if cfg.Notifications == nil {
		cfg.Notifications = NewJournal()
	}
	return &Page{
		Config:  cfg,
		bucket:  b,
		catalog: newCatalog(b, cfg.Prefix, cfg.Presets, cfg.Log),
		sameUse: http.NewCrossOriginProtection(),
		drained: make(chan struct{}),
	}
}

// Serves reports whether a decoded path belongs to the page. All other paths are pictures.
func Serves(path string) bool {
	return path == home || strings.HasPrefix(path, folder)
}

// Drain ends the event streams, now and from now on, so that an HTTP server can shut down
// without waiting for open pages.
func (p *Page) Drain() {
	p.drain.Do(func() { close(p.drained) })
}

// ServeHTTP serves the page, its files and its calls.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setSafeHeaders(w.Header())
	if err := p.refuse(r); err != nil {
		writeError(w, http.StatusForbidden, err)
		return
	}
	key, named := strings.CutPrefix(r.URL.Path, picturesPath+"/")
	switch {
	case named:
		p.servePicture(w, r, key)
	case r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, deadLettersPath+"/"):
		p.replay(w, r, strings.TrimPrefix(r.URL.Path, deadLettersPath+"/"))
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		writeError(w, http.StatusMethodNotAllowed, errReadOnly)
	case r.URL.Path == picturesPath:
		p.servePictures(w, r)
	case r.URL.Path == deadLettersPath:
		p.serveDeadLetters(w, r)
	case strings.HasPrefix(r.URL.Path, failuresPath+"/"):
		p.serveFailure(w, r, strings.TrimPrefix(r.URL.Path, failuresPath+"/"))
	case r.URL.Path == eventsPath:
		p.serveEvents(w, r)
	default:
		serveAsset(w, r)
	}
}

func (p *Page) servePicture(w http.ResponseWriter, r *http.Request, key string) {
	switch r.Method {
	case http.MethodPut:
		p.put(w, r, key)
	case http.MethodDelete:
		p.delete(w, r, key)
	default:
		w.Header().Set("Allow", "PUT, DELETE")
		writeError(w, http.StatusMethodNotAllowed, errNotReadHere)
	}
}
