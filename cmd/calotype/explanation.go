package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"calotype"
	"calotype/edge"
)

// explanation describes what happens to a request or a key.
type explanation struct {
	Asked       string               `json:"asked"`
	Source      *explainedSource     `json:"source,omitempty"`
	Renditions  []explainedRendition `json:"renditions"`
	Edge        edgeResponse         `json:"edge"`
	DeadLetters []letterLine         `json:"dead_letters,omitempty"`

	lookedForLetters bool
}

type explainedSource struct {
	Key         string    `json:"key"`
	There       bool      `json:"exists"`
	ETag        string    `json:"etag,omitempty"`
	Bytes       int64     `json:"bytes,omitempty"`
	Modified    time.Time `json:"modified,omitzero"`
	ContentType string    `json:"content_type,omitempty"`
	observed    edge.Observation
}

type explainedRendition struct {
	Variant      calotype.Variant   `json:"variant"`
	Key          string             `json:"key"`
	There        bool               `json:"exists"`
	Current      bool               `json:"current"`         // For viewers: made from the current source, in the preset's box.
	Stale        calotype.Staleness `json:"stale,omitempty"` // Why "calotype warm" would render it again.
	Kept         string             `json:"copy_reason,omitempty"`
	Damaged      bool               `json:"damaged,omitempty"` // The source is damaged; the rendition shows what could be decoded.
	SourceETag   string             `json:"source_etag,omitempty"`
	Boxes        string             `json:"boxes,omitempty"`
	Quality      int                `json:"quality,omitempty"`
	Format       calotype.Format    `json:"format,omitempty"`
	Encoder      string             `json:"encoder,omitempty"`
	Size         string             `json:"size,omitempty"` // In pixels.
	Bytes        int64              `json:"bytes,omitempty"`
	Modified     time.Time          `json:"modified,omitzero"`
	ContentType  string             `json:"content_type,omitempty"`
	CacheControl string             `json:"cache_control,omitempty"`
	observed     edge.Observation
}

// edgeResponse is the edge's response if nothing fails.
type edgeResponse struct {
	Status       int    `json:"status"`
	State        string `json:"state,omitempty"` // The X-Calotype header.
	CacheControl string `json:"cache_control,omitempty"`
	Enqueues     bool   `json:"enqueues"`
	Why          string `json:"why"`
}

// String formats the explanation for people: one name and value per line.
func (e *explanation) String() string {
	var text strings.Builder
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(name, format string, values ...any) {
		_, _ = show(columns, "%s\t"+format+"\n", append([]any{name}, values...)...)
	}
	if s := e.Source; s != nil {
		row("picture", "%s", s.Key)
		if s.There {
			row("", "%s, %s, put %s, ETag %s", fileSize(s.Bytes), s.ContentType, s.Modified.Format(time.RFC3339), s.ETag)
		} else {
			row("", "does not exist")
		}
	}
	for _, r := range e.Renditions {
		row(r.Variant.String(), "%s", r.Key)
		for _, line := range r.words() {
			row("", "%s", line)
		}
	}
	if e.Source != nil && len(e.Renditions) == 0 {
		row("renditions", "none")
	}
	row("the edge", "%s", e.Edge)
	for _, l := range e.DeadLetters {
		row("dead letter", "%s, %s ago: %s (%s, by %s; message %s)", l.Reason, ago(l.Sent), l.Detail, plural(l.Attempts, "attempt"), l.Worker, l.ID)
	}
	if e.lookedForLetters && len(e.DeadLetters) == 0 {
		row("dead letter", "none")
	}
	_ = columns.Flush() // Writes to memory cannot fail.
	return text.String()
}

func (r explainedRendition) words() []string {
	if !r.There {
		return []string{"does not exist"}
	}
	what := "a rendition"
	switch r.Kept {
	case "":
		if r.Damaged {
			what = "a rendition of what could be decoded of the damaged picture"
		}
	case calotype.CopyAnimation:
		what = "the picture's own bytes, since the worker's libraries cannot decode its animation"
	case calotype.CopyAsIs:
		what = "the picture's own bytes, which are not larger than a rendition"
	default:
		what = "a fallback copy of the picture, because of a failure: " + r.Kept
	}
	lines := []string{what + ", " + fileSize(r.Bytes) + ", " + r.ContentType + ", made " + r.Modified.Format(time.RFC3339)}
	if r.Size != "" {
		lines[0] += ", " + r.Size + " pixels"
	}
	if r.SourceETag == "" {
		return append(lines, "not made by this program: it records nothing of its source")
	}
	recipe := "recipe: box " + r.Boxes
	if r.Quality != 0 {
		recipe += fmt.Sprintf(", quality %d, %s", r.Quality, r.Format)
	}
	lines = append(lines, recipe+", "+r.Encoder)
	switch {
	case r.Current && r.Stale == calotype.Current:
		lines = append(lines, "current")
	case r.Current:
		lines = append(lines, fmt.Sprintf("current for viewers; calotype warm renders it again, because of its %s", r.Stale))
	case r.Stale == calotype.Replaced:
		lines = append(lines, "outdated: made from the version "+r.SourceETag)
	case r.Stale == calotype.OtherFocal:
		lines = append(lines, "outdated: the picture has another focal point now")
	case r.Stale == calotype.OtherQuality:
		lines = append(lines, "outdated: the preset has another quality now")
	default:
		lines = append(lines, "outdated: the preset has another box or other options now, or no longer exists")
	}
	return lines
}

func (r edgeResponse) String() string {
	words := fmt.Sprintf("answers %d", r.Status)
	if r.State != "" {
		words += ", X-Calotype: " + r.State
	}
	if r.CacheControl != "" {
		words += ", Cache-Control: " + r.CacheControl
	}
	if r.Enqueues {
		words += ", and sends a job"
	}
	return words + ": " + r.Why
}
