// Package store reads sources from a bucket and publishes renditions in it, over the S3
// API. Every write is conditional, so that a slower worker never replaces what a faster one
// has put. It is independent of presets and jobs.
package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype/internal/s3direct"
	"calotype/worker/failure"
)

var (
	// ErrConflict is returned for a write whose condition does not hold: another writer
	// replaced or deleted the object.
	ErrConflict = errors.New("another writer changed it")
	// ErrTooLarge is the error of an object that is larger than asked for.
	ErrTooLarge = errors.New("too large")

	errTooLong = errors.New("larger than announced")
)

// Bucket is one S3 bucket. A missing object is [fs.ErrNotExist] everywhere, and an object
// that may not be read is [fs.ErrPermission]: without s3:ListBucket that is also S3's
// response for a missing key.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
type Bucket struct {
	client *s3.Client
	direct *s3direct.Bucket // For the reads that every job makes; client makes the other calls.
	name   string
}

// New returns the bucket with a name.
func New(client *s3.Client, name string) *Bucket {
	return &Bucket{client, s3direct.New(client, name), name}
}

// Name returns the bucket's name.
func (b *Bucket) Name() string { return b.name }

// Object is an object's metadata.
type Object struct {
	ETag         string
	Size         int64 // In bytes.
	ContentType  string
	Encoding     string // Content-Encoding
	Disposition  string // Content-Disposition
	CacheControl string
	Modified     time.Time
	Metadata     map[string]string // without "x-amz-meta-"
}

// Head returns an object's metadata.
func (b *Bucket) Head(ctx context.Context, key string) (Object, error) {
	found, err := b.direct.Head(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return Object{}, fmt.Errorf("head %s: %w", key, fs.ErrNotExist)
	} else if err != nil {
		out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key})
		if err != nil {
			return Object{}, b.explained(ctx, key, err)
		}
		found = s3direct.ObjectOf(out.ResultMetadata, out.Metadata, nil)
	}
	object := objectOf(found)
	return object, object.check("head", key)
}

func objectOf(found s3direct.Object) Object {
	h := found.Header
	return Object{
		ETag:         h.Get("ETag"),
		Size:         found.Size,
		ContentType:  h.Get("Content-Type"),
		Encoding:     h.Get("Content-Encoding"),
		Disposition:  h.Get("Content-Disposition"),
		CacheControl: h.Get("Cache-Control"),
		Modified:     found.Modified,
		Metadata:     found.Metadata,
	}
}

// check returns an error for a successful response that cannot be an object's: a gateway
// responds with its own page, or the store's ETags make every condition fail.
func (o Object) check(verb, key string) error {
	switch {
	case o.Size < 0:
		return failure.MarkTransient(fmt.Errorf("%s %s: the response has no Content-Length", verb, key))
	case o.ETag == "" && strings.HasPrefix(o.ContentType, "text/html"):
		return failure.MarkTransient(fmt.Errorf("%s %s: the response is a page, not an object", verb, key))
	case !isStrong(o.ETag):
		return failure.New(failure.NotImplemented, "%s %s: the ETag is %q; %s", verb, key, o.ETag, remedies[failure.NotImplemented])
	}
	return nil
}

// isStrong reports whether an ETag can be the condition of a write.
// https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
func isStrong(etag string) bool { return etag != "" && !strings.HasPrefix(etag, "W/") }

// explained returns the error of a HEAD. S3 answers HEAD without a body, so that 400 and
// 403 have no code: a GET of one byte asks for it. Its response counts if it fails, too.
func (b *Bucket) explained(ctx context.Context, key string, err error) error {
	if r := responseOf(err); r.status != http.StatusBadRequest && r.status != http.StatusForbidden {
		return failed("head", key, err)
	}
	out, getErr := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key, Range: aws.String("bytes=0-0")})
	if getErr == nil {
		out.Body.Close()
		return failed("head", key, err)
	}
	if r := responseOf(getErr); r.status == http.StatusBadRequest || r.status == http.StatusForbidden {
		err = getErr
	}
	return failed("head", key, err)
}

// Get reads a whole object of at most limit bytes; a larger one is [ErrTooLarge] and is not
// read. A body that is shorter than announced is an error.
func (b *Bucket) Get(ctx context.Context, key string, limit int64) ([]byte, Object, error) {
	var body []byte
	object, err := b.Read(ctx, key, limit, func(from io.Reader, size int64) error {
		body = make([]byte, size)
		_, err := io.ReadFull(from, body)
		return err
	})
	if err != nil {
		return nil, object, err
	}
	return body, object, nil
}

// Read is [Bucket.Get] with a function that reads the body, once its size is known and
// allowed.
func (b *Bucket) Read(ctx context.Context, key string, limit int64, read func(body io.Reader, size int64) error) (Object, error) {
	found, err := b.direct.Get(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return Object{}, fmt.Errorf("get %s: %w", key, fs.ErrNotExist)
	} else if err != nil {
		out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
		if err != nil {
			return Object{}, failed("get", key, err)
		}
		found = s3direct.ObjectOf(out.ResultMetadata, out.Metadata, out.Body)
	}
	body := found.Body
	defer body.Close()
	object := objectOf(found)
	if err := object.check("get", key); err != nil {
		return Object{}, err
	}
	if object.Size > limit {
		return object, fmt.Errorf("get %s: %d bytes: %w", key, object.Size, ErrTooLarge)
	}
	if err := read(body, object.Size); err != nil {
		return object, failure.MarkTransient(fmt.Errorf("get %s: read %d bytes: %w", key, object.Size, err))
	}
	// Checksums are compared at the end of the body.
	if n, err := io.Copy(io.Discard, body); err != nil || n > 0 {
		return object, failure.MarkTransient(fmt.Errorf("get %s: the response is not of %d bytes: %w", key, object.Size, errors.Join(err, errTooLong)))
	}
	return object, nil
}

// Put writes an object on condition that the existing one has the given ETag, or that none
// exists if the ETag is empty. It returns the new ETag. [ErrConflict] means that the
// condition does not hold.
func (b *Bucket) Put(ctx context.Context, key string, body []byte, o Object, replaces string) (string, error) {
	in := b.putOf(key, o, replaces)
	switch etag, err := b.direct.Put(ctx, key, body, headerOf(in)); {
	case err == nil:
		return etag, nil
	case errors.Is(err, s3direct.ErrPrecondition):
		return "", fmt.Errorf("put %s: %w", key, ErrConflict)
	}
	in.Body, in.ContentLength = bytes.NewReader(body), aws.Int64(int64(len(body)))
	return b.put(ctx, in)
}

// PutFrom is Put for a body that is not in this process's memory. It is read several times.
func (b *Bucket) PutFrom(ctx context.Context, key string, body *io.SectionReader, o Object, replaces string) (string, error) {
	in := b.putOf(key, o, replaces)
	in.Body, in.ContentLength = body, aws.Int64(body.Size())
	return b.put(ctx, in)
}

// putOf returns the input of a PUT without its body.
func (b *Bucket) putOf(key string, o Object, replaces string) *s3.PutObjectInput {
	in := &s3.PutObjectInput{
		Bucket:             &b.name,
		Key:                &key,
		ContentType:        text(o.ContentType),
		ContentEncoding:    text(o.Encoding),
		ContentDisposition: text(o.Disposition),
		CacheControl:       text(o.CacheControl),
		Metadata:           o.Metadata,
		IfMatch:            text(replaces),
	}
	if replaces == "" {
		in.IfNoneMatch = aws.String("*")
	}
	return in
}

func (b *Bucket) put(ctx context.Context, in *s3.PutObjectInput) (string, error) {
	out, err := b.client.PutObject(ctx, in)
	if err != nil {
		err = failed("put", *in.Key, err)
		if in.IfMatch != nil && errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("put %s: deleted: %w", *in.Key, ErrConflict)
		}
		return "", err
	}
	return aws.ToString(out.ETag), nil
}

// headerOf returns the headers of a PUT.
func headerOf(in *s3.PutObjectInput) http.Header {
	h := http.Header{}
	for name, value := range map[string]*string{
		"Content-Type": in.ContentType, "Content-Encoding": in.ContentEncoding, "Content-Disposition": in.ContentDisposition,
		"Cache-Control": in.CacheControl, "If-Match": in.IfMatch, "If-None-Match": in.IfNoneMatch,
	} {
		if value != nil {
			h.Set(name, *value)
		}
	}
	for name, value := range in.Metadata {
		h.Set("X-Amz-Meta-"+name, value)
	}
	return h
}

// Delete deletes an object on condition that it has the given ETag. A missing object is not
// an error.
func (b *Bucket) Delete(ctx context.Context, key, etag string) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key, IfMatch: &etag})
	if err != nil {
		if err = failed("delete", key, err); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// text returns nil for an empty string, so that it is not sent.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
