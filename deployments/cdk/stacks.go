package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// build adds Calotype to an app: one stack in us-east-1, or two if the bucket is in another
// Region. CloudFront takes functions and alarms only from us-east-1, so the distribution
// and the function are in the front stack, and the bucket, queues and workers in the home
// stack. Home needs one value from the front, the distribution's id, which never changes.
// The front needs only names from home, and in the function mode the URL of the function
// that answers misses: it is then in a third stack, in the bucket's Region.
func build(app awscdk.App, s settings) error {
	home := newStack(app, s, s.Name, s.Region)
	front := home
	if s.Region != edgeRegion {
		front = newStack(app, s, s.Name+"-edge", edgeRegion)
	}

	distributionID, err := "", error(nil)
	if s.Mode == modeFunction {
		// The function URL comes before the distribution, which comes before the bucket's policy.
		host := front
		if front != home && s.OriginDomain == "" {
			host = newStack(app, s, s.Name+"-origin", s.Region)
		}
		distributionID, err = newFunctionFront(front, s, newEdgeHost(front, host, s))
		if s.OriginDomain == "" {
			mayCallEdge(home, s, distributionID)
		}
	} else {
		distributionID, err = newFront(front, s, newEdgeFunction(front, s))
	}
	if err != nil {
		return err
	}
	queues := newQueues(home, s)
	bucket := newBucket(home, s, distributionID)
	newEvents(home, s, queues, bucket)
	workers := newWorkers(home, s, queues, distributionID)
	watchFront(front, distributionID)
	watchHome(home, s, queues, workers, distributionID)
	return nil
}

// stack is one stack with its parameters. Constructs are added to its field Stack, because
// the library does not know this type.
type stack struct {
	awscdk.Stack
	// Bucket, Folder and Quality are the bucket, the renditions' prefix and the quality, as
	// text that may be known only at deployment.
	Bucket, Folder, Quality *string
	// Secret and PreviousSecret are those of the function mode, and nil otherwise.
	Secret, PreviousSecret *string
	alarms                 alarmTopic
}

func newStack(app awscdk.App, s settings, name, region string) *stack {
	st := &stack{Stack: awscdk.NewStack(app, &name, &awscdk.StackProps{
		Description: jsii.String("Calotype: resized pictures from S3 behind CloudFront"),
		// Only the Region: with an account, the CDK would look up its zones.
		Env:                   &awscdk.Environment{Region: &region},
		CrossRegionReferences: jsii.Bool(s.Region != edgeRegion),
	})}
	st.addParameters(s)
	st.alarms = newAlarmTopic(st, s)
	return st
}

func (st *stack) output(id, description string, value *string) {
	awscdk.NewCfnOutput(st.Stack, &id, &awscdk.CfnOutputProps{Description: &description, Value: value})
}
