package main

import (
	"strings"
	"testing"
)

var notRenditionsWant = []any{map[string]any{"anything-but": map[string]any{"prefix": map[string]any{"Fn::Join": []any{"", []any{map[string]any{"Ref": "DestinationFolder"}, "/"}}}}}}

// senders are the services that the policy of the events queue lets send.
func senders(t *testing.T, stack template) (services []string) {
	t.Helper()
	for _, one := range stack.one(t, "AWS::SQS::QueuePolicy", "Events").Properties.at("PolicyDocument.Statement").([]any) {
		statement := object(one.(map[string]any))
		if service, ok := statement.at("Principal.Service").(string); ok && statement["Effect"] == "Allow" {
			if condition := text(statement["Condition"]); !strings.Contains(condition, "aws:SourceArn") {
				t.Errorf("%s may send for anyone: %s", service, condition)
			}
			services = append(services, service)
		}
	}
	return services
}

func TestEvents(t *testing.T) {
	existing := "photos-of-ours"
	for name, c := range map[string]struct {
		context map[string]any
		sender  string
		check   func(t *testing.T, stack template)
	}{
		"s3": {map[string]any{"events": "s3"}, "s3", nil},
		"s3, existing bucket": {map[string]any{"events": "s3", "existingBucket": existing}, "s3", func(t *testing.T, stack template) {
			got := text(stack.Outputs["NotificationToAdd"])
			for _, want := range []string{"QueueArn", "s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"} {
				if !strings.Contains(got, want) {
					t.Errorf("no %s in %s", want, got)
				}
			}
			if strings.Contains(got, "jsii") {
				t.Errorf("got %s", got)
			}
		}},
		"sns": {map[string]any{"events": "sns"}, "sns", func(t *testing.T, stack template) {
			bucket := stack.one(t, "AWS::S3::Bucket", "Pictures")
			bucket.has(t, map[string]any{
				"NotificationConfiguration.TopicConfigurations.2.Event": "s3:LifecycleExpiration:*",
				"NotificationConfiguration.QueueConfigurations":         nil,
			})
			if !strings.Contains(text(bucket.DependsOn), "EventsTopicPolicy") {
				t.Errorf("S3 would try the topic before it may publish to it: %s", text(bucket.DependsOn))
			}
		}},
		"sns, existing topic": {map[string]any{"events": "sns", "existingBucket": existing, "eventsTopicArn": topic}, "sns", func(t *testing.T, stack template) {
			stack.one(t, "AWS::SNS::Subscription", "EventsSubscription").has(t, map[string]any{"TopicArn": topic})
			if len(stack.all("AWS::SNS::Topic")) > 0 || stack.Outputs["NotificationToAdd"] != nil {
				t.Error("there is a topic already")
			}
		}},
		"eventbridge": {map[string]any{"events": "eventbridge"}, "events", func(t *testing.T, stack template) {
			stack.one(t, "AWS::S3::Bucket", "Pictures").has(t, map[string]any{"NotificationConfiguration": map[string]any{"EventBridgeConfiguration": map[string]any{"EventBridgeEnabled": true}}})
		}},
		"eventbridge, existing bucket": {map[string]any{"events": "eventbridge", "existingBucket": existing}, "events", nil},
	} {
		t.Run(name, func(t *testing.T) {
			stack := synthesise(t, c.context)["calotype"]
			if got := senders(t, stack); len(got) != 1 || got[0] != c.sender+".amazonaws.com" {
				t.Errorf("%v may send events, want %s", got, c.sender)
			}
			switch c.sender {
			case "sns":
				stack.one(t, "AWS::SNS::Subscription", "EventsSubscription").has(t, map[string]any{
					"Protocol": "sqs", "RawMessageDelivery": true, "FilterPolicyScope": "MessageBody",
					"FilterPolicy.Records.s3.object.key": notRenditionsWant,
				})
			case "events":
				stack.one(t, "AWS::Events::Rule", "EventsRule").has(t, map[string]any{
					"EventPattern.source": []string{"aws.s3"}, "EventPattern.detail-type": []string{"Object Created", "Object Deleted"},
					"EventPattern.detail.object.key": notRenditionsWant, "Targets.0.InputPath": nil, "Targets.0.InputTransformer": nil,
				})
			}
			if c.check != nil {
				c.check(t, stack)
			}
		})
	}
}
