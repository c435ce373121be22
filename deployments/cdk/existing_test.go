package main

import (
	"encoding/json"
	"reflect"
	"testing"
)

// output returns an output's value as CloudFormation shows it.
func (tp template) output(t *testing.T, name string) string {
	t.Helper()
	value := tp.Outputs[name]["Value"]
	if value == nil {
		t.Fatalf("there is no output %s", name)
	}
	return resolve(t, value)
}

// wantJSON compares an output, which is JSON, with a value as a whole.
func wantJSON(t *testing.T, got string, want any) {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(got), &value); err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	var wanted any
	if err := json.Unmarshal([]byte(text(want)), &wanted); err != nil || !reflect.DeepEqual(value, wanted) {
		t.Errorf("got %s, want %s", got, text(want))
	}
}

func TestExistingBucket(t *testing.T) {
	stack := synthesise(t, map[string]any{"existingBucket": "photos-of-ours"})["calotype"]
	if len(stack.all("AWS::S3::Bucket"))+len(stack.all("AWS::S3::BucketPolicy")) > 0 || stack.Parameters["BucketName"] != nil {
		t.Error("the template changes an existing bucket")
	}
	wantJSON(t, stack.output(t, "BucketPolicyToAdd"), map[string]any{
		"Sid": "DistributionReadsObjects", "Effect": "Allow", "Principal": map[string]string{"Service": "cloudfront.amazonaws.com"},
		"Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos-of-ours/*",
		"Condition": map[string]any{"StringEquals": map[string]string{"AWS:SourceArn": "arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL"}},
	})
	if got := environment(t, stack)["CALOTYPE_BUCKET"]; got != "photos-of-ours" {
		t.Errorf("workers are given the bucket %v", got)
	}
	if stack.Outputs["KeyPolicyToAdd"] != nil {
		t.Error("there is no key, and a statement for its policy")
	}
}

// A bucket with a key of its own: CloudFront and both roles may use it, by way of S3.
func TestKMSKey(t *testing.T) {
	for name, context := range map[string]map[string]any{
		"existing bucket": {"kmsKeyArn": kmsKey, "existingBucket": "photos-of-ours"}, "new bucket": {"kmsKeyArn": kmsKey},
	} {
		t.Run(name, func(t *testing.T) {
			stack := synthesise(t, context)["calotype"]
			wantJSON(t, stack.output(t, "KeyPolicyToAdd"), map[string]any{
				"Sid": "DistributionDecryptsObjects", "Effect": "Allow", "Principal": map[string]string{"Service": "cloudfront.amazonaws.com"},
				"Action": "kms:Decrypt", "Resource": "*",
				"Condition": map[string]any{"StringEquals": map[string]string{"AWS:SourceArn": "arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL"}},
			})
			for _, bucket := range stack.all("AWS::S3::Bucket") {
				bucket.has(t, map[string]any{
					"BucketEncryption.ServerSideEncryptionConfiguration.0.BucketKeyEnabled":                             true,
					"BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.KMSMasterKeyID": kmsKey,
				})
			}
		})
	}
}

// Where the distribution exists, its parts are outputs, and nothing of it is in the
// template.
func TestExistingDistribution(t *testing.T) {
	stack := synthesise(t, map[string]any{"existingBucket": "photos-of-ours", "existingDistribution": "E2QWRUHAPOMQZL", "checkSource": true, "purge": true})["calotype"]
	if len(stack.all("AWS::CloudFront::Distribution"))+len(stack.all("AWS::CloudFront::OriginAccessControl")) > 0 {
		t.Error("the template has a distribution")
	}
	wantJSON(t, stack.output(t, "OriginHeaders"), map[string]string{
		"X-Env-Bucket-Name": "photos-of-ours", "X-Env-Resized-Path": "resized", "X-Env-Quality": "80", "X-Env-Check-Source": "true",
		"X-Env-Queue-Url": "https://sqs.us-east-1.amazonaws.com/123456789012/calotype-jobs",
	})
	for name, kind := range map[string]string{
		"TriggerVersionArn": "AWS::Lambda::Version", "CachePolicyId": "AWS::CloudFront::CachePolicy", "HeadersPolicyId": "AWS::CloudFront::ResponseHeadersPolicy",
	} {
		id, _ := stack.Outputs[name].at("Value.Ref").(string)
		if stack.Resources[id].Type != kind {
			t.Errorf("%s is %s, want a %s", name, text(stack.Outputs[name]), kind)
		}
	}
	if got := text(stack.Outputs["ViewerFunctionArn"].at("Value.Fn::GetAtt.1")); got != `"FunctionARN"` {
		t.Errorf("ViewerFunctionArn: %s", text(stack.Outputs["ViewerFunctionArn"]))
	}
	if got := environment(t, stack)["CALOTYPE_PURGE_DISTRIBUTION"]; got != "E2QWRUHAPOMQZL" {
		t.Errorf("workers invalidate %v", got)
	}
}
