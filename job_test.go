package calotype

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestJobRoundTrip(t *testing.T) {
	for name, job := range map[string]Job{
		"least": {Source: "kitty.jpg", Variants: []Variant{{"M", ""}}},
		"most": {
			Source: "été/a b+c%20?#.png", Variants: []Variant{{"M", WebP}, {"XS", ""}}, Quality: 80, Exact: true, Again: true,
			Request: "id==", Attempt: 3, FirstSeen: time.Date(2026, 11, 1, 2, 3, 4, 0, time.UTC),
		},
		"info":             {Source: "kitty.jpg", Info: true},
		"reconcile":        {Source: "kitty.jpg", Reconcile: true},
		"notification":     {Source: "kitty.jpg", Notification: json.RawMessage(`{"key":"a\ufffe"}`)},
		"what SQS refuses": {Source: "a\ufffe\uffff\x01.jpg", Variants: []Variant{{"M", ""}}},
	} {
		body := job.Encode()
		if strings.ContainsAny(body, "\ufffe\uffff\x01") {
			t.Errorf("%s: %q has characters that SQS refuses", name, body)
		}
		got, err := ParseJob(body)
		if err != nil || !reflect.DeepEqual(got, job) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, job)
		}
	}
}

func TestJobWireFormat(t *testing.T) {
	job := Job{Source: "cats/kitty.jpg", Variants: []Variant{{"M", WebP}}, Quality: 80}
	want := `{"v":1,"source":"cats/kitty.jpg","variants":["M.webp"],"quality":80}`
	if got := job.Encode(); got != want {
		t.Errorf("got %s, want %s: messages in flight could not be read", got, want)
	}
}

func TestParseJobRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"no JSON":             "kitty.jpg",
		"cut":                 `{"v":1,"source":"kitty.jpg"`,
		"no source":           `{"v":1,"variants":["M"]}`,
		"no variants":         `{"v":1,"source":"kitty.jpg"}`,
		"bad variant":         `{"v":1,"source":"kitty.jpg","variants":["M.svg"]}`,
		"bad quality":         `{"v":1,"source":"kitty.jpg","variants":["M"],"quality":101}`,
		"bad attempt":         `{"v":1,"source":"kitty.jpg","variants":["M"],"attempt":-1}`,
		"dots":                `{"v":1,"source":"../kitty.jpg","variants":["M"]}`,
		"more behind":         `{"v":1,"source":"kitty.jpg","variants":["M"]} {}`,
		"many variants":       `{"v":1,"source":"kitty.jpg","variants":["M"` + strings.Repeat(`,"M"`, maxVariants) + `]}`,
		"a year too far":      `{"v":1,"source":"kitty.jpg","variants":["M"],"first_seen":"9999-12-31T23:59:59-23:00"}`,
		"no version":          `{"source":"kitty.jpg","variants":["M"]}`,
		"an envelope":         `{"Type":"Notification","Message":"{}"}`,
		"no notification":     `{"v":2,"source":"kitty.jpg","variants":["M"]}`,
		"odd notification":    `{"v":2,"source":"kitty.jpg","notification":"M"}`,
		"an old notification": `{"v":1,"source":"kitty.jpg","notification":{}}`,
		"another number":      `{"v":"1","source":"kitty.jpg","variants":["M"]}`,
	} {
		if job, err := ParseJob(body); err == nil || errors.Is(err, ErrJobVersion) {
			t.Errorf("%s: got %+v, %v", name, job, err)
		}
	}
	if _, err := ParseJob(`{"v":3,"origin":"kitty.jpg"}`); !errors.Is(err, ErrJobVersion) {
		t.Errorf("newer: got %v, want %v", err, ErrJobVersion)
	}
}

// A body that parses can be encoded again.
func TestFirstSeenInAnyZone(t *testing.T) {
	job, err := ParseJob(`{"v":1,"source":"kitty.jpg","variants":["M","M.webp","M"],"first_seen":"2026-01-02T00:00:00+24:00"}`)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"v":1,"source":"kitty.jpg","variants":["M","M.webp"],"first_seen":"2026-01-01T00:00:00Z"}`
	if got := job.Encode(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseJobIgnoresUnknownFields(t *testing.T) {
	job, err := ParseJob(`{"v":1,"source":"kitty.jpg","variants":["M"],"colour":"grey"}`)
	if err != nil || job.Source != "kitty.jpg" {
		t.Errorf("got %+v, %v", job, err)
	}
}

func FuzzJob(f *testing.F) {
	f.Add(`{"v":1,"source":"cats/kitty.jpg","variants":["M.webp"],"quality":80}`)
	f.Add(`{"v":2,"source":"a","notification":{ "key":"<\ufffe" }}`)
	f.Add(`{"v":1,"source":"a","variants":["M"],"attempt":2,"first_seen":"2026-11-01T02:03:04Z"}`)
	f.Fuzz(func(t *testing.T, body string) {
		job, err := ParseJob(body)
		if err != nil {
			return
		}
		again, err := ParseJob(job.Encode())
		if err != nil || !reflect.DeepEqual(again, job) {
			t.Errorf("%+v became %+v, %v", job, again, err)
		}
	})
}

func TestLineageRoundTrip(t *testing.T) {
	for name, l := range map[string]Lineage{
		"rendition": {SourceETag: "abc", Recipe: Recipe{"1200x628", 80, WebP, "calotype-1 libvips-8.14.1"}, Size: Box{837, 628}},
		"kept":      {SourceETag: "abc-2", Recipe: Recipe{Boxes: "1200x628/600x900", Encoder: "e"}, CopyReason: "corrupt"},
	} {
		if got := ParseLineage(l.Metadata()); got != l {
			t.Errorf("%s: got %+v, want %+v", name, got, l)
		}
	}
}

func FuzzLineage(f *testing.F) {
	f.Add("abc-2", "1200x628/600x900", 80, "webp", "calotype-1 libvips-8.14.1", "corrupt", "837x628")
	f.Fuzz(func(t *testing.T, etag, boxes string, quality int, format, encoder, kept, size string) {
		l := ParseLineage(map[string]string{
			metaSource: etag, metaBoxes: boxes, metaQuality: strconv.Itoa(quality), metaFormat: format,
			metaEncoder: encoder, metaKept: kept, metaSize: size,
		})
		if again := ParseLineage(l.Metadata()); again != ParseLineage(again.Metadata()) {
			t.Errorf("%+v became %+v", l, again)
		}
	})
}

// A job that only describes a source is of version 2, since workers of version 1 refuse a job
// without variants.
func TestJobOnlyInfo(t *testing.T) {
	job := Job{Source: "kitty.jpg", Info: true}
	if got := job.Encode(); !strings.HasPrefix(got, `{"v":2,`) {
		t.Errorf("got %s", got)
	}
	if got, err := ParseJob(job.Encode()); err != nil || !got.Info || got.Source != job.Source {
		t.Errorf("got %+v, %v", got, err)
	}
	job.Variants = []Variant{{Preset: "M"}}
	if got := job.Encode(); !strings.HasPrefix(got, `{"v":1,`) {
		t.Errorf("with a variant: %s", got)
	}
	if _, err := ParseJob(`{"v":2,"source":"kitty.jpg","variants":["M"]}`); err == nil {
		t.Error("version 2 with neither a notification nor only a description was read")
	}
}
