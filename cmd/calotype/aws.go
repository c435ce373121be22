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

// clients call AWS, or the services that AWS_ENDPOINT_URL names.
type clients struct {
	config aws.Config
	s3     *s3.Client
	sqs    *sqs.Client
}

// connect sets up the clients for a number of concurrent calls.
func connect(ctx context.Context, concurrency int) (clients, error) {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = concurrency
		t.MaxIdleConns = 0
		t.ReadBufferSize = 32 << 10 // Most renditions are read in one or two calls.
		t.DialContext = withIdleTimeout(t.DialContext, idleTimeout)
	})
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client))
	if err != nil {
		return clients{}, fmt.Errorf("AWS settings: %w", err)
	}
	if cfg.Region == "" {
		return clients{}, fmt.Errorf("the AWS region is missing: set AWS_REGION%w", markErr(errUsage))
	}
	return clients{
		config: cfg,
		s3: s3.NewFromConfig(cfg, func(o *s3.Options) {
			// Other stores have one host for all buckets.
			o.UsePathStyle = o.BaseEndpoint != nil
			o.DisableLogOutputChecksumValidationSkipped = true
		}),
		sqs: sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.HTTPClient = queue.WholeResponses{Client: o.HTTPClient} }),
	}, nil
}

// cloudfront returns a CloudFront client. The service has one endpoint, in us-east-1.
func (c clients) cloudfront() *cloudfront.Client {
	return cloudfront.NewFromConfig(c.config, func(o *cloudfront.Options) { o.Region = "us-east-1" })
}

// find checks that the bucket, if any, and the queues exist; queues maps flags to URLs. A
// missing permission or an unreachable network is only logged: the work may not need the
// permission, and the network may recover.
func (c clients) find(ctx context.Context, log zerolog.Logger, bucket string, queues map[string]string) error {
	_, err := c.probe(ctx, log, bucket, queues)
	return err
}

// await repeats find until the bucket and the queues respond.
func (c clients) await(ctx context.Context, log zerolog.Logger, bucket string, queues map[string]string) error {
	for {
		responded, err := c.probe(ctx, log, bucket, queues)
		if err != nil || responded {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(5 * time.Second):
		}
	}
}

// probe reports whether the bucket and the queues responded; a refusal is a response. The
// error names those that do not exist.
func (c clients) probe(ctx context.Context, log zerolog.Logger, bucket string, queues map[string]string) (responded bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	responded = true
	unseen := func(err error) *zerolog.Event {
		status := statusOf(err)
		responded = responded && status > 0 && status < http.StatusInternalServerError
		return log.Warn().Err(err)
	}
	var missing []error
	if bucket != "" {
		_, err = c.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
		switch {
		case statusOf(err) == http.StatusNotFound:
			missing = append(missing, fmt.Errorf("--bucket %s: there is no such bucket", bucket))
		case err != nil:
			unseen(err).Str("bucket", bucket).Msg("inspect bucket")
		}
	}
	for flag, url := range queues {
		_, err := c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(url), AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
		var noQueue *sqstypes.QueueDoesNotExist
		switch {
		case errors.As(err, &noQueue):
			missing = append(missing, fmt.Errorf("--%s %s: there is no such queue", flag, url))
		case err != nil:
			unseen(err).Str("queue", url).Msg("inspect queue")
		}
	}
	if len(missing) > 0 {
		return responded, fmt.Errorf("%w%w", errors.Join(missing...), markErr(errUsage))
	}
	return responded, nil
}

// statusOf returns the HTTP status of a service's response, or 0.
func statusOf(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// markErr wraps err so that errors.Is finds it while its message stays empty.
func markErr(err error) error { return markedError{err} }

type markedError struct{ error }

func (markedError) Error() string   { return "" }
func (m markedError) Unwrap() error { return m.error }
