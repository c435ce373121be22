package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"
)

// bucketARN and objectsARN return the ARNs of the bucket and of its objects, optionally
// below a folder.
func (st *stack) bucketARN() *string { return jsii.String("arn:aws:s3:::" + *st.Bucket) }

func (st *stack) objectsARN(folder string) *string {
	return jsii.String(*st.bucketARN() + "/" + folder + "*")
}

// newBucket creates the bucket, or outputs the statement that an existing one needs.
func newBucket(home *stack, s settings, q queues, distribution awscloudfront.Distribution) {
	read := distributionReads(home, distribution)
	home.output("Bucket", "The bucket with the pictures", home.Bucket)
	if s.ExistingBucket != "" {
		home.output("BucketPolicyToAdd", "Add this statement to the policy of "+s.ExistingBucket, home.ToJsonString(read.ToJSON(), nil))
		return
	}
	bucket := awss3.NewBucket(home.Stack, jsii.String("Pictures"), &awss3.BucketProps{
		BucketName:        home.Bucket,
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		MinimumTLSVersion: jsii.Number(1.2),
		// Pictures outlive the stack.
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
		LifecycleRules: &[]*awss3.LifecycleRule{{
			AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(jsii.Number(7)),
		}},
	})
	bucket.AddToResourcePolicy(read)
	if s.S3Events {
		notify(home, bucket, q)
	}
}

// distributionReads lets this distribution, and no other caller, read objects. It may not
// list the bucket, because GET / would then return every key. A missing object is therefore
// a 403.
func distributionReads(home *stack, distribution awscloudfront.Distribution) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("DistributionReadsObjects"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudfront.amazonaws.com"), nil)},
		Actions:    jsii.Strings("s3:GetObject"),
		Resources:  &[]*string{home.objectsARN("")},
		Conditions: &map[string]any{"StringEquals": map[string]any{
			"AWS:SourceArn": fmt.Sprintf("arn:aws:cloudfront::%s:distribution/%s", *awscdk.Aws_ACCOUNT_ID(), *distribution.DistributionId()),
		}},
	})
}

// notify makes the bucket send its events to their queue. It writes the property into the
// template directly. The library would instead add a function that may change the
// notifications of every bucket.
func notify(home *stack, bucket awss3.Bucket, q queues) {
	// S3 sends events of this bucket. The bucket is identified by name: with references the
	// bucket and the policy would depend on each other.
	grant := q.events.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("BucketSendsEvents"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("s3.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sqs:SendMessage"),
		Resources:  &[]*string{q.events.QueueArn()},
		Conditions: &map[string]any{
			"ArnEquals":    map[string]any{"aws:SourceArn": home.bucketARN()},
			"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()},
		},
	}))
	raw := bucket.Node().DefaultChild().(awss3.CfnBucket)
	raw.SetNotificationConfiguration(&awss3.CfnBucket_NotificationConfigurationProperty{
		QueueConfigurations: []any{
			awss3.CfnBucket_QueueConfigurationProperty{Event: jsii.String("s3:ObjectCreated:*"), Queue: q.events.QueueArn()},
			awss3.CfnBucket_QueueConfigurationProperty{Event: jsii.String("s3:ObjectRemoved:*"), Queue: q.events.QueueArn()},
		},
	})
	bucket.Node().AddDependency(grant.PolicyDependable) // S3 sends a test event when the notification is set.
}
