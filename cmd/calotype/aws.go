package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/rs/zerolog"

	"calotype/queue"
)

// clients speak to AWS, or to what AWS_ENDPOINT_URL names.
type clients struct {
	config aws.Config
	s3     *s3.Client
	sqs    *sqs.Client
}

// connect sets up the clients for as many calls at once as given.
func connect(ctx context.Context, atOnce int) (clients, error) {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = atOnce
		t.MaxIdleConns = 0
		t.DialContext = patient(t.DialContext, silence)
	})
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client))
	if err != nil {
		return clients{}, fmt.Errorf("AWS settings: %w", err)
	}
	if cfg.Region == "" {
		return clients{}, fmt.Errorf("the AWS region is missing: set AWS_REGION%w", quiet(errUsage))
	}
	return clients{
		config: cfg,
		s3: s3.NewFromConfig(cfg, func(o *s3.Options) {
			// Other stores than Amazon's have one host for all buckets.
			o.UsePathStyle = o.BaseEndpoint != nil
			o.DisableLogOutputChecksumValidationSkipped = true
		}),
		sqs: sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.HTTPClient = queue.WholeResponses{Client: o.HTTPClient} }),
	}, nil
}

// cloudfront makes a client of the rest. It is one service, whose Region is us-east-1.
func (c clients) cloudfront() *cloudfront.Client {
	return cloudfront.NewFromConfig(c.config, func(o *cloudfront.Options) { o.Region = "us-east-1" })
}

// find makes sure that the bucket, if any, and the queues, by their flags, are there. That
// they cannot be looked at, for want of a permission or of the network, is for the
// log: the work itself may need less, or come to run.
func (c clients) find(ctx context.Context, log zerolog.Logger, bucket string, queues map[string]string) error {
	_, err := c.look(ctx, log, bucket, queues)
	return err
}

// await finds them, and looks again while one does not answer, for work that would
// fail without.
func (c clients) await(ctx context.Context, log zerolog.Logger, bucket string, queues map[string]string) error {
	for {
		answered, err := c.look(ctx, log, bucket, queues)
		if err != nil || answered {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(5 * time.Second):
		}
	}
}

// look reports whether the bucket and the queues answered, be it that they may not be
// looked at. The error names those that are not there.
func (c clients) look(ctx context.Context, log zerolog.Logger, bucket string, queues map[string]string) (answered bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	answered = true
	unseen := func(err error) *zerolog.Event {
		status := statusOf(err)
		answered = answered && status > 0 && status < http.StatusInternalServerError
		return log.Warn().Err(err)
	}
	var missing []error
	if bucket != "" {
		_, err = c.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
		switch {
		case statusOf(err) == http.StatusNotFound:
			missing = append(missing, fmt.Errorf("--bucket %s: there is no such bucket", bucket))
		case err != nil:
			unseen(err).Str("bucket", bucket).Msg("look at bucket")
		}
	}
	for flag, url := range queues {
		_, err := c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(url), AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
		var noQueue *sqstypes.QueueDoesNotExist
		switch {
		case errors.As(err, &noQueue):
			missing = append(missing, fmt.Errorf("--%s %s: there is no such queue", flag, url))
		case err != nil:
			unseen(err).Str("queue", url).Msg("look at queue")
		}
	}
	if len(missing) > 0 {
		return answered, fmt.Errorf("%w%w", errors.Join(missing...), quiet(errUsage))
	}
	return answered, nil
}

// statusOf is the HTTP status of a service's answer, or 0.
func statusOf(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// quiet is an error that is there for errors.Is and says nothing.
func quiet(err error) error { return quietError{err} }

type quietError struct{ error }

func (quietError) Error() string   { return "" }
func (q quietError) Unwrap() error { return q.error }
