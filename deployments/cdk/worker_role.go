package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// workerRole has the workers' permissions. The library makes another role for starting
// tasks: to pull the image and open the log.
func workerRole(home *stack, s settings, q queues, distributionID string) awsiam.Role {
	allow := func(sid string, actions, resources []*string) awsiam.PolicyStatement {
		return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Sid: &sid, Actions: &actions, Resources: &resources})
	}
	var sources []*string
	for _, queue := range q.sources() {
		sources = append(sources, queue.QueueArn())
	}
	statements := []awsiam.PolicyStatement{
		// A source, and the object at a rendition's key.
		allow("ReadPictures", *jsii.Strings("s3:GetObject"), []*string{home.objectsARN("")}),
		// Without it S3 answers 403 for a missing key, which would become a dead letter.
		// For events, workers list the variants that are in use.
		allow("TellMissingFromForbidden", *jsii.Strings("s3:ListBucket"), []*string{home.bucketARN()}),
		// Renditions are put, and deleted if their source no longer exists.
		allow("PublishRenditions", *jsii.Strings("s3:PutObject", "s3:DeleteObject"), []*string{home.objectsARN(*home.Folder + "/")}),
		// Receive, extend, release and delete; send retries; count for metrics and check
		// that the queue exists.
		allow("WorkOnJobs", *jsii.Strings("sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:SendMessage", "sqs:GetQueueAttributes"), sources),
		// Workers never read dead letters.
		allow("SendDeadLetters", *jsii.Strings("sqs:SendMessage", "sqs:GetQueueAttributes"), []*string{q.dead.QueueArn()}),
	}
	if s.Notify != "" {
		actions, resource := mayNotify(s)
		statements = append(statements, allow("AnnounceHowJobsEnd", *jsii.Strings(actions...), []*string{&resource}))
	}
	if s.Purge {
		// Invalidate changed pictures, and check when an invalidation is complete.
		statements = append(statements, allow("InvalidateChangedPictures", *jsii.Strings("cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"),
			[]*string{jsii.String(distributionARN(distributionID))}))
	}
	if s.KMSKeyARN != "" {
		// Read pictures and put renditions that the key encrypts.
		statements = append(statements, byS3("UseTheKey", s, "kms:Decrypt", "kms:GenerateDataKey"))
	}
	return awsiam.NewRole(home.Stack, jsii.String("WorkerRole"), &awsiam.RoleProps{
		Description: jsii.String("Calotype's workers"),
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("ecs-tasks.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"worker": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
		},
	})
}
