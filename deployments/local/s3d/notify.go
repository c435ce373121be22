package s3d

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3response"
)

// notifying is a backend that reports its changes under the names of S3's events.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
type notifying struct {
	backend.Backend
	notify func(event, bucket, key string)
}

func (t notifying) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	out, err := t.Backend.PutObject(ctx, in)
	if err == nil {
		t.notify("ObjectCreated:Put", aws.ToString(in.Bucket), aws.ToString(in.Key))
	}
	return out, err
}

func (t notifying) CopyObject(ctx context.Context, in s3response.CopyObjectInput) (s3response.CopyObjectOutput, error) {
	out, err := t.Backend.CopyObject(ctx, in)
	if err == nil {
		t.notify("ObjectCreated:Copy", aws.ToString(in.Bucket), aws.ToString(in.Key))
	}
	return out, err
}

func (t notifying) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	out, version, err := t.Backend.CompleteMultipartUpload(ctx, in)
	if err == nil {
		t.notify("ObjectCreated:CompleteMultipartUpload", aws.ToString(in.Bucket), aws.ToString(in.Key))
	}
	return out, version, err
}

func (t notifying) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	out, err := t.Backend.DeleteObject(ctx, in)
	if err == nil {
		t.notify("ObjectRemoved:Delete", aws.ToString(in.Bucket), aws.ToString(in.Key))
	}
	return out, err
}

func (t notifying) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput) (s3response.DeleteResult, error) {
	out, err := t.Backend.DeleteObjects(ctx, in)
	if err == nil {
		for _, gone := range out.Deleted {
			t.notify("ObjectRemoved:Delete", aws.ToString(in.Bucket), aws.ToString(gone.Key))
		}
	}
	return out, err
}
