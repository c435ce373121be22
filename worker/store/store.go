// Package store reads sources from a bucket and publishes renditions in it, over
// the S3 API. Every write has a condition, so that of two workers the slower one
// never replaces what the faster one put. It knows nothing of presets or jobs.
package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

var (
	// ErrConflict is the error of a write whose condition does not hold: somebody
	// else has written or deleted the object.
	ErrConflict = errors.New("changed by somebody else")
	// ErrTooLarge is the error of an object that is larger than asked for.
	ErrTooLarge = errors.New("too large")
)

// Bucket is one S3 bucket. A missing object is [fs.ErrNotExist] everywhere, and an
// object that may not be read is [fs.ErrPermission]: without s3:ListBucket that is
// also S3's answer where there is none.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
type Bucket struct {
	client *s3.Client
	name   string
}

// New returns the bucket of a name.
func New(client *s3.Client, name string) *Bucket {
	return &Bucket{client, name}
}

// Name is the bucket's.
func (b *Bucket) Name() string { return b.name }

// Object is what a store says of an object beside its bytes.
type Object struct {
	ETag         string
	Size         int64 // bytes
	ContentType  string
	Encoding     string // Content-Encoding
	CacheControl string
	Modified     time.Time
	Metadata     map[string]string // without "x-amz-meta-"
}

// Head looks at an object.
func (b *Bucket) Head(ctx context.Context, key string) (Object, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return Object{}, failure("head", key, err)
	}
	return Object{
		ETag:         aws.ToString(out.ETag),
		Size:         aws.ToInt64(out.ContentLength),
		ContentType:  aws.ToString(out.ContentType),
		Encoding:     aws.ToString(out.ContentEncoding),
		CacheControl: aws.ToString(out.CacheControl),
		Modified:     aws.ToTime(out.LastModified),
		Metadata:     out.Metadata,
	}, nil
}

// Get reads a whole object of at most the given number of bytes; a larger one is
// [ErrTooLarge], and is not read. Fewer bytes than promised are an error.
func (b *Bucket) Get(ctx context.Context, key string, most int64) ([]byte, Object, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return nil, Object{}, failure("get", key, err)
	}
	defer out.Body.Close()
	object := Object{
		ETag:         aws.ToString(out.ETag),
		Size:         aws.ToInt64(out.ContentLength),
		ContentType:  aws.ToString(out.ContentType),
		Encoding:     aws.ToString(out.ContentEncoding),
		CacheControl: aws.ToString(out.CacheControl),
		Modified:     aws.ToTime(out.LastModified),
		Metadata:     out.Metadata,
	}
	if object.Size > most {
		return nil, object, fmt.Errorf("get %s: %d bytes: %w", key, object.Size, ErrTooLarge)
	}
	body := make([]byte, object.Size)
	if _, err := io.ReadFull(out.Body, body); err != nil {
		return nil, object, fmt.Errorf("get %s: read %d bytes: %w", key, object.Size, err)
	}
	// The end of the body is where the SDK compares checksums.
	if n, err := io.Copy(io.Discard, out.Body); err != nil || n > 0 {
		return nil, object, fmt.Errorf("get %s: %d bytes more than promised: %w", key, n, errors.Join(err, errors.New("the answer is not what was promised")))
	}
	return body, object, nil
}

// Put writes an object on the condition that the one there has the given ETag, or
// that there is none if it is empty, and returns the new ETag. [ErrConflict]
// means that the condition does not hold.
func (b *Bucket) Put(ctx context.Context, key string, body []byte, o Object, replaces string) (string, error) {
	in := &s3.PutObjectInput{
		Bucket:          &b.name,
		Key:             &key,
		Body:            bytes.NewReader(body),
		ContentLength:   aws.Int64(int64(len(body))),
		ContentType:     text(o.ContentType),
		ContentEncoding: text(o.Encoding),
		CacheControl:    text(o.CacheControl),
		Metadata:        o.Metadata,
		IfMatch:         text(replaces),
	}
	if replaces == "" {
		in.IfNoneMatch = aws.String("*")
	}
	out, err := b.client.PutObject(ctx, in)
	if err != nil {
		err = failure("put", key, err)
		if replaces != "" && errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("put %s: deleted: %w", key, ErrConflict)
		}
		return "", err
	}
	return aws.ToString(out.ETag), nil
}

// Delete deletes an object on the condition that it has the given ETag. One that is
// gone already is no error.
func (b *Bucket) Delete(ctx context.Context, key, etag string) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key, IfMatch: &etag})
	if err != nil {
		if err = failure("delete", key, err); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// failure names what was attempted and adds the standard error for S3's answer.
// GET and HEAD report a missing key by different types, so the status decides.
func failure(verb, key string, err error) error {
	var response *awshttp.ResponseError
	var api smithy.APIError
	noBucket := errors.As(err, &api) && api.ErrorCode() == "NoSuchBucket"
	if errors.As(err, &response) && !noBucket {
		switch response.HTTPStatusCode() {
		case http.StatusNotFound:
			return fmt.Errorf("%s %s: %w", verb, key, fs.ErrNotExist)
		case http.StatusForbidden:
			return fmt.Errorf("%s %s: %w: %w", verb, key, fs.ErrPermission, err)
		case http.StatusPreconditionFailed, http.StatusConflict:
			return fmt.Errorf("%s %s: %w", verb, key, ErrConflict)
		}
	}
	return fmt.Errorf("%s %s: %w", verb, key, err)
}

// text is nil for an empty string: not sent.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
