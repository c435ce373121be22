package origin

import (
	"cmp"
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

// bucket reads the objects of an S3 bucket.
type bucket struct {
	client *s3.Client
	name   string
}

// object is an open object: its metadata, and its bytes from some offset on. It is an
// [io.ReadSeeker], so that [http.ServeContent] handles ranges and conditions.
type object struct {
	bucket bucket
	key    string
	ctx    context.Context
	cancel context.CancelFunc

	etag         string
	size         int64
	modified     time.Time
	cacheControl string
	header       http.Header // Passed on unchanged.
	lineage      calotype.Lineage
	viewer       *http.ResponseController // The viewer's connection.

	offset int64         // Of the next read.
	body   io.ReadCloser // From bodyAt on; nil until requested.
	bodyAt int64
}

// open opens an object. It fails if the store does not respond within timeout. A request
// for the whole object gets its bytes in the same call. A request with a range or a
// condition gets the metadata first, because it may need other bytes or none.
func (b bucket) open(r *http.Request, key string, timeout time.Duration) (*object, error) {
	ctx, cancel := context.WithCancel(r.Context())
	timer := time.AfterFunc(timeout, cancel)
	o := &object{bucket: b, key: key, ctx: ctx, cancel: cancel}
	call := o.get
	if r.Method == http.MethodHead || conditional(r.Header) {
		call = o.head
	}
	err := call()
	if !timer.Stop() && err == nil {
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

// inspect sends a HEAD for an object.
func (b bucket) inspect(ctx context.Context, key string) edge.Observation {
	o := &object{bucket: b, key: key, ctx: ctx}
	return observe(o, o.head())
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

// serve answers a request with the object.
func (o *object) serve(w http.ResponseWriter, r *http.Request, as edge.Resolution) {
	h := w.Header()
	for name, values := range o.header {
		h[name] = values
	}
	if o.etag != "" {
		h.Set("ETag", o.etag)
	}
	if cacheControl := cmp.Or(as.CacheControl, o.cacheControl); cacheControl != "" {
		h.Set("Cache-Control", cacheControl)
	}
	h.Set(edge.StateHeader, as.State)
	if r.Method != http.MethodGet || !strings.HasPrefix(r.Header.Get("Range"), "bytes=") {
		r.Header.Del("Range") // RFC 9110, 14.2: ignored for other methods and units.
	}
	o.viewer = http.NewResponseController(w)
	http.ServeContent(w, r, "", o.modified, o)
	if o.bodyAt > 0 { // The last bytes are still buffered: flush them before the deadline.
		_ = o.viewer.Flush()
		_ = o.viewer.SetWriteDeadline(time.Time{})
	}
}

// Seek sets the offset of the next read. It makes no call.
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

// Read returns the next bytes, of the version that was opened.
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
	// A response may take any time as long as the viewer keeps reading. Connections
	// without deadlines are left to the server's own timeout.
	_ = o.viewer.SetWriteDeadline(time.Now().Add(viewerTimeout))
	n, err := o.body.Read(p)
	o.offset += int64(n)
	o.bodyAt = o.offset
	return n, err
}

// Close cancels the read.
func (o *object) Close() {
	if o.body != nil {
		o.body.Close()
	}
	o.cancel()
}

// standard translates S3's errors into [fs.ErrNotExist] and [fs.ErrPermission]. GET and
// HEAD report a missing key by different types, so it uses the status.
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
