package origin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype"
	"calotype/edge"
)

// bucket reads objects for answers.
type bucket struct {
	client *s3.Client
	name   string
}

// object is an object as far as it is opened: what the store says of it, and its
// bytes from some offset on. It is an [io.ReadSeeker], so that [http.ServeContent]
// can answer for ranges and conditions.
type object struct {
	bucket bucket
	key    string
	ctx    context.Context
	cancel context.CancelFunc

	etag         string
	size         int64
	modified     time.Time
	cacheControl string
	header       http.Header // What is passed on as it is.
	lineage      calotype.Lineage
	viewer       *http.ResponseController // Who is answered with the bytes.

	offset int64         // Where the next read is.
	body   io.ReadCloser // From bodyAt on; nil while it is not asked for.
	bodyAt int64
}

// open looks at an object, for as long as the patience lasts. A request for the
// whole of it gets the bytes in the same call; one with a range or a condition may
// come to need others, or none.
func (b bucket) open(r *http.Request, key string, patience time.Duration) (*object, error) {
	ctx, cancel := context.WithCancel(r.Context())
	impatient := time.AfterFunc(patience, cancel)
	o := &object{bucket: b, key: key, ctx: ctx, cancel: cancel}
	look := o.get
	if r.Method == http.MethodHead || conditional(r.Header) {
		look = o.head
	}
	err := look()
	if !impatient.Stop() && err == nil {
		err = context.DeadlineExceeded
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

func (o *object) get() error {
	out, err := o.bucket.client.GetObject(o.ctx, &s3.GetObjectInput{Bucket: &o.bucket.name, Key: &o.key})
	if err != nil {
		return standard(err)
	}
	o.body = out.Body
	o.describe(&s3.HeadObjectOutput{
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
	return nil
}

func (o *object) head() error {
	out, err := o.bucket.client.HeadObject(o.ctx, &s3.HeadObjectInput{Bucket: &o.bucket.name, Key: &o.key})
	if err != nil {
		return standard(err)
	}
	o.describe(out)
	return nil
}

// version returns the ETag of an object.
func (b bucket) version(ctx context.Context, key string) (string, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return "", fmt.Errorf("head %s: %w", key, standard(err))
	}
	return aws.ToString(out.ETag), nil
}

func (o *object) describe(out *s3.HeadObjectOutput) {
	o.etag = aws.ToString(out.ETag)
	o.size = aws.ToInt64(out.ContentLength)
	o.modified = aws.ToTime(out.LastModified)
	o.cacheControl = aws.ToString(out.CacheControl)
	o.lineage = calotype.ParseLineage(out.Metadata)
	o.header = http.Header{}
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
}

// kept reports whether the object is a copy of a source.
func (o *object) kept() bool { return o.lineage.CopyReason != "" }

// serve answers with the object.
func (o *object) serve(w http.ResponseWriter, r *http.Request, state, cacheControl string) {
	h := w.Header()
	for name, values := range o.header {
		h[name] = values
	}
	if o.etag != "" {
		h.Set("ETag", o.etag)
	}
	if cacheControl != "" {
		h.Set("Cache-Control", cacheControl)
	}
	h.Set(edge.StateHeader, state)
	if r.Method != http.MethodGet || !strings.HasPrefix(r.Header.Get("Range"), "bytes=") {
		r.Header.Del("Range") // RFC 9110, 14.2: other methods and units have none.
	}
	o.viewer = http.NewResponseController(w)
	http.ServeContent(w, r, "", o.modified, o)
	if o.bodyAt > 0 { // What was read is still to be written, in time.
		_ = o.viewer.Flush()
		_ = o.viewer.SetWriteDeadline(time.Time{})
	}
}

// Seek moves the next read. It asks the store for nothing.
func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.offset
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek %s to %d", o.key, offset)
	}
	o.offset = offset
	return offset, nil
}

// Read reads on. The bytes must be of the version that was looked at.
func (o *object) Read(p []byte) (int, error) {
	if o.offset >= o.size {
		return 0, io.EOF
	}
	if o.body != nil && o.bodyAt != o.offset {
		o.body.Close()
		o.body = nil
	}
	if o.body == nil {
		span := fmt.Sprintf("bytes=%d-", o.offset)
		out, err := o.bucket.client.GetObject(o.ctx, &s3.GetObjectInput{
			Bucket: &o.bucket.name, Key: &o.key, Range: &span, IfMatch: &o.etag,
		})
		if err != nil {
			return 0, fmt.Errorf("get %s from %d: %w", o.key, o.offset, standard(err))
		}
		o.body, o.bodyAt = out.Body, o.offset
	}
	// An answer may take long, as long as it moves: a viewer who takes nothing of it
	// any more is given up. Not every connection can be told.
	_ = o.viewer.SetWriteDeadline(time.Now().Add(viewerPatience))
	n, err := o.body.Read(p)
	o.offset += int64(n)
	o.bodyAt = o.offset
	return n, err
}

// Close ends what is still being read.
func (o *object) Close() {
	if o.body != nil {
		o.body.Close()
	}
	o.cancel()
}

// standard adds the standard error for S3's answer. GET and HEAD report a missing
// key by different types, so the status decides.
func standard(err error) error {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		switch response.HTTPStatusCode() {
		case http.StatusNotFound:
			return fs.ErrNotExist
		case http.StatusForbidden:
			return fs.ErrPermission
		}
	}
	return err
}
