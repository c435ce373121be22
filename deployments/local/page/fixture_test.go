package page_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/deployments/local/page"
	"calotype/deployments/local/s3d"
	"calotype/deployments/local/sqsd"
	"calotype/edge"
	"calotype/edge/origin"
	"calotype/internal/hermetic"
	"calotype/queue"
)

const (
	access = "calotype"
	secret = "calotype-local"
	region = "us-east-1"
	prefix = calotype.Prefix("resized")
)

// here is the package's folder: the S3 server changes the working directory.
var here string

// The endpoints of the servers that all tests share: there can be one S3 server in a
// process.
var s3URL, sqsURL string

func TestMain(m *testing.M) {
	hermetic.Isolate()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if here, err = os.Getwd(); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "page-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	gateway, err := s3d.Start(context.Background(), s3d.Config{
		Dir: filepath.Join(dir, "s3"), Listen: "127.0.0.1:0", AccessKey: access, SecretKey: secret, Region: region,
	})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, gateway.Close()) }()
	queues, err := sqsd.Open(sqsd.Config{
		Path: filepath.Join(dir, "queues.db"), AccessKey: access, SecretKey: secret, Region: region,
	})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, queues.Close()) }()
	web := httptest.NewServer(queues)
	defer web.Close()
	defer queues.Drain()
	s3URL, sqsURL = gateway.URL, web.URL
	return m.Run(), nil
}

// fixture is a page and an origin for a separate bucket and queue. There is no worker:
// tests do the work.
type fixture struct {
	t       *testing.T
	url     string
	bucket  string
	s3      *s3.Client
	jobs    *queue.Queue
	dead    *queue.Queue
	journal *page.Journal
	page    *page.Page
	server  *httptest.Server
	presets calotype.Presets
	calls   atomic.Int64 // The page's HTTP client for S3.
}

func serve(t *testing.T) *fixture {
	t.Helper()
	return serveWith(t, calotype.DefaultPresets())
}

func serveWith(t *testing.T, presets calotype.Presets) *fixture {
	t.Helper()
	name := "page-" + strings.ToLower(rand.Text())
	cfg := aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider(access, secret, "")}
	sqsClient := sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = &sqsURL })
	s3Client := func(client aws.HTTPClient) *s3.Client {
		return s3.NewFromConfig(cfg, func(o *s3.Options) {
			o.BaseEndpoint, o.UsePathStyle, o.HTTPClient = &s3URL, true, client
			o.DisableLogOutputChecksumValidationSkipped = true
		})
	}
	s := &fixture{t: t, bucket: name, s3: s3Client(http.DefaultClient), presets: presets}
	if _, err := s.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	created, err := sqsClient.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
	if err != nil {
		t.Fatal(err)
	}
	s.jobs = queue.New(sqsClient, aws.ToString(created.QueueUrl))
	if created, err = sqsClient.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name + "-dead")}); err != nil {
		t.Fatal(err)
	}
	s.dead, s.journal = queue.New(sqsClient, aws.ToString(created.QueueUrl)), page.NewJournal()
	log := zerolog.New(zerolog.NewTestWriter(t))
	s.page = page.New(page.Config{
		S3: s3Client(counted{&s.calls}), Bucket: name, Prefix: prefix, Presets: s.presets, Log: log, Auto: edge.AutoFormats{calotype.AVIF, calotype.WebP},
		Queues: []page.Queue{{Name: "jobs", Queue: s.jobs}, {Name: "dead", Queue: s.dead}}, Dead: s.dead, Jobs: s.jobs, Journal: s.journal,
	})
	pictures := origin.New(edge.Rules{Presets: s.presets, Prefix: prefix, Auto: edge.AutoFormats{calotype.AVIF, calotype.WebP}}, s.s3, name, s.jobs, log, origin.Settings{})
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if page.Serves(r.URL.Path) {
			s.page.ServeHTTP(w, r)
		} else {
			pictures.ServeHTTP(w, r)
		}
	}))
	s.url = s.server.URL
	t.Cleanup(func() {
		s.page.Drain()
		s.server.Close()
		pictures.Wait()
	})
	return s
}

// counted is an HTTP client that counts its requests.
type counted struct{ calls *atomic.Int64 }

func (c counted) Do(r *http.Request) (*http.Response, error) {
	c.calls.Add(1)
	return http.DefaultClient.Do(r)
}

// put stores an object and returns its ETag.
func (f *fixture) put(key string, body []byte, metadata map[string]string) string {
	f.t.Helper()
	out, err := f.s3.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: &f.bucket, Key: &key, Body: bytes.NewReader(body), Metadata: metadata, ContentType: aws.String("image/png"),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return aws.ToString(out.ETag)
}

// publish does what a worker does: it puts a variant of the current source.
func (f *fixture) publish(key, name, keptFor string) {
	f.t.Helper()
	source, err := f.s3.HeadObject(context.Background(), &s3.HeadObjectInput{Bucket: &f.bucket, Key: &key})
	if err != nil {
		f.t.Fatal(err)
	}
	var v calotype.Variant
	if err := v.UnmarshalText([]byte(name)); err != nil {
		f.t.Fatal(err)
	}
	preset, _ := f.presets.Lookup(v.Preset)
	f.put(prefix.RenditionKey(v, key), picture(24, 18), calotype.Lineage{
		SourceETag: aws.ToString(source.ETag),
		Recipe:     calotype.Recipe{Boxes: preset.Signature(), Quality: 80},
		CopyReason: keptFor,
		Size:       calotype.Box{Width: 24, Height: 18},
	}.Metadata())
}

// describe stores a picture's description, as a worker does.
func (f *fixture) describe(key string, info calotype.Info) {
	f.t.Helper()
	stored, ok := prefix.InfoKey(key)
	if !ok {
		f.t.Fatal("no key for the description of " + key)
	}
	f.put(stored, info.Encode(), calotype.Lineage{SourceETag: info.ETag, Recipe: calotype.InfoRecipe("")}.Metadata())
}

// work waits for the job for a variant and does it.
func (f *fixture) work(key, name string) error {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		messages, err := f.jobs.Receive(context.Background(), 1, time.Second, time.Minute)
		if err != nil {
			return err
		}
		for _, m := range messages {
			job, err := calotype.ParseJob(m.Body)
			if err != nil {
				return err
			}
			if job.Source == key && slices.ContainsFunc(job.Variants, func(v calotype.Variant) bool { return v.String() == name }) {
				f.publish(key, name, "")
				return f.jobs.Delete(context.Background(), m)
			}
		}
	}
	return fmt.Errorf("no request for %s of %s", name, key)
}

// picture draws a PNG file.
func picture(width, height int) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.SetNRGBA(x, y, color.NRGBA{uint8(x * 255 / width), uint8(y * 255 / height), uint8(x ^ y), 255})
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, m); err != nil {
		panic(err)
	}
	return file.Bytes()
}
