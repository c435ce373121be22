package main

import (
	"strings"
	"testing"
)

// Running queues, functions and folders depend on these numbers. They come from the
// programs' own defaults: if a default changes there, this test shows that deployed stacks
// change too.
func TestDefaultsOfDeployedStacks(t *testing.T) {
	stack := synthesise(t, nil)["calotype"]
	for name, want := range map[string]string{"DestinationFolder": `"resized"`, "Quality": `"80"`, "BucketName": "null"} {
		if got := text(stack.Parameters[name]["Default"]); got != want {
			t.Errorf("parameter %s defaults to %s, want %s", name, got, want)
		}
	}
	stack.one(t, "AWS::SQS::Queue", "Jobs").has(t, map[string]any{"VisibilityTimeout": 30, "RedrivePolicy.maxReceiveCount": 5})
	stack.one(t, "AWS::ECS::TaskDefinition", "Task").has(t, map[string]any{"ContainerDefinitions.0.StopTimeout": 40})
}

func TestQueues(t *testing.T) {
	for name, all := range map[string]bool{"one queue": false, "all there are": true} {
		t.Run(name, func(t *testing.T) {
			stack := synthesise(t, map[string]any{"backfillQueue": all, "events": map[bool]string{true: "s3"}[all]})["calotype"]
			dead := stack.one(t, "AWS::SQS::Queue", "DeadLetters")
			sources := text(dead.Properties.at("RedriveAllowPolicy.sourceQueueArns"))
			dead.has(t, map[string]any{"SqsManagedSseEnabled": true, "MessageRetentionPeriod": 14 * 86400, "RedriveAllowPolicy.redrivePermission": "byQueue"})
			want := []string{"Jobs"}
			if all {
				want = append(want, "Events", "Backfill")
			}
			if got := len(stack.all("AWS::SQS::Queue")); got != len(want)+1 {
				t.Errorf("%d queues, want %d", got, len(want)+1)
			}
			for _, id := range want {
				queue := stack.one(t, "AWS::SQS::Queue", id)
				queue.has(t, map[string]any{"SqsManagedSseEnabled": true, "MessageRetentionPeriod": 14 * 86400})
				if !strings.Contains(text(queue.Properties.at("RedrivePolicy.deadLetterTargetArn")), "DeadLetters") {
					t.Errorf("%s has no dead-letter queue", id)
				}
				if name := queue.Properties["QueueName"].(string); !strings.Contains(sources, ":"+name+`"`) {
					t.Errorf("the dead-letter queue does not take from %s: %s", name, sources)
				}
			}
			for output, id := range map[string]string{"JobQueueUrl": "Jobs", "DeadLetterQueueUrl": "DeadLetters", "EventsQueueUrl": "Events", "BackfillQueueUrl": "Backfill"} {
				there := all || output == "JobQueueUrl" || output == "DeadLetterQueueUrl"
				if got := strings.Contains(text(stack.Outputs[output]), id); got != there {
					t.Errorf("output %s: got %v, want %v", output, got, there)
				}
			}
			for variable, id := range map[string]string{"CALOTYPE_EVENTS_QUEUE_URL": "Events", "CALOTYPE_BACKFILL_QUEUE_URL": "Backfill"} {
				if got := strings.Contains(text(environment(t, stack)[variable]), id); got != all {
					t.Errorf("the workers' %s: got %v, want %v", id, got, all)
				}
			}
		})
	}
}

// environment returns the variables of the workers' container.
func environment(t *testing.T, stack template) map[string]any {
	t.Helper()
	variables := map[string]any{}
	for _, one := range stack.one(t, "AWS::ECS::TaskDefinition", "Task").Properties.at("ContainerDefinitions.0.Environment").([]any) {
		variable := object(one.(map[string]any))
		variables[variable["Name"].(string)] = variable["Value"]
	}
	return variables
}

func TestBucket(t *testing.T) {
	stack := synthesise(t, map[string]any{"events": "s3", "renditionsExpire": 90})["calotype"]
	bucket := stack.one(t, "AWS::S3::Bucket", "Pictures")
	bucket.has(t, map[string]any{
		"PublicAccessBlockConfiguration":                        map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true},
		"OwnershipControls.Rules.0":                             map[string]any{"ObjectOwnership": "BucketOwnerEnforced"},
		"NotificationConfiguration.QueueConfigurations.0.Event": "s3:ObjectCreated:*",
		"NotificationConfiguration.QueueConfigurations.1.Event": "s3:ObjectRemoved:*",
		"NotificationConfiguration.QueueConfigurations.2.Event": "s3:LifecycleExpiration:*",
		"NotificationConfiguration.QueueConfigurations.3":       nil,
		"LifecycleConfiguration.Rules.1": map[string]any{
			"Id": "RenditionsExpire", "ExpirationInDays": 90, "Status": "Enabled",
			"Prefix": map[string]any{"Fn::Join": []any{"", []any{map[string]any{"Ref": "DestinationFolder"}, "/"}}},
		},
	})
	if bucket.DeletionPolicy != "Retain" {
		t.Error("the pictures would be deleted with the stack")
	}
	if !strings.Contains(text(bucket.DependsOn), "EventsPolicy") {
		t.Error("S3 would test the queue before it may send to it")
	}
}

func TestContainer(t *testing.T) {
	stack := synthesise(t, map[string]any{"cpu": 2048, "memory": 4096})["calotype"]
	stack.one(t, "AWS::ECS::TaskDefinition", "Task").has(t, map[string]any{
		"Cpu": "2048", "Memory": "4096", "NetworkMode": "awsvpc",
		"ContainerDefinitions.0.ReadonlyRootFilesystem":       true,
		"ContainerDefinitions.0.LinuxParameters.Capabilities": map[string]any{"Drop": []string{"ALL"}},
		"ContainerDefinitions.0.HealthCheck.Command":          []string{"CMD", "/usr/bin/calotype", "health"},
		"ContainerDefinitions.0.MountPoints.0.ContainerPath":  "/tmp",
		"ContainerDefinitions.0.Privileged":                   nil,
		"ContainerDefinitions.1":                              nil,
	})
	stack.one(t, "AWS::EC2::SecurityGroup", "Outward").has(t, map[string]any{
		"SecurityGroupIngress": nil, "SecurityGroupEgress.0.ToPort": 443, "SecurityGroupEgress.1": nil,
	})
	if got := len(stack.all("AWS::EC2::SecurityGroupIngress")) + len(stack.all("AWS::EC2::NatGateway")); got > 0 {
		t.Errorf("%d ingress rules, or gateways that cost money", got)
	}
}

func TestAlarms(t *testing.T) {
	stack := synthesise(t, map[string]any{"alarmEmail": "team@example.com", "events": "s3", "backfillQueue": true})["calotype"]
	for id, want := range map[string]map[string]any{
		"DeadLettersAlarm":              {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"},
		"OldestJobAlarm":                {"Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Threshold": 600, "ComparisonOperator": "GreaterThanThreshold"},
		"OldestEventAlarm":              {"Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Threshold": 3600},
		"OldestJobExpiresAlarm":         {"MetricName": "ApproximateAgeOfOldestMessage", "Threshold": 864000},
		"OldestEventExpiresAlarm":       {"MetricName": "ApproximateAgeOfOldestMessage", "Threshold": 864000},
		"OldestBackfillJobExpiresAlarm": {"MetricName": "ApproximateAgeOfOldestMessage", "Threshold": 864000},
		"OldestDeadLetterExpiresAlarm":  {"MetricName": "ApproximateAgeOfOldestMessage", "Threshold": 864000},
		"EnqueueErrorsAlarm":            {"Namespace": "Calotype/calotype", "MetricName": "EnqueueErrors", "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"},
		"ServerErrorsAlarm":             {"Namespace": "AWS/CloudFront", "MetricName": "5xxErrorRate", "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"},
		"NoWorkersAlarm":                {"Namespace": "ECS/ContainerInsights", "MetricName": "RunningTaskCount", "Threshold": 1, "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching"},
	} {
		alarm := stack.one(t, "AWS::CloudWatch::Alarm", id)
		alarm.has(t, want)
		if !strings.Contains(text(alarm.Properties["AlarmActions"]), "AlarmTopic") {
			t.Errorf("%s notifies no topic", id)
		}
	}
	stack.one(t, "AWS::SNS::Subscription", "").has(t, map[string]any{"Protocol": "email", "Endpoint": "team@example.com"})
	stack.one(t, "AWS::Logs::MetricFilter", "EnqueueFaults").has(t, map[string]any{"FilterPattern": `"fault" "enqueue"`})
	stack.one(t, "AWS::Logs::LogGroup", "EdgeLog").has(t, map[string]any{"LogGroupName": "/aws/lambda/us-east-1.calotype-edge"})
	dashboard := text(stack.one(t, "AWS::CloudWatch::Dashboard", "Dashboard").Properties)
	for _, want := range []string{"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage", "RunningTaskCount", "CPUUtilization", "5xxErrorRate", "EnqueueErrors"} {
		if !strings.Contains(dashboard, want) {
			t.Errorf("the dashboard does not show %s", want)
		}
	}

	elsewhere := synthesise(t, map[string]any{"region": "eu-north-1", "originShield": "eu-central-1"})["calotype"]
	if len(elsewhere.all("AWS::Logs::MetricFilter")) > 0 {
		t.Error("the function's log is not in this Region, and an alarm on it would never fire")
	}
}
