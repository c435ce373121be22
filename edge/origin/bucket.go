package origin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype"
	"calotype/edge"
	"calotype/internal/s3direct"
)

// bucket reads the objects of an S3 bucket.
type bucket struct {
	client   *s3.Client
	direct   *s3direct.Bucket // What is asked for most often; client makes the other calls.
	name     string
	reason   *reason
	timeouts timeouts
}

// open opens an object. It fails if the store does not respond within timeout. A request
// for the whole object gets its bytes in the same call. A request with a range or a
// condition gets the metadata first, because it may need other bytes or none.
func (b bucket) open(r *http.Request, key string, timeout time.Duration) (*object, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	timer := time.AfterFunc(timeout, func() { cancel(errTimeout) })
	o := &object{bucket: b, key: key, ctx: ctx, cancel: cancel}
	call := o.get
	if r.Method == http.MethodHead || conditional(r.Header) {
		call = o.head
	}
	err := call()
	if !timer.Stop() {
		err = errTimeout
	}
	if err != nil {
		o.Close()
		return nil, fmt.Errorf("open %s: %w", key, err)
	}
	return o, nil
}

func conditional(h http.Header) bool {
	for _, name := range []string{"Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since"} {
		if h.Get(name) != "" {
			return true
		}
	}
	return false
}

// inspect sends a HEAD for an object.
func (b bucket) inspect(ctx context.Context, key string) (edge.Observation, error) {
	o := &object{bucket: b, key: key, ctx: ctx}
	err := o.head()
	return observe(o, err), err
}

func (o *object) get() error {
	found, err := o.bucket.direct.Get(o.ctx, o.key)
	if errors.Is(err, s3direct.ErrUnclear) {
		out, err := o.bucket.client.GetObject(o.ctx, &s3.GetObjectInput{Bucket: &o.bucket.name, Key: &o.key})
		if err != nil {
			return standard(err)
		}
		found = s3direct.ObjectOf(out.ResultMetadata, out.Metadata, out.Body)
	} else if err != nil {
		return err
	}
	o.body, o.bodyEnd = found.Body, max(0, found.Size)
	return o.describe(found)
}

func (o *object) head() error {
	found, err := o.bucket.direct.Head(o.ctx, o.key)
	if errors.Is(err, s3direct.ErrUnclear) {
		out, err := o.bucket.client.HeadObject(o.ctx, &s3.HeadObjectInput{Bucket: &o.bucket.name, Key: &o.key})
		if err != nil {
			return o.bucket.reason.of(o.ctx, o.bucket, o.key, standard(err))
		}
		found = s3direct.ObjectOf(out.ResultMetadata, out.Metadata, nil)
	} else if err != nil {
		return err
	}
	return o.describe(found)
}

// passedOn are the headers that the viewer gets unchanged.
var passedOn = [...]string{"Content-Type", "Content-Encoding", "Content-Disposition", "Content-Language"}

// describe reads the metadata of a response. It refuses responses that no object can
// have, such as the error page of a gateway with status 200.
func (o *object) describe(found s3direct.Object) error {
	h := found.Header
	switch {
	case found.Status != http.StatusOK:
		return fmt.Errorf("%w: status %d", errNotAnObject, found.Status)
	case found.Size < 0:
		return fmt.Errorf("%w: no Content-Length", errNotAnObject)
	case isHTML(h.Get("Content-Type")) && h.Get("ETag") == "":
		return fmt.Errorf("%w: it is HTML", errNotAnObject)
	}
	o.etag = h.Get("ETag")
	o.size = found.Size
	o.modified = found.Modified // Zero is not sent.
	o.cacheControl = h.Get("Cache-Control")
	o.lineage = calotype.ParseLineage(found.Metadata)
	o.focal, _ = calotype.FocalOf(found.Metadata) // Workers log one that is not valid.
	o.header = http.Header{}
	if format, ok := calotype.FormatOfKey(o.key); ok {
		o.header["Content-Type"] = []string{format.ContentType()}
	}
	for _, name := range passedOn {
		if v := h.Get(name); v != "" {
			o.header[name] = []string{v}
		}
	}
	return nil
}

func isHTML(contentType string) bool { return strings.HasPrefix(contentType, "text/html") }

// probe asks for one byte of a key that does not exist. The error is nil if the store
// responds and accepts the credentials.
func (b bucket) probe(ctx context.Context, key string) error {
	err := b.first(ctx, key)
	if missing(err) {
		return nil
	}
	return err
}

// first asks for the first byte of an object. Unlike a HEAD, it gets S3's error code.
func (b bucket) first(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, b.timeouts.probe, errTimeout)
	defer cancel()
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key, Range: aws.String("bytes=0-0")})
	if err != nil {
		if errors.Is(context.Cause(ctx), errTimeout) {
			return errTimeout
		}
		return standard(err)
	}
	return out.Body.Close()
}
