package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"calotype/worker"
)

// queues are the workers' job queues and the dead-letter queue.
type queues struct {
	jobs, dead awssqs.Queue
	// events, from S3, and backfill may be nil. No viewer waits for their messages.
	events, backfill awssqs.Queue
}

// sources are the queues that workers receive jobs from.
func (q queues) sources() []awssqs.Queue {
	sources := []awssqs.Queue{q.jobs}
	for _, queue := range []awssqs.Queue{q.events, q.backfill} {
		if queue != nil {
			sources = append(sources, queue)
		}
	}
	return sources
}

// jobQueue is the name by which both stacks refer to the job queue.
func (s settings) jobQueue() string { return s.Name + "-jobs" }

// jobQueueARN and jobQueueURL are built from the name, since the front stack cannot refer
// to a queue in another Region.
func (s settings) jobQueueARN() string {
	return fmt.Sprintf("arn:aws:sqs:%s:%s:%s", s.Region, *awscdk.Aws_ACCOUNT_ID(), s.jobQueue())
}

func (s settings) jobQueueURL() string {
	return fmt.Sprintf("https://sqs.%s.amazonaws.com/%s/%s", s.Region, *awscdk.Aws_ACCOUNT_ID(), s.jobQueue())
}

func newQueues(home *stack, s settings) queues {
	arns := []*string{jsii.String(s.jobQueueARN())}
	if s.Events != "" {
		arns = append(arns, jsii.String(s.jobQueueARN()+"-events"))
	}
	if s.BackfillQueue {
		arns = append(arns, jsii.String(s.jobQueueARN()+"-backfill"))
	}
	// The dead-letter queue names its source queue: with references each queue would depend
	// on the other.
	dead := awssqs.NewQueue(home.Stack, jsii.String("DeadLetters"), &awssqs.QueueProps{
		QueueName:       jsii.String(s.Name + "-dead"),
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)), // The maximum, because people inspect them.
	})
	dead.Node().DefaultChild().(awssqs.CfnQueue).SetRedriveAllowPolicy(map[string]any{
		"redrivePermission": "byQueue", "sourceQueueArns": arns,
	})
	q := queues{dead: dead, jobs: newJobQueue(home, "Jobs", s.jobQueue(), dead)}
	if s.Events != "" {
		// Not to the job queue: S3 also reports renditions, which would delay viewers' jobs
		// and scale the fleet up.
		q.events = newJobQueue(home, "Events", s.jobQueue()+"-events", dead)
	}
	if s.BackfillQueue {
		q.backfill = newJobQueue(home, "Backfill", s.jobQueue()+"-backfill", dead)
	}
	home.output("JobQueueUrl", "The URL of the job queue", q.jobs.QueueUrl())
	home.output("DeadLetterQueueUrl", "The URL of the dead-letter queue", dead.QueueUrl())
	if q.events != nil {
		home.output("EventsQueueUrl", "Where the bucket's events arrive", q.events.QueueUrl())
		home.output("EventsQueueArn", "The same, as what sends them names it", q.events.QueueArn())
	}
	if q.backfill != nil {
		home.output("BackfillQueueUrl", "Where \"calotype warm\" sends jobs", q.backfill.QueueUrl())
	}
	return q
}

func newJobQueue(home *stack, id, name string, dead awssqs.Queue) awssqs.Queue {
	return awssqs.NewQueue(home.Stack, &id, &awssqs.QueueProps{
		QueueName:         &name,
		Encryption:        awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		VisibilityTimeout: awscdk.Duration_Seconds(jsii.Number(worker.Visibility.Seconds())),
		// Longer than any outage in which jobs are retried.
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)),
		DeadLetterQueue: &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: jsii.Number(worker.MaxReceives)},
	})
}
