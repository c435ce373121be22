package page

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype/queue"
	"calotype/worker/deadletter"
)

// maxLetters is how many dead letters the page shows.
const maxLetters = 100

// lease hides dead letters for this long if the process is killed while it lists them.
const lease = 30 * time.Second

// Queue is a queue whose depth the page shows.
type Queue struct {
	Name string
	*queue.Queue
}

// reason is why a source has no renditions.
type reason struct {
	Class  string `json:"class"`
	Detail string `json:"detail,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}

// letter is a dead letter.
type letter struct {
	ID  string `json:"id"`
	Key string `json:"key,omitempty"`
	reason
	Attempts int       `json:"attempts,omitempty"`
	Sent     time.Time `json:"sent"`
}

// depth is how many messages a queue holds.
type depth struct {
	Queue   string `json:"queue"`
	Waiting int    `json:"waiting"`
	Running int    `json:"running"`
}

// depths counts the messages of all queues. A queue that does not respond is left out.
func (p *Page) depths(ctx context.Context) []depth {
	found := []depth{}
	for _, q := range p.Queues {
		if n, err := q.Count(ctx); err == nil {
			found = append(found, depth{q.Name, n.Visible + n.Delayed, n.Leased})
		}
	}
	return found
}

// serveDeadLetters responds with the dead letters, the newest first.
func (p *Page) serveDeadLetters(w http.ResponseWriter, r *http.Request) {
	letters := []letter{}
	tally, err := p.dead().List(r.Context(), deadletter.Filter{}, func(l deadletter.Letter) {
		letters = append(letters, letter{l.ID, l.Job.Source, reason{l.Reason.Class, l.Reason.Detail, remedies[l.Reason.Class]}, l.Reason.Attempts, l.Sent})
	})
	if err != nil {
		writeError(w, http.StatusBadGateway, err)
		return
	}
	slices.SortFunc(letters, func(a, b letter) int { return cmp.Or(b.Sent.Compare(a.Sent), cmp.Compare(a.ID, b.ID)) })
	writeJSON(w, http.StatusOK, map[string]any{"total": tally.Total, "letters": letters[:min(len(letters), maxLetters)]})
}

func (p *Page) dead() deadletter.Queue { return deadletter.Queue{Letters: p.Dead, Lease: lease} }

// replay sends the job of the dead letter with an id, and deletes the letter.
func (p *Page) replay(w http.ResponseWriter, r *http.Request, id string) {
	var outcome deadletter.Outcome
	err := p.dead().Replay(r.Context(), deadletter.Replay{
		Jobs: p.Jobs, Filter: deadletter.Filter{Which: []string{id}}, Rate: 100,
		OnResult: func(_ deadletter.Letter, o deadletter.Outcome) { outcome = o },
	})
	switch {
	case err != nil:
		writeError(w, http.StatusBadGateway, err)
	case outcome == "":
		writeError(w, http.StatusNotFound, errors.New("this dead letter is not in the queue any more, or another receiver holds it"))
	case outcome.Stays():
		writeError(w, http.StatusConflict, errors.New("it is not a job, so it cannot be replayed"))
	default:
		writeJSON(w, http.StatusOK, map[string]any{"outcome": outcome})
	}
}

// serveFailure responds with why a source cannot be rendered, as the workers recorded it.
func (p *Page) serveFailure(w http.ResponseWriter, r *http.Request, key string) {
	class := r.URL.Query().Get("class")
	found := reason{Class: class, Remedy: remedies[class]}
	record, err := p.bucket.failure(r.Context(), p.Prefix.FailureKey, key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		writeError(w, http.StatusBadGateway, err)
		return
	case record.Class == class:
		found.Detail = record.Detail
	}
	writeJSON(w, http.StatusOK, found)
}

// failure reads a source's record of a failure.
func (b bucket) failure(ctx context.Context, keyOf func(string) (string, bool), source string) (found reason, err error) {
	key, ok := keyOf(source)
	if !ok {
		return found, fs.ErrNotExist
	}
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return found, failure("read", key, err)
	}
	defer out.Body.Close()
	return found, json.NewDecoder(io.LimitReader(out.Body, 64<<10)).Decode(&found)
}
