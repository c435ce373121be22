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
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/rs/zerolog"

	"calotype/queue"
)

// clients speak to AWS, or to what AWS_ENDPOINT_URL names.
type clients struct {
	s3  *s3.Client
	sqs *sqs.Client
}

// connect sets up the clients for as many calls at once as given.
func connect(ctx context.Context, atOnce int) (clients, error) {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = atOnce
		t.MaxIdleConns = 0
		t.ResponseHeaderTimeout = time.Minute // More than the longest poll.
	})
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client))
	if err != nil {
		return clients{}, fmt.Errorf("AWS settings: %w", err)
	}
	if cfg.Region == "" {
		return clients{}, fmt.Errorf("the AWS region is missing: set AWS_REGION%w", quiet(errUsage))
	}
	return clients{
		s3: s3.NewFromConfig(cfg, func(o *s3.Options) {
			// Other stores than Amazon's have one host for all buckets.
			o.UsePathStyle = o.BaseEndpoint != nil
			o.DisableLogOutputChecksumValidationSkipped = true
		}),
		sqs: sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.HTTPClient = queue.WholeAnswers{Client: o.HTTPClient} }),
	}, nil
}

// find makes sure that the bucket and the queues, by their flags, are there. That
// they cannot be looked at, for want of a permission or of the network, is for the
// log: the work itself may need less, or come to run.
func (c clients) find(ctx context.Context, log zerolog.Logger, bucket string, queues map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var missing []error
	var response *awshttp.ResponseError
	_, err := c.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	switch {
	case errors.As(err, &response) && response.HTTPStatusCode() == http.StatusNotFound:
		missing = append(missing, fmt.Errorf("--bucket %s: there is no such bucket", bucket))
	case err != nil:
		log.Warn().Err(err).Str("bucket", bucket).Msg("look at bucket")
	}
	for flag, url := range queues {
		_, err := c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(url), AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
		var noQueue *sqstypes.QueueDoesNotExist
		switch {
		case errors.As(err, &noQueue):
			missing = append(missing, fmt.Errorf("--%s %s: there is no such queue", flag, url))
		case err != nil:
			log.Warn().Err(err).Str("queue", url).Msg("look at queue")
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w%w", errors.Join(missing...), quiet(errUsage))
	}
	return nil
}

// quiet is an error that is there for errors.Is and says nothing.
func quiet(err error) error { return quietError{err} }

type quietError struct{ error }

func (quietError) Error() string   { return "" }
func (q quietError) Unwrap() error { return q.error }
