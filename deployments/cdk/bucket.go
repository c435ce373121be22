package main

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"
)

// bucketARN and objectsARN return the ARNs of the bucket and of its objects, optionally
// below a folder.
func (st *stack) bucketARN() *string { return jsii.String("arn:aws:s3:::" + *st.Bucket) }

func (st *stack) objectsARN(folder string) *string {
	return jsii.String(*st.bucketARN() + "/" + folder + "*")
}

// newBucket creates the bucket, or outputs the statement that an existing one needs. It
// returns nil for an existing one.
func newBucket(home *stack, s settings, distributionID string) awss3.Bucket {
	read := distributionMay("DistributionReadsObjects", "s3:GetObject", *home.objectsARN(""), distributionID)
	home.output("Bucket", "The bucket with the pictures", home.Bucket)
	if s.KMSKeyARN != "" {
		// Only the key's owner can change its policy.
		home.output("KeyPolicyToAdd", "Add this statement to the policy of the key "+s.KMSKeyARN,
			distributionMay("DistributionDecryptsObjects", "kms:Decrypt", "*", distributionID).text())
	}
	if s.ExistingBucket != "" {
		home.output("BucketPolicyToAdd", "Add this statement to the policy of "+s.ExistingBucket, read.text())
		return nil
	}
	props := &awss3.BucketProps{
		BucketName:        home.Bucket,
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		MinimumTLSVersion: jsii.Number(1.2),
		// Pictures outlive the stack.
		RemovalPolicy:  awscdk.RemovalPolicy_RETAIN,
		LifecycleRules: &[]*awss3.LifecycleRule{{AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(jsii.Number(7))}},
	}
	if s.KMSKeyARN != "" {
		props.Encryption, props.BucketKeyEnabled = awss3.BucketEncryption_KMS, jsii.Bool(true)
		props.EncryptionKey = awskms.Key_FromKeyArn(home.Stack, jsii.String("Key"), &s.KMSKeyARN)
	}
	if s.RenditionsExpire > 0 {
		*props.LifecycleRules = append(*props.LifecycleRules, &awss3.LifecycleRule{
			Id: jsii.String("RenditionsExpire"), Prefix: jsii.String(*home.Folder + "/"), Expiration: awscdk.Duration_Days(jsii.Number(s.RenditionsExpire)),
		})
	}
	bucket := awss3.NewBucket(home.Stack, jsii.String("Pictures"), props)
	bucket.AddToResourcePolicy(read.policy())
	return bucket
}

// statement is one of a resource's policy. It is written into a policy of the template, or
// into an output as JSON, for people to add.
type statement struct {
	sid, service, action, resource string
	conditions                     map[string]map[string]string
}

// distributionMay lets this distribution, and no other, do something. It may not list the
// bucket: GET / would then answer with every key. So what is missing is a 403.
func distributionMay(sid, action, resource, distributionID string) statement {
	return statement{sid, "cloudfront.amazonaws.com", action, resource, map[string]map[string]string{
		"StringEquals": {"AWS:SourceArn": distributionARN(distributionID)},
	}}
}

func distributionARN(id string) string {
	return fmt.Sprintf("arn:aws:cloudfront::%s:distribution/%s", *awscdk.Aws_ACCOUNT_ID(), id)
}

func (st statement) policy() awsiam.PolicyStatement {
	conditions := map[string]any{}
	for operator, values := range st.conditions {
		conditions[operator] = values
	}
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        &st.sid,
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(&st.service, nil)},
		Actions:    jsii.Strings(st.action),
		Resources:  jsii.Strings(st.resource),
		Conditions: &conditions,
	})
}

// text returns the statement as JSON. Values that are known at deployment only stand in it
// as tokens, which the library resolves.
func (st statement) text() *string {
	return jsonText(map[string]any{
		"Sid": st.sid, "Effect": "Allow", "Principal": map[string]string{"Service": st.service},
		"Action": st.action, "Resource": st.resource, "Condition": st.conditions,
	})
}

// jsonText returns a value as JSON. The library's own ToJsonString writes maps of Go as
// {"$jsii.map": …}.
func jsonText(value any) *string {
	text, err := json.Marshal(value)
	if err != nil {
		panic("encode for an output: " + err.Error()) // Texts, maps and lists always marshal.
	}
	return jsii.String(string(text))
}
