package s3d

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype/internal/hermetic"
)

var server *Server

func TestMain(m *testing.M) {
	hermetic.Isolate()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "s3d-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	server, err = Start(context.Background(), Config{Dir: dir, Listen: "127.0.0.1:0", AccessKey: "right", SecretKey: "secret", Region: "us-east-1"})
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	return m.Run(), nil
}

func client(access, secret string) *s3.Client {
	return s3.NewFromConfig(aws.Config{
		Region:                     "us-east-1",
		Credentials:                credentials.NewStaticCredentialsProvider(access, secret, ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
	}, func(o *s3.Options) {
		o.BaseEndpoint = &server.URL
		o.UsePathStyle = true
		o.Retryer = aws.NopRetryer{}
	})
}

func status(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

func TestOtherCredentialsAreRefused(t *testing.T) {
	name := "pictures"
	if _, err := client("right", "secret").CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	for who, c := range map[string]*s3.Client{"wrong secret": client("right", "guess"), "unknown key": client("unknown", "secret")} {
		key := "kitty.jpg"
		_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &name, Key: &key, Body: strings.NewReader("x")})
		if status(err) != http.StatusForbidden {
			t.Errorf("%s: got %v, want 403", who, err)
		}
	}
	r, err := http.Get(server.URL + "/pictures/kitty.jpg")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusForbidden {
		t.Errorf("unsigned: got %d, want 403", r.StatusCode)
	}
}

// The conditions that publishing relies on.
func TestConditionalWrites(t *testing.T) {
	ctx, c, name, key := t.Context(), client("right", "secret"), "conditions", "a/b.jpg"
	if _, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	put := func(ifMatch, ifNoneMatch *string) (*s3.PutObjectOutput, error) {
		return c.PutObject(ctx, &s3.PutObjectInput{Bucket: &name, Key: &key, Body: strings.NewReader("x"), IfMatch: ifMatch, IfNoneMatch: ifNoneMatch})
	}
	first, err := put(nil, aws.String("*"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := put(nil, aws.String("*")); status(err) != http.StatusPreconditionFailed {
		t.Errorf("if none match, where there is one: got %v", err)
	}
	if _, err := put(aws.String(`"other"`), nil); status(err) != http.StatusPreconditionFailed {
		t.Errorf("if match, another: got %v", err)
	}
	if _, err := put(first.ETag, nil); err != nil {
		t.Errorf("if match: %v", err)
	}
	if _, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &name, Key: &key, IfMatch: aws.String(`"other"`)}); status(err) != http.StatusPreconditionFailed {
		t.Errorf("delete if match, another: got %v", err)
	}
}
