package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"calotype/worker/notify"
	"calotype/worker/store"
)

// The results of a check.
const (
	resultOK      = "ok"
	resultFailed  = "failed"
	resultWarning = "warning" // It works, and not as well as it should.
	resultSkipped = "skipped"
)

// preflight checks the permissions that workers, the edge and "calotype dlq" need.
type preflight struct {
	aws clients
	*statusCommand
}

func (p preflight) run(ctx context.Context) []checkOutcome {
	outcomes := p.bucket(ctx)
	urls := p.queues()
	for _, name := range slices.Sorted(maps.Keys(urls)) {
		outcomes = append(outcomes, p.queue(ctx, name, urls[name])...)
	}
	if p.PurgeDistribution != "" {
		outcomes = append(outcomes, p.distribution(ctx)...)
	}
	if p.Notify != "" {
		outcomes = append(outcomes, p.notify(ctx))
	}
	return outcomes
}

// outcome turns the error of a call into the check's result. Errors that expected accepts
// prove the permission: the service refused the call for another reason.
func outcome(action, on string, err error, expected func(error) bool) checkOutcome {
	if err == nil || expected != nil && expected(err) {
		return checkOutcome{action, on, resultOK, ""}
	}
	return checkOutcome{action, on, resultFailed, plain(err)}
}

func notFound(err error) bool { return statusOf(err) == http.StatusNotFound }

// bucket checks the bucket. S3 answers a HEAD of a missing key with 404 only if the caller
// may list the bucket, so listing is checked separately.
func (p preflight) bucket(ctx context.Context) []checkOutcome {
	const on = "bucket"
	listed, err := p.aws.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &p.Bucket, MaxKeys: aws.Int32(1)})
	outcomes := []checkOutcome{outcome("s3:ListBucket", on, err, nil)}
	key := "calotype-status-" + rand.Text() // Of a missing object.
	if err == nil && len(listed.Contents) > 0 {
		key = aws.ToString(listed.Contents[0].Key)
	}
	got, err := p.aws.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &p.Bucket, Key: &key, Range: aws.String("bytes=0-0")})
	if err == nil {
		err = got.Body.Close()
	}
	outcomes = append(outcomes, outcome("s3:GetObject", on, err, func(err error) bool {
		return notFound(err) || statusOf(err) == http.StatusRequestedRangeNotSatisfiable // An empty object.
	}))
	if !p.WriteProbe {
		return append(outcomes,
			checkOutcome{"s3:PutObject", on, resultSkipped, "needs --write-probe"},
			checkOutcome{"s3:DeleteObject", on, resultSkipped, "needs --write-probe"})
	}
	for _, c := range store.New(p.aws.s3, p.Bucket).Probe(ctx, p.ResizedPrefix) {
		o := outcome(c.Name, on, c.Err, nil)
		if c.Skipped {
			o.Result, o.Detail = resultSkipped, "needs s3:PutObject"
		}
		outcomes = append(outcomes, o)
	}
	return outcomes
}

// distribution checks the invalidations, with calls that CloudFront refuses after it has
// checked the permission: an id that does not exist, and a batch whose quantity is wrong.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
func (p preflight) distribution(ctx context.Context) []checkOutcome {
	const on = "purge-distribution"
	client := p.aws.cloudfront()
	_, get := client.GetInvalidation(ctx, &cloudfront.GetInvalidationInput{DistributionId: &p.PurgeDistribution, Id: aws.String("CALOTYPESTATUS")})
	_, create := client.CreateInvalidation(ctx, &cloudfront.CreateInvalidationInput{
		DistributionId: &p.PurgeDistribution,
		InvalidationBatch: &cftypes.InvalidationBatch{
			CallerReference: aws.String(rand.Text()),
			Paths:           &cftypes.Paths{Quantity: aws.Int32(2), Items: []string{"/calotype-status"}},
		},
	})
	return []checkOutcome{
		outcome("cloudfront:GetInvalidation", on, get, func(err error) bool { return errors.As(err, new(*cftypes.NoSuchInvalidation)) }),
		outcome("cloudfront:CreateInvalidation", on, create, func(err error) bool { return errors.As(err, new(*cftypes.InconsistentQuantities)) }),
	}
}

// notify checks the permission to announce jobs, with a call that the service refuses after
// it has checked the permission: an event whose detail is not JSON, or a delay out of range.
func (p preflight) notify(ctx context.Context) checkOutcome {
	const on = "notify"
	if !(notifyFlags{p.Notify}).isBus() {
		return outcome("sqs:SendMessage", on, p.send(ctx, p.Notify), badRequest)
	}
	out, err := p.aws.eventbridge(p.Notify).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{
		EventBusName: &p.Notify, Source: aws.String(notify.Source), DetailType: aws.String("Status"), Detail: aws.String("calotype status"),
	}}})
	if err == nil && (len(out.Entries) != 1 || aws.ToString(out.Entries[0].ErrorCode) != "MalformedDetail") {
		err = fmt.Errorf("want a refusal of the malformed event, got %d entries", len(out.Entries))
		if len(out.Entries) == 1 && out.Entries[0].ErrorCode != nil {
			err = fmt.Errorf("%s: %s", *out.Entries[0].ErrorCode, aws.ToString(out.Entries[0].ErrorMessage))
		}
	}
	return outcome("events:PutEvents", on, err, nil)
}

// send sends a message that SQS refuses for its delay.
func (p preflight) send(ctx context.Context, url string) error {
	_, err := p.aws.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("calotype status"), DelaySeconds: 901})
	return err
}

// queue checks one queue with calls that SQS refuses only after it has checked the
// permission: an unknown receipt handle, or a number or a delay out of range.
func (p preflight) queue(ctx context.Context, name, url string) []checkOutcome {
	on := map[string]string{"jobs": "queue-url", "events": "events-queue-url", "backfill": "backfill-queue-url", "dead": "dead-letter-url"}[name]
	handle := aws.String("calotype-status")
	got, attributes := p.aws.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	_, receive := p.aws.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 11})
	_, extend := p.aws.sqs.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: handle, VisibilityTimeout: 0})
	_, remove := p.aws.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: handle})
	outcomes := []checkOutcome{
		outcome("sqs:GetQueueAttributes", on, attributes, nil),
		outcome("sqs:ReceiveMessage", on, receive, badRequest),
		outcome("sqs:ChangeMessageVisibility", on, extend, badRequest),
		outcome("sqs:DeleteMessage", on, remove, badRequest),
	}
	outcomes = append(outcomes, outcome("sqs:SendMessage", on, p.send(ctx, url), badRequest))
	if attributes != nil {
		return outcomes
	}
	return append(outcomes, p.settings(name, on, got.Attributes)...)
}

// badRequest reports whether SQS refused the call only for its parameters. SQS also answers
// other refusals, such as those of credentials, with 400.
func badRequest(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains([]string{
		"ReceiptHandleIsInvalid", "InvalidParameterValue", "InvalidParameterValueException", "InvalidParameter",
		"AWS.SimpleQueueService.ReadCountOutOfRange", "ReadCountOutOfRange", "InvalidIdFormat",
	}, api.ErrorCode())
}
