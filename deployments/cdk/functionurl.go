package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"
)

// edgeURLName is the name of the function with the URL. It is fixed, because the
// distribution's permission to call it may be in another stack.
func (s settings) edgeURLName() string { return s.Name + "-origin" }

// newFunctionURL creates the function that answers misses in the function mode.
func newFunctionURL(home *stack, s settings) awslambda.FunctionUrl {
	log := awslogs.NewLogGroup(home.Stack, jsii.String("EdgeURLLog"), &awslogs.LogGroupProps{
		LogGroupName:  jsii.String(s.edgeURLLogs()),
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	variables := s.environment(home)
	function := awslambda.NewFunction(home.Stack, jsii.String("EdgeURL"), &awslambda.FunctionProps{
		FunctionName: jsii.String(s.edgeURLName()),
		Description:  jsii.String("Calotype's origin for what the bucket does not have"),
		Runtime:      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture: awslambda.Architecture_ARM_64(),
		Handler:      jsii.String("bootstrap"),
		Code:         awslambda.Code_FromAsset(&s.EdgeLambdaZip, nil),
		MemorySize:   jsii.Number(s.FunctionMemory),
		// The store has 3 s, the queue 5 s, and a viewer the rest for the bytes.
		Timeout:     awscdk.Duration_Seconds(jsii.Number(60)),
		Environment: &variables,
		LogGroup:    log,
		Role:        edgeURLRole(home, s),
	})
	return function.AddFunctionUrl(&awslambda.FunctionUrlOptions{
		AuthType:   awslambda.FunctionUrlAuthType_AWS_IAM,
		InvokeMode: awslambda.InvokeMode_RESPONSE_STREAM,
	})
}

func (s settings) edgeURLLogs() string { return "/aws/lambda/" + s.edgeURLName() }

func edgeURLRole(home *stack, s settings) awsiam.Role {
	logs := "arn:aws:logs:" + s.Region + ":" + *awscdk.Aws_ACCOUNT_ID() + ":log-group:" + s.edgeURLLogs()
	return edgeRole(home, s, "EdgeURLRole", "Calotype's function URL: looks for pictures and sends jobs",
		awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid:       jsii.String("WriteLog"),
			Actions:   jsii.Strings("logs:CreateLogStream", "logs:PutLogEvents"),
			Resources: jsii.Strings(logs + ":*"),
		}), "lambda.amazonaws.com")
}

// mayCallEdge lets the distribution, and nothing else, call the function URL. AWS requires
// both permissions.
// https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
func mayCallEdge(home *stack, s settings, distributionID string) {
	for id, action := range map[string]string{"CallEdgeURL": "lambda:InvokeFunctionUrl", "CallEdge": "lambda:InvokeFunction"} {
		props := &awslambda.CfnPermissionProps{
			Action:       &action,
			FunctionName: jsii.String(s.edgeURLName()),
			Principal:    jsii.String("cloudfront.amazonaws.com"),
			SourceArn:    jsii.String(distributionARN(distributionID)),
		}
		if action == "lambda:InvokeFunctionUrl" {
			props.FunctionUrlAuthType = jsii.String("AWS_IAM")
		} else {
			props.InvokedViaFunctionUrl = true
		}
		permission := awslambda.NewCfnPermission(home.Stack, &id, props)
		if function := home.Stack.Node().TryFindChild(jsii.String("EdgeURL")); function != nil {
			permission.Node().AddDependency(function) // In another stack it is older than the distribution.
		}
	}
}
