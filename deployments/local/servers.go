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

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"calotype/deployments/local/s3d"
	"calotype/deployments/local/sqsd"
	"calotype/queue"
	"calotype/worker"
)

// What everything is called here.
const (
	bucketName = "pictures"
	jobsName   = "calotype-jobs"
	deadName   = "calotype-dead"
	accessKey  = "calotype"
	secretKey  = "calotype-local"
	region     = "us-east-1"
)

// servers are the embedded S3 and SQS servers, and clients for them.
type servers struct {
	s3URL, sqsURL    string
	s3               *s3.Client
	sqs              *sqs.Client
	jobsURL, deadURL string

	gateway *s3d.Server
	queues  *sqsd.Server
	web     *http.Server
}

// startServers starts both on the folder, with the bucket and the queues in place.
func startServers(ctx context.Context, f flags) (_ *servers, err error) {
	s := &servers{}
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
		return nil, fmt.Errorf("--sqs-listen: %w", err)
	}
	s.queues, err = sqsd.Open(sqsd.Config{
		Path: filepath.Join(f.Data, "queues.db"), AccessKey: accessKey, SecretKey: secretKey, Region: region,
	})
	if err != nil {
		listener.Close()
		return nil, err
	}
	s.web = &http.Server{Handler: s.queues}
	go func() { _ = s.web.Serve(listener) }() // Ends at close.
	s.sqsURL = "http://" + listener.Addr().String()

	s.gateway, err = s3d.Start(ctx, s3d.Config{
		Dir: filepath.Join(f.Data, "s3"), Listen: f.S3Listen, AccessKey: accessKey, SecretKey: secretKey, Region: region,
	})
	if err != nil {
		return nil, fmt.Errorf("--s3-listen: %w", err)
	}
	s.s3URL = s.gateway.URL
	s.connect()
	return s, s.furnish(ctx)
}

// connect makes the clients: those of production, pointed here. What the user has
// set up for AWS itself plays no part, so the settings that would come with it are
// given by hand.
func (s *servers) connect() {
	cfg := aws.Config{
		Region:                     region,
		Credentials:                credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConnsPerHost = 256
		}),
	}
	s.s3 = s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.BaseEndpoint = &s.s3URL
		o.UsePathStyle = true
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	s.sqs = sqs.NewFromConfig(cfg, func(o *sqs.Options) {
		o.BaseEndpoint = &s.sqsURL
		o.HTTPClient = queue.WholeAnswers{Client: o.HTTPClient}
	})
}

// furnish makes the bucket and the queues where they are missing.
func (s *servers) furnish(ctx context.Context) error {
	_, err := s.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucketName)})
	var mine *s3types.BucketAlreadyOwnedByYou
	if err != nil && !errors.As(err, &mine) {
		return fmt.Errorf("create bucket %s: %w", bucketName, err)
	}
	if s.deadURL, err = s.createQueue(ctx, deadName, nil); err != nil {
		return err
	}
	redrive, err := json.Marshal(map[string]string{
		"deadLetterTargetArn": "arn:aws:sqs:" + region + ":000000000000:" + deadName,
		"maxReceiveCount":     strconv.Itoa(worker.MaxReceives),
	})
	if err != nil {
		return err
	}
	s.jobsURL, err = s.createQueue(ctx, jobsName, map[string]string{"RedrivePolicy": string(redrive)})
	return err
}

func (s *servers) createQueue(ctx context.Context, name string, attributes map[string]string) (string, error) {
	out, err := s.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		return "", fmt.Errorf("create queue %s: %w", name, err)
	}
	return *out.QueueUrl, nil
}

// drain lets polls end at once, so that a worker that stops need not wait.
func (s *servers) drain() { s.queues.Drain() }

// close ends both.
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
