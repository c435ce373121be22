package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// SQS does not report the age of waiting messages. To receive one would hide it from
// workers, and count as an attempt. CloudWatch has the age, a minute or two late, for
// queues that were used in the last hours.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
const (
	ageMetric  = "ApproximateAgeOfOldestMessage"
	agePeriod  = time.Minute
	ageWindow  = 15 * time.Minute
	ageTimeout = 5 * time.Second
)

// errNoCloudWatch is the error where the queues are not Amazon's.
var errNoCloudWatch = errors.New("SQS does not report it, and this service has no CloudWatch")

// oldest asks CloudWatch for the age of the oldest message of each queue. A queue without
// a recent value is left out.
func (c clients) oldest(ctx context.Context, urls map[string]string) (map[string]time.Duration, error) {
	if !isAmazon(aws.ToString(c.sqs.Options().BaseEndpoint)) && os.Getenv("AWS_ENDPOINT_URL_CLOUDWATCH") == "" {
		return nil, errNoCloudWatch
	}
	ctx, cancel := context.WithTimeout(ctx, ageTimeout)
	defer cancel()
	now := time.Now()
	in := &cloudwatch.GetMetricDataInput{StartTime: aws.Time(now.Add(-ageWindow)), EndTime: &now, ScanBy: types.ScanByTimestampDescending}
	for name, queueURL := range urls {
		u, err := url.Parse(queueURL)
		if err != nil {
			return nil, fmt.Errorf("queue URL: %w", err)
		}
		in.MetricDataQueries = append(in.MetricDataQueries, types.MetricDataQuery{
			Id: aws.String(name),
			MetricStat: &types.MetricStat{
				Metric: &types.Metric{
					Namespace: aws.String("AWS/SQS"), MetricName: aws.String(ageMetric),
					Dimensions: []types.Dimension{{Name: aws.String("QueueName"), Value: aws.String(path.Base(u.Path))}},
				},
				Period: aws.Int32(int32(agePeriod / time.Second)),
				Stat:   aws.String("Maximum"),
			},
		})
	}
	out, err := cloudwatch.NewFromConfig(c.config).GetMetricData(ctx, in)
	if err != nil {
		return nil, err
	}
	ages := map[string]time.Duration{}
	for _, result := range out.MetricDataResults {
		if len(result.Values) > 0 {
			ages[aws.ToString(result.Id)] = time.Duration(result.Values[0] * float64(time.Second))
		}
	}
	return ages, nil
}
