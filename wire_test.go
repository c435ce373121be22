package calotype

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// recorded holds messages and metadata as the first builds wrote them. Workers of two
// builds run side by side during an upgrade, so every later format must still read
// them, and must still write what the first builds read.
func recorded(t *testing.T) (jobs map[string]string, lineages map[string]map[string]string) {
	t.Helper()
	data, err := os.ReadFile("testdata/wire-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	var wire struct {
		Jobs     map[string]string            `json:"jobs"`
		Lineages map[string]map[string]string `json:"lineages"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		t.Fatal(err)
	}
	return wire.Jobs, wire.Lineages
}

func TestRecordedJobs(t *testing.T) {
	firstSeen := time.Date(2026, 11, 20, 9, 30, 15, 123456789, time.UTC)
	want := map[string]Job{
		"a viewer's job":                 {Source: "cats/kitty.jpg", Variants: []Variant{{"M", WebP}}, Quality: 70, Request: "r1=="},
		"an exact job of a backfill":     {Source: "été/a b+c.PNG", Variants: []Variant{{"S", ""}, {"M", AVIF}}, Quality: 80, Exact: true},
		"a reconciliation":               {Source: "kitty.jpg", Reconcile: true},
		"a reconciliation with variants": {Source: "kitty.jpg", Reconcile: true, Variants: []Variant{{"L", JPEG}}},
		"a replayed dead letter":         {Source: "kitty.jpg", Variants: []Variant{{"XS", PNG}}, Again: true},
		"a retry":                        {Source: "kitty.jpg", Variants: []Variant{{"M", ""}}, Request: "r2", Attempt: 3, FirstSeen: firstSeen},
		"a retry after its dead letter":  {Source: "kitty.jpg", Variants: []Variant{{"M", ""}}, Attempt: 1, FirstSeen: firstSeen, DeadLettered: true},
		"odd characters":                 {Source: "a\ufffe\uffff\u2028<&>\".jpg", Variants: []Variant{{"M", ""}}},
	}
	jobs, _ := recorded(t)
	if got, want := slices.Sorted(maps.Keys(jobs)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
		t.Fatalf("recorded are %q, want %q", got, want)
	}
	for name, body := range jobs {
		if got, err := ParseJob(body); err != nil || !reflect.DeepEqual(got, want[name]) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want[name])
		}
		if got := want[name].Encode(); got != body {
			t.Errorf("%s: got %s, want what the first builds read: %s", name, got, body)
		}
	}
}

func TestRecordedLineages(t *testing.T) {
	const encoder = "calotype-1 libvips-8.14.1"
	want := map[string]Lineage{
		"a rendition":              {SourceETag: "9b2cf535f27731c974343645a3985328", Recipe: Recipe{"1200x628", 80, WebP, encoder}, Size: Box{837, 628}},
		"a rendition in two boxes": {SourceETag: "9b2cf535f27731c974343645a3985328-2", Recipe: Recipe{"1200x628/600x900", 55, AVIF, encoder}, Size: Box{600, 900}},
		"a passthrough":            {SourceETag: "abc", Recipe: Recipe{"854x480", 80, JPEG, encoder}, CopyReason: CopyAsIs, Size: Box{60, 40}},
		"a fallback copy":          {SourceETag: "abc", Recipe: Recipe{Boxes: "854x480", Encoder: encoder}, CopyReason: "corrupt"},
	}
	want["a rendition cropped by a focal point"] = Lineage{SourceETag: "abc", Recipe: Recipe{"600x400 cover focal", 75, WebP, "calotype-2 libvips-8.16.1"}, Size: Box{600, 400}, Focal: "0.3,0.7"}
	_, lineages := recorded(t)
	if got, want := slices.Sorted(maps.Keys(lineages)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
		t.Fatalf("recorded are %q, want %q", got, want)
	}
	for name, metadata := range lineages {
		if got := ParseLineage(metadata); got != want[name] {
			t.Errorf("%s: got %+v, want %+v", name, got, want[name])
		}
		if got := want[name].Metadata(); !maps.Equal(got, metadata) {
			t.Errorf("%s: got %v, want what the first builds read: %v", name, got, metadata)
		}
	}
}

// A notification that waits in the queue is of a version that the first builds requeue for
// a newer worker: as a job of their own version they would do it and lose the notification.
func TestRecordedNotification(t *testing.T) {
	const body = `{"v":2,"source":"a\ufffe.jpg","attempt":2,"first_seen":"2026-11-28T09:30:15Z","notification":{"version":1,"type":"ready","key":"a\ufffe.jpg","odd":[1, "\u003c"]}}`
	want := Job{
		Source: "a\ufffe.jpg", Attempt: 2, FirstSeen: time.Date(2026, 11, 28, 9, 30, 15, 0, time.UTC),
		Notification: json.RawMessage(`{"version":1,"type":"ready","key":"a\ufffe.jpg","odd":[1,"\u003c"]}`),
	}
	got, err := ParseJob(body)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v, want %+v", got, err, want)
	}
	if got, want := got.Encode(), strings.Replace(body, "1, ", "1,", 1); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	replayed := got.Replayed()
	if replayed.Attempt != 0 || !replayed.Again || string(replayed.Notification) != string(want.Notification) {
		t.Errorf("replayed: got %+v", replayed)
	}
	if job, err := ParseJob(`{"v":1,"source":"kitty.jpg","variants":["M"],"notification":{}}`); err != nil || job.Notification != nil {
		t.Errorf("got %+v, %v, want a job of version 1 without a field that it does not have", job, err)
	}
}

// A message of a later version can be requeued by a worker that cannot read it.
func TestNewerJob(t *testing.T) {
	firstSeen := time.Date(2026, 11, 20, 9, 30, 15, 0, time.UTC)
	const body = `{"v":3,"source":{"bucket":"b","key":"kitty.jpg"},"variants":"all","attempt":4,"first_seen":"2026-11-20T10:30:15+01:00","odd":"\ufffe"}`
	_, err := ParseJob(body)
	var newer *NewerJobError
	if !errors.As(err, &newer) || !errors.Is(err, ErrJobVersion) {
		t.Fatalf("got %v, want a %T", err, newer)
	}
	if newer.Version != 3 || newer.Attempt != 4 || !newer.FirstSeen.Equal(firstSeen) {
		t.Errorf("got %+v, want version 3, attempt 4, first seen %v", newer, firstSeen)
	}
	const retried = `{"attempt":5,"first_seen":"2026-11-20T09:30:15Z","odd":"\ufffe","source":{"bucket":"b","key":"kitty.jpg"},"v":3,"variants":"all"}`
	if got := newer.Retry(newer.Attempt+1, newer.FirstSeen); got != retried {
		t.Errorf("got %s, want %s", got, retried)
	}
	if again := newer.Retry(6, firstSeen); again == retried {
		t.Error("the second retry changed nothing")
	}
	_, err = ParseJob(`{"v":3,"first_seen":"9999-12-31T23:59:59-23:00"}`)
	if !errors.As(err, &newer) || !newer.FirstSeen.IsZero() {
		t.Errorf("got %+v, want a time that can be written again", newer)
	}
	for _, body := range []string{`{"v":0}`, `{"v":-2}`, `{"v":"3"}`, `[3]`, `{"v":3`, `{"v":3,"attempt":"x"}`} {
		if _, err := ParseJob(body); err == nil || errors.As(err, &newer) {
			t.Errorf("%s: got %v, want an error that is not of a newer job", body, err)
		}
	}
}
