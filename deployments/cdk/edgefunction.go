package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
)

// edgeFunctionName is the name of the Lambda@Edge function. It is fixed, because the role that
// may write its log is created first.
func (s settings) edgeFunctionName() string { return s.Name + "-edge" }

// edgeFunctionLogs is the log group that the function writes to, in each Region where it runs.
func (s settings) edgeFunctionLogs() string { return "/aws/lambda/us-east-1." + s.edgeFunctionName() }

// newEdgeFunction creates the Lambda@Edge function and returns the version that CloudFront
// copies to its Regions.
func newEdgeFunction(front *stack, s settings) awslambda.Version {
	function := awslambda.NewFunction(front.Stack, jsii.String("Edge"), &awslambda.FunctionProps{
		FunctionName: jsii.String(s.edgeFunctionName()),
		Description:  jsii.String("Calotype's edge function at origin-request and origin-response"),
		Runtime:      awslambda.Runtime_NODEJS_24_X(),
		Architecture: awslambda.Architecture_X86_64(), // Lambda@Edge supports no other architecture.
		Handler:      jsii.String("index.handler"),
		Code:         awslambda.Code_FromAsset(&s.EdgeZip, nil),
		// A CPU's share follows from the memory: docs/lambda-edge.md has the times.
		MemorySize: jsii.Number(s.FunctionMemory),
		// Twice the time limit for all calls of an event: docs/lambda-edge.md.
		Timeout: awscdk.Duration_Seconds(jsii.Number(5)),
		Role:    edgeFunctionRole(front, s),
		// A rollback needs an old version, and CloudFront's copies of it cannot be removed
		// for hours.
		CurrentVersionOptions: &awslambda.VersionOptions{RemovalPolicy: awscdk.RemovalPolicy_RETAIN},
	})
	return function.CurrentVersion()
}

func edgeFunctionRole(front *stack, s settings) awsiam.Role {
	logs := fmt.Sprintf("arn:aws:logs:*:%s:log-group:%s", *awscdk.Aws_ACCOUNT_ID(), s.edgeFunctionLogs())
	// Lambda writes the log by the function's role, in whichever Region it ran.
	log := awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:       jsii.String("WriteLog"),
		Actions:   jsii.Strings("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
		Resources: jsii.Strings(logs, logs+":*"),
	})
	// Lambda runs the function, and edgelambda runs CloudFront's copies.
	return edgeRole(front, s, "EdgeRole", "Calotype's Lambda@Edge function: looks for pictures and sends jobs", log, "lambda.amazonaws.com", "edgelambda.amazonaws.com")
}

// edgeRole is the role of a function that looks for pictures, sends jobs, and writes a log.
func edgeRole(st *stack, s settings, id, description string, log awsiam.PolicyStatement, services ...string) awsiam.Role {
	allow := func(sid, action string, resources ...*string) awsiam.PolicyStatement {
		return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: &sid, Actions: jsii.Strings(action), Resources: &resources,
		})
	}
	jobs := []*string{jsii.String(s.jobQueueARN())}
	if s.sendsToBackfill() {
		jobs = append(jobs, jsii.String(s.jobQueueARN()+"-backfill"))
	}
	statements := []awsiam.PolicyStatement{
		// HEAD of renditions and sources needs the right to read them.
		allow("LookForPictures", "s3:GetObject", st.objectsARN("")),
		// Without it S3 answers 403 for what is missing, which then cannot be distinguished
		// from what is forbidden.
		allow("TellMissingFromForbidden", "s3:ListBucket", st.bucketARN()),
		// The job of a missing rendition.
		allow("SendJobs", "sqs:SendMessage", jobs...),
		log,
	}
	if s.KMSKeyARN != "" {
		// HEAD of an encrypted object needs the right to decrypt it.
		statements = append(statements, byS3("DecryptPictures", s, "kms:Decrypt"))
	}
	var principals []awsiam.IPrincipal
	for _, service := range services {
		principals = append(principals, awsiam.NewServicePrincipal(&service, nil))
	}
	return awsiam.NewRole(st.Stack, &id, &awsiam.RoleProps{
		Description: &description,
		AssumedBy:   awsiam.NewCompositePrincipal(principals...),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"edge": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
		},
	})
}

// byS3 allows the use of the bucket's key, by way of S3 in the bucket's Region only.
func byS3(sid string, s settings, actions ...string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid: &sid, Actions: jsii.Strings(actions...), Resources: jsii.Strings(s.KMSKeyARN),
		Conditions: &map[string]any{"StringEquals": map[string]string{"kms:ViaService": "s3." + s.Region + ".amazonaws.com"}},
	})
}
