package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"
)

// scale keeps the number of waiting jobs per task near a target. It writes the policy as
// CloudFormation has it, because the library's target tracking refuses metric math.
// https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking-metric-math.html
func scale(home *stack, s settings, q queues, service awsecs.FargateService) {
	target := awsapplicationautoscaling.NewCfnScalableTarget(home.Stack, jsii.String("WorkerCount"), &awsapplicationautoscaling.CfnScalableTargetProps{
		ServiceNamespace:  jsii.String("ecs"),
		ScalableDimension: jsii.String("ecs:service:DesiredCount"),
		ResourceId:        jsii.String("service/" + *service.Cluster().ClusterName() + "/" + *service.ServiceName()),
		MinCapacity:       jsii.Number(s.MinTasks),
		MaxCapacity:       jsii.Number(s.MaxTasks),
	})
	awsapplicationautoscaling.NewCfnScalingPolicy(home.Stack, jsii.String("BacklogPerTask"), &awsapplicationautoscaling.CfnScalingPolicyProps{
		PolicyName:      jsii.String(s.Name + "-backlog-per-task"),
		PolicyType:      jsii.String("TargetTrackingScaling"),
		ScalingTargetId: target.Ref(),
		TargetTrackingScalingPolicyConfiguration: &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingScalingPolicyConfigurationProperty{
			TargetValue:      jsii.Number(s.BacklogPerTask),
			ScaleOutCooldown: jsii.Number(60),
			// A queue that is empty for a moment is not the end of a spike.
			ScaleInCooldown: jsii.Number(300),
			CustomizedMetricSpecification: &awsapplicationautoscaling.CfnScalingPolicy_CustomizedMetricSpecificationProperty{
				Metrics: backlogPerTask(q, service),
			},
		},
	})
}

// backlogPerTask is the metric: waiting jobs divided by running tasks. If no task runs, or
// none is reported, one is assumed.
func backlogPerTask(q queues, service awsecs.FargateService) *[]any {
	type query = awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricDataQueryProperty
	metric := func(id, namespace, name, stat string, dimensions ...any) query {
		return query{
			Id: &id,
			MetricStat: &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricStatProperty{
				Stat: &stat,
				Metric: &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricProperty{
					Namespace: &namespace, MetricName: &name, Dimensions: &dimensions,
				},
			},
			ReturnData: jsii.Bool(false),
		}
	}
	dimension := func(name string, value *string) awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricDimensionProperty {
		return awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricDimensionProperty{Name: &name, Value: value}
	}
	return &[]any{
		metric("jobs", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Average", dimension("QueueName", q.jobs.QueueName())),
		metric("tasks", "ECS/ContainerInsights", "RunningTaskCount", "Average",
			dimension("ClusterName", service.Cluster().ClusterName()), dimension("ServiceName", service.ServiceName())),
		query{
			Id:         jsii.String("backlog"),
			Expression: jsii.String("jobs / IF(FILL(tasks, 1) < 1, 1, FILL(tasks, 1))"),
			Label:      jsii.String("Waiting jobs per task"),
			ReturnData: jsii.Bool(true),
		},
	}
}
