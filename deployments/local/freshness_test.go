package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype/internal/awstest"
)

// When any S3 client replaces a picture, its renditions follow without new requests. When a
// client removes it, no rendition remains.
func TestRenditionsFollow(t *testing.T) {
	p := start(t)
	const key, path = "a b/été+1.jpg", "/a%20b/%C3%A9t%C3%A9+1.jpg?size=M"
	p.putFile(t, key, awstest.Photo(t, 1500, 1000, 0))
	p.ask(t, path)
	var before []byte
	awstest.Eventually(t, time.Minute, "it is rendered", func() bool {
		var state string
		state, before, _ = p.ask(t, path)
		return state == "rendition" && p.idle(t)
	})
	siblings := len(p.keys(t, "resized/"))
	p.putFile(t, key, awstest.Photo(t, 1000, 1500, 1))
	awstest.Eventually(t, time.Minute, "its rendition follows", func() bool {
		state, body, _ := p.ask(t, path)
		return state == "rendition" && string(body) != string(before)
	})
	if got := len(p.keys(t, "resized/")); got != siblings {
		t.Errorf("%d renditions, want the same %d", got, siblings)
	}
	if _, err := p.s3.DeleteObject(context.Background(), &s3.DeleteObjectInput{Bucket: aws.String(bucketName), Key: aws.String(key)}); err != nil {
		t.Fatal(err)
	}
	awstest.Eventually(t, time.Minute, "its renditions are removed", func() bool { return len(p.keys(t, "resized/")) == 0 })
	r, err := http.Get(p.url + path)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusNotFound {
		t.Errorf("got %d", r.StatusCode)
	}
}
