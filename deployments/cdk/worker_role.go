package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// workerRole is what the workers may do. What tasks need to start, which is to fetch
// the image and to open the log, is another role that the library makes.
func workerRole(home *stack, s settings, q queues, distribution awscloudfront.Distribution) awsiam.Role {
	allow := func(sid string, actions, resources []*string) awsiam.PolicyStatement {
		return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Sid: &sid, Actions: &actions, Resources: &resources})
	}
	var sources []*string
	for _, queue := range q.sources() {
		sources = append(sources, queue.QueueArn())
	}
	statements := []awsiam.PolicyStatement{
		// A source, and what stands at a rendition's key.
		allow("ReadPictures", *jsii.Strings("s3:GetObject"), []*string{home.objectsARN("")}),
		// Without it S3 says 403 for what is missing, and workers give up what is
		// forbidden. Events have them list which variants are in use.
		allow("TellMissingFromForbidden", *jsii.Strings("s3:ListBucket"), []*string{home.bucketARN()}),
		// Renditions are put, and removed where their source is gone.
		allow("PublishRenditions", *jsii.Strings("s3:PutObject", "s3:DeleteObject"), []*string{home.objectsARN(*home.Folder + "/")}),
		// Receive, extend and release, delete; send again what is put off; and count,
		// for metrics and to see whether the queue is there.
		allow("WorkOnJobs", *jsii.Strings("sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:SendMessage", "sqs:GetQueueAttributes"), sources),
		// Bury what is given up. Workers never read it.
		allow("BuryJobs", *jsii.Strings("sqs:SendMessage", "sqs:GetQueueAttributes"), []*string{q.dead.QueueArn()}),
	}
	if s.Purge {
		// Have CloudFront forget what has changed, and see when it has.
		statements = append(statements, allow("ForgetChangedPictures", *jsii.Strings("cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"),
			[]*string{jsii.String(fmt.Sprintf("arn:aws:cloudfront::%s:distribution/%s", *awscdk.Aws_ACCOUNT_ID(), *distribution.DistributionId()))}))
	}
	return awsiam.NewRole(home.Stack, jsii.String("WorkerRole"), &awsiam.RoleProps{
		Description: jsii.String("Calotype's workers"),
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("ecs-tasks.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"worker": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
		},
	})
}
