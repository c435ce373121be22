package origin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"calotype"
	"calotype/edge"
)

// bucket reads the objects of an S3 bucket.
type bucket struct {
	client   *s3.Client
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
	out, err := o.bucket.client.GetObject(o.ctx, &s3.GetObjectInput{Bucket: &o.bucket.name, Key: &o.key})
	if err != nil {
		return standard(err)
	}
	o.body, o.bodyEnd = out.Body, aws.ToInt64(out.ContentLength)
	return o.describe(out.ResultMetadata, &s3.HeadObjectOutput{
		ETag:               out.ETag,
		ContentLength:      out.ContentLength,
		LastModified:       out.LastModified,
		CacheControl:       out.CacheControl,
		Metadata:           out.Metadata,
		ContentType:        out.ContentType,
		ContentEncoding:    out.ContentEncoding,
		ContentDisposition: out.ContentDisposition,
		ContentLanguage:    out.ContentLanguage,
	})
}

func (o *object) head() error {
	out, err := o.bucket.client.HeadObject(o.ctx, &s3.HeadObjectInput{Bucket: &o.bucket.name, Key: &o.key})
	if err != nil {
		return o.bucket.reason.of(o.ctx, o.bucket, o.key, standard(err))
	}
	return o.describe(out.ResultMetadata, out)
}

// describe reads the metadata of a response. It refuses responses that no object can
// have, such as the error page of a gateway with status 200.
func (o *object) describe(response middleware.Metadata, out *s3.HeadObjectOutput) error {
	raw, _ := awsmiddleware.GetRawResponse(response).(*smithyhttp.Response)
	switch {
	case raw != nil && raw.StatusCode != http.StatusOK:
		return fmt.Errorf("%w: status %d", errNotAnObject, raw.StatusCode)
	case out.ContentLength == nil:
		return fmt.Errorf("%w: no Content-Length", errNotAnObject)
	case isHTML(aws.ToString(out.ContentType)) && aws.ToString(out.ETag) == "":
		return fmt.Errorf("%w: it is HTML", errNotAnObject)
	}
	o.etag = aws.ToString(out.ETag)
	o.size = *out.ContentLength
	o.modified = aws.ToTime(out.LastModified)
	o.cacheControl = aws.ToString(out.CacheControl)
	o.lineage = calotype.ParseLineage(out.Metadata)
	o.focal, _ = calotype.FocalOf(out.Metadata) // Workers log one that is no point.
	o.header = http.Header{}
	if format, ok := calotype.FormatOfKey(o.key); ok {
		o.header.Set("Content-Type", format.ContentType())
	}
	for name, value := range map[string]*string{
		"Content-Type":        out.ContentType,
		"Content-Encoding":    out.ContentEncoding,
		"Content-Disposition": out.ContentDisposition,
		"Content-Language":    out.ContentLanguage,
	} {
		if v := aws.ToString(value); v != "" {
			o.header.Set(name, v)
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
