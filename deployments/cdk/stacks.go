package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// build puts Calotype into an app: one stack in us-east-1, or two where the bucket is
// elsewhere. CloudFront takes functions and alarms from us-east-1 only, so what faces
// the viewers is there, and what holds and makes pictures is at home. The one thing
// that home needs from the front is the distribution's id, which never changes;
// the other way round, names are enough.
func build(app awscdk.App, s settings) error {
	home := newStack(app, s, s.Name, s.Region)
	front := home
	if s.Region != edgeRegion {
		front = newStack(app, s, s.Name+"-edge", edgeRegion)
	}

	trigger := newTrigger(front, s)
	distribution, err := newDistribution(front, s, trigger)
	if err != nil {
		return err
	}
	queues := newQueues(home, s)
	newBucket(home, s, queues, distribution)
	workers := newWorkers(home, s, queues, distribution)
	watchFront(front, distribution)
	watchHome(home, s, queues, workers, distribution)
	return nil
}

// stack is one stack with its parameters. What is put into it names the field Stack:
// the library does not know this type.
type stack struct {
	awscdk.Stack
	// Bucket, Folder and Quality are those of pictures, renditions and encoding, as
	// text that may be known at deployment only.
	Bucket, Folder, Quality *string
	alarms                  alarmTopic
}

func newStack(app awscdk.App, s settings, name, region string) *stack {
	st := &stack{Stack: awscdk.NewStack(app, &name, &awscdk.StackProps{
		Description: jsii.String("Calotype: resized pictures from S3 behind CloudFront"),
		// The Region alone: with an account as well, zones would be looked up in it.
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
