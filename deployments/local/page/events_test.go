package page_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// events are the events of a stream, read one after the other.
type events struct {
	t     *testing.T
	lines *bufio.Scanner
}

func (f *fixture) events() events {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 15*time.Second)
	f.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", f.url+"/-/events", nil)
	if err != nil {
		f.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { response.Body.Close() })
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	return events{f.t, lines}
}

// next waits for the next event of a name and decodes its data; it skips others.
func (e events) next(name string, into any) {
	e.t.Helper()
	for e.lines.Scan() {
		if e.lines.Text() != "event: "+name || !e.lines.Scan() {
			continue
		}
		if err := json.Unmarshal([]byte(strings.TrimPrefix(e.lines.Text(), "data: ")), into); err != nil {
			e.t.Fatal(err)
		}
		return
	}
	e.t.Fatalf("no event %q: %v", name, e.lines.Err())
}

func TestEvents(t *testing.T) {
	s := serve(t)
	s.put("kitty.png", picture(40, 30), nil)
	stream := s.events()
	var about struct{ Bucket string }
	var got pictured
	var status struct{ Listed bool }
	stream.next("about", &about)
	stream.next("picture", &got)
	stream.next("status", &status)
	if about.Bucket != s.bucket || got.Key != "kitty.png" || got.variant("M").State != "original" || !status.Listed {
		t.Errorf("at first: %+v %+v %+v", about, got, status)
	}

	s.publish("kitty.png", "M", "")
	got = pictured{}
	if stream.next("picture", &got); got.variant("M").State != "rendition" {
		t.Errorf("after a rendition: %+v", got)
	}
	second := s.events()
	got = pictured{}
	if second.next("picture", &got); got.variant("M").State != "rendition" {
		t.Errorf("to a later client: %+v", got)
	}

	if _, err := s.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &s.bucket, Key: aws.String("kitty.png")}); err != nil {
		t.Fatal(err)
	}
	for _, e := range []events{stream, second} {
		var gone pictured
		if e.next("gone", &gone); gone.Key != "kitty.png" {
			t.Errorf("gone: %+v", gone)
		}
	}

	s.page.Drain()
	for stream.lines.Scan() { // It ends, or the test times out.
	}
	if err := stream.lines.Err(); err != nil {
		t.Errorf("drained: %v", err)
	}
}

// If the bucket cannot be listed the stream reports it, and also when it can be listed
// again.
func TestEventsReportErrors(t *testing.T) {
	s := serve(t)
	if _, err := s.s3.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: &s.bucket}); err != nil {
		t.Fatal(err)
	}
	stream := s.events()
	var status struct {
		Listed bool
		Error  string
	}
	if stream.next("status", &status); status.Listed || !strings.Contains(status.Error, "list bucket") {
		t.Errorf("got %+v", status)
	}
	if _, err := s.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &s.bucket}); err != nil {
		t.Fatal(err)
	}
	status.Error = ""
	if stream.next("status", &status); !status.Listed || status.Error != "" {
		t.Errorf("got %+v", status)
	}
}
