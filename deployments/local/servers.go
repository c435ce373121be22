package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/deployments/local/s3d"
	"calotype/deployments/local/sqsd"
	"calotype/queue"
	"calotype/worker"
)

// The names of the bucket, the queues and the credentials.
const (
	bucketName   = "pictures"
	jobsName     = "calotype-jobs"
	eventsName   = "calotype-events"
	backfillName = "calotype-backfill"
	deadName     = "calotype-dead"
	notifyName   = "calotype-notifications"
	accessKey    = "calotype"
	secretKey    = "calotype-local"
	region       = "us-east-1"

	maxRetention = "1209600" // 14 days in seconds, SQS's maximum
)

// servers are the embedded S3 and SQS servers, and clients for them.
type servers struct {
	s3URL, sqsURL    string
	s3               *s3.Client
	sqs              *sqs.Client
	jobsURL, deadURL string
	eventsURL        string
	backfillURL      string
	notifyURL        string

	log     zerolog.Logger
	gateway *s3d.Server
	queues  *sqsd.Server
	web     *http.Server
}

// startServers starts both servers on the folder and creates the bucket and the queues.
// Changes in the bucket are sent to the events queue, except with --aws-only.
func startServers(ctx context.Context, f flags, log zerolog.Logger) (_ *servers, err error) {
	s := &servers{log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := os.MkdirAll(f.Data, 0o755); err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	listener, err := net.Listen("tcp", f.SQSListen)
	if err != nil {
		return nil, portTaken("sqs-listen", "SQS_PORT", err)
	}
	s.queues, err = sqsd.Open(sqsd.Config{
		Path: filepath.Join(f.Data, "queues.db"), AccessKey: accessKey, SecretKey: secretKey, Region: region,
	})
	if err != nil {
		listener.Close()
		return nil, err
	}
	s.web = &http.Server{Handler: s.queues}
	go func() { _ = s.web.Serve(listener) }() // Ends when the servers are closed.
	s.sqsURL = "http://" + listener.Addr().String()

	s.connectSQS()
	if err := s.makeQueues(ctx); err != nil {
		return nil, err
	}

	gateway := s3d.Config{
		Dir: filepath.Join(f.Data, "s3"), Listen: f.S3Listen, AccessKey: accessKey, SecretKey: secretKey, Region: region,
	}
	if !f.AWSOnly {
		gateway.OnChange = s.notify
	}
	s.gateway, err = s3d.Start(ctx, gateway)
	if err != nil {
		return nil, portTaken("s3-listen", "S3_PORT", err)
	}
	s.s3URL = s.gateway.URL
	s.connectS3()
	return s, s.makeBucket(ctx)
}

// settings are those of production's clients, with the local endpoints. They ignore the
// user's own AWS configuration, so the settings that it would contain are given here.
func settings() aws.Config {
	return aws.Config{
		Region:                     region,
		Credentials:                credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConnsPerHost = 256
		}),
	}
}

func (s *servers) connectSQS() {
	s.sqs = sqs.NewFromConfig(settings(), func(o *sqs.Options) {
		o.BaseEndpoint = &s.sqsURL
		o.HTTPClient = queue.WholeResponses{Client: o.HTTPClient}
	})
}

func (s *servers) connectS3() {
	s.s3 = s3.NewFromConfig(settings(), func(o *s3.Options) {
		o.BaseEndpoint = &s.s3URL
		o.UsePathStyle = true
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

// makeQueues creates the missing queues.
func (s *servers) makeQueues(ctx context.Context) (err error) {
	if s.deadURL, err = s.createQueue(ctx, deadName, nil); err != nil {
		return err
	}
	if s.notifyURL, err = s.createQueue(ctx, notifyName, nil); err != nil {
		return err
	}
	redrive, err := json.Marshal(map[string]string{
		"deadLetterTargetArn": "arn:aws:sqs:" + region + ":000000000000:" + deadName,
		"maxReceiveCount":     strconv.Itoa(worker.MaxReceives),
	})
	if err != nil {
		return err
	}
	for name, url := range map[string]*string{jobsName: &s.jobsURL, eventsName: &s.eventsURL, backfillName: &s.backfillURL} {
		if *url, err = s.createQueue(ctx, name, map[string]string{"RedrivePolicy": string(redrive)}); err != nil {
			return err
		}
	}
	return nil
}

// makeBucket creates the bucket if it is missing.
func (s *servers) makeBucket(ctx context.Context) error {
	_, err := s.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucketName)})
	var mine *s3types.BucketAlreadyOwnedByYou
	if err != nil && !errors.As(err, &mine) {
		return fmt.Errorf("create bucket %s: %w", bucketName, err)
	}
	return nil
}

// notify sends an event as S3 does for a bucket with notifications. An AWS bucket with the
// same configuration would also report renditions, which workers ignore.
func (s *servers) notify(event, bucket, key string) {
	if bucket != bucketName || worker.Defaults().Prefix.Contains(key) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	body := calotype.Event{Name: event, Bucket: bucket, Key: key}.Encode()
	if err := queue.New(s.sqs, s.eventsURL).Send(ctx, body, 0); err != nil {
		s.log.Error().Err(err).Str("event", event).Str("source", key).Msg("send event")
	}
}

func (s *servers) createQueue(ctx context.Context, name string, attributes map[string]string) (string, error) {
	out, err := s.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		return "", fmt.Errorf("create queue %s: %w", name, err)
	}
	// Not at the creation: a queue of an older data folder has SQS's default.
	_, err = s.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{
		QueueUrl: out.QueueUrl, Attributes: map[string]string{"MessageRetentionPeriod": maxRetention},
	})
	if err != nil {
		return "", fmt.Errorf("configure queue %s: %w", name, err)
	}
	return *out.QueueUrl, nil
}

// drain makes polls end at once, so that a worker that stops need not wait.
func (s *servers) drain() { s.queues.Drain() }

// close stops both servers.
func (s *servers) close() error {
	var errs []error
	if s.queues != nil {
		s.queues.Drain()
	}
	if s.web != nil {
		errs = append(errs, s.web.Close())
	}
	if s.queues != nil {
		errs = append(errs, s.queues.Close())
	}
	if s.gateway != nil {
		errs = append(errs, s.gateway.Close())
	}
	return errors.Join(errs...)
}
