package origin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype"
	"calotype/edge"
)

// object is an open object: its metadata, and its bytes from some offset on. It is an
// [io.ReadSeeker], so that [http.ServeContent] handles ranges and conditions.
type object struct {
	bucket bucket
	key    string
	ctx    context.Context
	cancel context.CancelCauseFunc

	etag         string
	size         int64
	modified     time.Time
	cacheControl string
	header       http.Header // Passed on unchanged.
	lineage      calotype.Lineage
	focal        calotype.Focal
	viewer       *http.ResponseController // The viewer's connection.

	span    span          // The requested part, or the zero span.
	offset  int64         // Of the next read.
	body    io.ReadCloser // From bodyAt to bodyEnd; nil until requested.
	bodyAt  int64
	bodyEnd int64
	err     error // Why the store's bytes ended too early.
}

// serve responds to a request with the object. The error says why the response was cut.
func (o *object) serve(w http.ResponseWriter, r *http.Request, as edge.Resolution) error {
	h := w.Header()
	for name, values := range o.header {
		h[name] = values
	}
	h.Set("Content-Type", edge.ContentType(h.Get("Content-Type")))
	if o.etag != "" {
		h.Set("ETag", o.etag)
	}
	if cacheControl := cmp.Or(as.CacheControl, o.cacheControl); cacheControl != "" {
		h.Set("Cache-Control", cacheControl)
	}
	h.Set(edge.StateHeader, as.State)
	o.span = parseSpan(r.Header.Get("Range"), o.size)
	if o.span == (span{}) || r.Method != http.MethodGet || as.State == edge.StatePending || as.Serve == edge.ServeNearest {
		r.Header.Del("Range")
	}
	o.viewer = http.NewResponseController(w)
	http.ServeContent(w, r, "", o.modified, o)
	if o.bodyAt > 0 { // The last bytes are still buffered: flush them before the deadline.
		_ = o.viewer.Flush()
		_ = o.viewer.SetWriteDeadline(time.Time{})
	}
	if r.Context().Err() != nil {
		return nil // The viewer has disconnected.
	}
	return o.err
}

// span is a part of an object: the bytes from start to before end.
type span struct{ start, end int64 }

// parseSpan parses a Range header with one range of bytes. Requests with several ranges,
// or with other units, get the whole object, as RFC 9110 allows: each range would cost
// a call to the store. The zero span means the whole object. A range beyond the
// object's end is kept as it is, for a 416.
func parseSpan(header string, size int64) span {
	set, ok := strings.CutPrefix(header, "bytes=")
	if !ok || strings.Contains(set, ",") {
		return span{}
	}
	first, last, ok := strings.Cut(strings.TrimSpace(set), "-")
	if !ok {
		return span{}
	}
	if first == "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < 0 {
			return span{}
		}
		return span{max(0, size-n), max(size, 1)}
	}
	start, err := strconv.ParseInt(first, 10, 64)
	if err != nil || start < 0 {
		return span{}
	}
	end := size
	if last != "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < start {
			return span{}
		}
		end = min(n, max(size, start+1)-1) + 1
	}
	return span{start, max(end, start+1)}
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
	if o.body != nil && (o.bodyAt != o.offset || o.bodyAt >= o.bodyEnd) {
		o.body.Close()
		o.body = nil
	}
	if o.body == nil {
		if err := o.request(); err != nil {
			o.err = err
			return 0, err
		}
	}
	// A response may take any time as long as the viewer keeps reading. Connections
	// without deadlines are left to the server's own timeout.
	_ = o.viewer.SetWriteDeadline(time.Now().Add(viewerTimeout))
	n, err := o.body.Read(p)
	o.offset += int64(n)
	o.bodyAt = o.offset
	switch {
	case errors.Is(err, io.EOF) && o.bodyAt < o.bodyEnd:
		err = io.ErrUnexpectedEOF
	case errors.Is(err, io.EOF):
		err = nil // The next call reads on or ends.
	}
	if err != nil {
		o.err = fmt.Errorf("get %s from %d: %w", o.key, o.offset, err)
	}
	return n, err
}

// request gets the bytes from the offset on: to the end of the span if the offset is in
// it, otherwise to the end of the object.
func (o *object) request() error {
	end := o.size
	if o.span.start <= o.offset && o.offset < o.span.end {
		end = min(end, o.span.end)
	}
	part := fmt.Sprintf("bytes=%d-%d", o.offset, end-1)
	in := &s3.GetObjectInput{Bucket: &o.bucket.name, Key: &o.key, Range: &part}
	if o.etag != "" {
		in.IfMatch = &o.etag
	}
	timer := time.AfterFunc(o.bucket.timeouts.store, func() { o.cancel(errTimeout) })
	out, err := o.bucket.client.GetObject(o.ctx, in)
	if !timer.Stop() {
		return fmt.Errorf("get %s from %d: %w", o.key, o.offset, errTimeout)
	}
	if err != nil {
		return fmt.Errorf("get %s from %d: %w", o.key, o.offset, standard(err))
	}
	if want := fmt.Sprintf("bytes %d-", o.offset); o.offset > 0 && !strings.HasPrefix(aws.ToString(out.ContentRange), want) {
		out.Body.Close()
		return fmt.Errorf("get %s from %d: %w: its range is %q", o.key, o.offset, errNotAnObject, aws.ToString(out.ContentRange))
	}
	o.body, o.bodyAt, o.bodyEnd = out.Body, o.offset, end
	return nil
}

// Close cancels the read.
func (o *object) Close() {
	if o.body != nil {
		o.body.Close()
	}
	o.cancel(nil)
}

// observe translates the result of opening an object.
func observe(o *object, err error) edge.Observation {
	switch {
	case err == nil:
		return edge.Observation{Status: edge.Found, ETag: o.etag, Lineage: o.lineage, Focal: o.focal}
	case errors.Is(err, fs.ErrNotExist):
		return edge.Observation{Status: edge.Missing}
	case errors.Is(err, fs.ErrPermission):
		return edge.Observation{Status: edge.Denied}
	}
	return edge.Observation{Status: edge.Unknown}
}
