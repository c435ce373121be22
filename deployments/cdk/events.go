package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
)

// eventTypes are the changes of objects that workers follow. The last is of objects that a
// lifecycle rule deletes.
var eventTypes = []string{"s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"}

// newEvents lets the bucket's events reach their queue, by the way of the settings. An
// existing bucket is not changed: its part is an output. What passes a topic or a bus is
// filtered: S3's own notifications cannot leave out the renditions' prefix.
func newEvents(home *stack, s settings, q queues, bucket awss3.Bucket) {
	switch s.Events {
	case "s3":
		notify(home, bucket, *q.events.QueueArn(), "QueueArn", mayFrom("BucketSendsEvents", "s3", "sqs:SendMessage", *q.events.QueueArn(), *home.bucketARN()), func(p awsiam.PolicyStatement) {
			dependOn(bucket, q.events.AddToResourcePolicy(p))
		})
	case "sns":
		subscribe(home, s, q, bucket)
	case "eventbridge":
		newRule(home, q, bucket)
	}
}

// mayFrom lets a service act for a source of this account.
func mayFrom(sid, service, action, resource, sourceARN string) statement {
	return statement{sid, service + ".amazonaws.com", action, resource, map[string]map[string]string{
		"ArnEquals":    {"aws:SourceArn": sourceARN},
		"StringEquals": {"aws:SourceAccount": *awscdk.Aws_ACCOUNT_ID()},
	}}
}

// notify has the bucket send its events to a target. It is written into the template as
// it is: what the library does instead is a function that may change the notifications of
// every bucket. S3 tries the target when it is set, so what allows it comes before.
func notify(home *stack, bucket awss3.Bucket, targetARN, kind string, may statement, allow func(awsiam.PolicyStatement)) {
	allow(may.policy())
	if bucket == nil {
		configuration := map[string]any{"Id": "calotype", "Events": eventTypes, kind: targetARN}
		home.output("NotificationToAdd", "Add this to the bucket's "+kind[:5]+"Configurations", jsonText(configuration))
		return
	}
	configuration := &awss3.CfnBucket_NotificationConfigurationProperty{}
	var queues, topics []any
	for _, event := range eventTypes {
		if kind == "QueueArn" {
			queues = append(queues, awss3.CfnBucket_QueueConfigurationProperty{Event: jsii.String(event), Queue: &targetARN})
		} else {
			topics = append(topics, awss3.CfnBucket_TopicConfigurationProperty{Event: jsii.String(event), Topic: &targetARN})
		}
	}
	if queues != nil {
		configuration.QueueConfigurations = queues
	} else {
		configuration.TopicConfigurations = topics
	}
	bucket.Node().DefaultChild().(awss3.CfnBucket).SetNotificationConfiguration(configuration)
}

func dependOn(bucket awss3.Bucket, result *awsiam.AddToResourcePolicyResult) {
	if bucket != nil {
		bucket.Node().AddDependency(result.PolicyDependable)
	}
}

// subscribe has a topic send the bucket's events to their queue. The topic is a new one, to
// which others may subscribe, or one that has them already.
func subscribe(home *stack, s settings, q queues, bucket awss3.Bucket) {
	arn := &s.EventsTopicARN
	if s.EventsTopicARN == "" {
		topic := awssns.NewTopic(home.Stack, jsii.String("EventsTopic"), &awssns.TopicProps{
			TopicName: jsii.String(s.jobQueue() + "-events"), EnforceSSL: jsii.Bool(true),
		})
		arn = topic.TopicArn()
		notify(home, bucket, *arn, "TopicArn", mayFrom("BucketPublishesEvents", "s3", "sns:Publish", *arn, *home.bucketARN()), func(p awsiam.PolicyStatement) {
			dependOn(bucket, topic.AddToResourcePolicy(p))
		})
		home.output("EventsTopicArn", "Where the bucket publishes its events", arn)
	}
	// The owner of a topic may be another account.
	may := statement{"TopicSendsEvents", "sns.amazonaws.com", "sqs:SendMessage", *q.events.QueueArn(), map[string]map[string]string{
		"ArnEquals": {"aws:SourceArn": *arn},
	}}
	q.events.AddToResourcePolicy(may.policy())
	awssns.NewCfnSubscription(home.Stack, jsii.String("EventsSubscription"), &awssns.CfnSubscriptionProps{
		TopicArn: arn, Protocol: jsii.String("sqs"), Endpoint: q.events.QueueArn(), RawMessageDelivery: jsii.Bool(true),
		FilterPolicyScope: jsii.String("MessageBody"),
		FilterPolicy:      map[string]any{"Records": map[string]any{"s3": map[string]any{"object": map[string]any{"key": notRenditions(home)}}}},
	})
}

// newRule has the default bus send the bucket's events to their queue.
func newRule(home *stack, q queues, bucket awss3.Bucket) {
	if bucket != nil {
		raw := bucket.Node().DefaultChild().(awss3.CfnBucket)
		raw.SetNotificationConfiguration(&awss3.CfnBucket_NotificationConfigurationProperty{
			EventBridgeConfiguration: &awss3.CfnBucket_EventBridgeConfigurationProperty{EventBridgeEnabled: jsii.Bool(true)},
		})
	}
	rule := awsevents.NewCfnRule(home.Stack, jsii.String("EventsRule"), &awsevents.CfnRuleProps{
		Description: jsii.String("Calotype: changes of pictures"),
		EventPattern: map[string]any{
			"source":      []string{"aws.s3"},
			"detail-type": []string{"Object Created", "Object Deleted"},
			"detail": map[string]any{
				"bucket": map[string]any{"name": []*string{home.Bucket}},
				"object": map[string]any{"key": notRenditions(home)},
			},
		},
		Targets: []any{awsevents.CfnRule_TargetProperty{Id: jsii.String("queue"), Arn: q.events.QueueArn()}},
	})
	q.events.AddToResourcePolicy(mayFrom("BusSendsEvents", "events", "sqs:SendMessage", *q.events.QueueArn(), *rule.AttrArn()).policy())
}

// notRenditions matches the keys outside of the renditions' prefix. Its name is the same
// encoded and decoded.
func notRenditions(home *stack) []any {
	return []any{map[string]any{"anything-but": map[string]any{"prefix": *home.Folder + "/"}}}
}
