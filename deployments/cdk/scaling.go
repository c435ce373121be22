package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"
)

// scale keeps two metrics near their targets: the jobs that wait in all queues for each
// task, and the age of the oldest. Each policy asks for a number of tasks, and the
// larger number applies. They are written as CloudFormation has them: the library's target
// tracking refuses metric math.
// https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking-metric-math.html
func scale(home *stack, s settings, q queues, service awsecs.BaseService) {
	target := awsapplicationautoscaling.NewCfnScalableTarget(home.Stack, jsii.String("WorkerCount"), &awsapplicationautoscaling.CfnScalableTargetProps{
		ServiceNamespace:  jsii.String("ecs"),
		ScalableDimension: jsii.String("ecs:service:DesiredCount"),
		ResourceId:        jsii.String("service/" + *service.Cluster().ClusterName() + "/" + *service.ServiceName()),
		MinCapacity:       jsii.Number(s.MinTasks),
		MaxCapacity:       jsii.Number(s.MaxTasks),
	})
	waiting := measureQueues(q, "ApproximateNumberOfMessagesVisible", "Average")
	tasks := runningTasks(service)
	track := func(id, name string, value int, expression, label string, metrics ...measure) {
		awsapplicationautoscaling.NewCfnScalingPolicy(home.Stack, &id, &awsapplicationautoscaling.CfnScalingPolicyProps{
			PolicyName:      jsii.String(s.Name + "-" + name),
			PolicyType:      jsii.String("TargetTrackingScaling"),
			ScalingTargetId: target.Ref(),
			TargetTrackingScalingPolicyConfiguration: &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingScalingPolicyConfigurationProperty{
				TargetValue:      jsii.Number(value),
				ScaleOutCooldown: jsii.Number(60),
				// A queue that is empty for a moment is not the end of a spike.
				ScaleInCooldown: jsii.Number(300),
				CustomizedMetricSpecification: &awsapplicationautoscaling.CfnScalingPolicy_CustomizedMetricSpecificationProperty{
					Metrics: queries(expression, label, metrics),
				},
			},
		})
	}
	track("BacklogPerTask", "backlog-per-task", s.BacklogPerTask, backlogPerTask(waiting), "Jobs that wait for each task", append(waiting, tasks)...)
	ages := measureQueues(q, "ApproximateAgeOfOldestMessage", "Maximum")
	track("OldestJobAge", "oldest-job-age", s.TargetAge, oldestAge(waiting, ages), "Age of the oldest job that waits, in seconds", append(waiting, ages...)...)
	if s.MinTasks == 0 {
		wake(home, s, target, waiting, tasks)
	}
}

// measure is a metric with the name that expressions have for it.
type measure struct {
	id, namespace, name, statistic string
	dimensions                     map[string]*string
	weight                         int
}

// measureQueues returns a metric of each queue that workers take jobs from. An age of a
// low-priority queue weighs less: no viewer waits for its jobs.
func measureQueues(q queues, name, statistic string) []measure {
	kind := map[string]string{"ApproximateNumberOfMessagesVisible": "", "ApproximateAgeOfOldestMessage": "Age"}[name]
	var measures []measure
	add := func(id string, queue awssqs.Queue, weight int) {
		if queue != nil {
			measures = append(measures, measure{id + kind, "AWS/SQS", name, statistic, map[string]*string{"QueueName": queue.QueueName()}, weight})
		}
	}
	add("jobs", q.jobs, 1)
	add("events", q.events, 10)
	add("backfill", q.backfill, 60)
	return measures
}

func runningTasks(service awsecs.BaseService) measure {
	return measure{"tasks", "ECS/ContainerInsights", "RunningTaskCount", "Average", map[string]*string{
		"ClusterName": service.Cluster().ClusterName(), "ServiceName": service.ServiceName(),
	}, 1}
}

// backlog is the sum of the queues. SQS publishes nothing of a queue that was idle for six
// hours, and a sum with a part missing would be missing.
func backlog(waiting []measure) string {
	var parts []string
	for _, m := range waiting {
		parts = append(parts, fmt.Sprintf("FILL(%s, 0)", m.id))
	}
	return strings.Join(parts, " + ")
}

// backlogPerTask divides the backlog by the tasks that run. If none runs, or the
// number is unknown, it counts as one.
func backlogPerTask(waiting []measure) string {
	return "(" + backlog(waiting) + ") / IF(FILL(tasks, 1) < 1, 1, FILL(tasks, 1))"
}

// oldestAge is the greatest of the ages. A queue in which no job waits does not count: more
// tasks cannot reduce the age of a job that is already running.
func oldestAge(waiting, ages []measure) string {
	var parts []string
	for i, age := range ages {
		part := fmt.Sprintf("IF(FILL(%s, 0) > 0, FILL(%s, 0), 0)", waiting[i].id, age.id)
		if age.weight > 1 {
			part += fmt.Sprintf(" / %d", age.weight)
		}
		parts = append(parts, part)
	}
	return "MAX([" + strings.Join(parts, ", ") + "])"
}

// queries are the metrics and the expression that is tracked.
func queries(expression, label string, metrics []measure) *[]any {
	type query = awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricDataQueryProperty
	var all []any
	for _, m := range metrics {
		var dimensions []any
		for _, name := range slices.Sorted(maps.Keys(m.dimensions)) {
			dimensions = append(dimensions, awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricDimensionProperty{Name: jsii.String(name), Value: m.dimensions[name]})
		}
		all = append(all, query{
			Id: jsii.String(m.id),
			MetricStat: &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricStatProperty{
				Stat: jsii.String(m.statistic),
				Metric: &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricProperty{
					Namespace: jsii.String(m.namespace), MetricName: jsii.String(m.name), Dimensions: &dimensions,
				},
			},
			ReturnData: jsii.Bool(false),
		})
	}
	all = append(all, query{Id: jsii.String("tracked"), Expression: &expression, Label: &label, ReturnData: jsii.Bool(true)})
	return &all
}

// backlogWithoutTasks is the backlog while no task runs, and otherwise 0.
func backlogWithoutTasks(waiting []measure) string {
	return "IF(FILL(tasks, 0) < 1, " + backlog(waiting) + ", 0)"
}

// wake starts the first task when a job waits and none runs: target tracking multiplies the
// number of tasks, which is 0.
func wake(home *stack, s settings, target awsapplicationautoscaling.CfnScalableTarget, waiting []measure, tasks measure) {
	policy := awsapplicationautoscaling.NewCfnScalingPolicy(home.Stack, jsii.String("Wake"), &awsapplicationautoscaling.CfnScalingPolicyProps{
		PolicyName:      jsii.String(s.Name + "-wake"),
		PolicyType:      jsii.String("StepScaling"),
		ScalingTargetId: target.Ref(),
		StepScalingPolicyConfiguration: &awsapplicationautoscaling.CfnScalingPolicy_StepScalingPolicyConfigurationProperty{
			AdjustmentType: jsii.String("ChangeInCapacity"), MetricAggregationType: jsii.String("Maximum"), Cooldown: jsii.Number(120),
			StepAdjustments: []any{awsapplicationautoscaling.CfnScalingPolicy_StepAdjustmentProperty{MetricIntervalLowerBound: jsii.Number(0), ScalingAdjustment: jsii.Number(1)}},
		},
	})
	alarm := awscloudwatch.NewAlarm(home.Stack, jsii.String("WakeAlarm"), &awscloudwatch.AlarmProps{
		AlarmDescription:   jsii.String("A job waits and no worker runs: the first one is started. It needs no attention."),
		Metric:             expressionMetric(backlogWithoutTasks(waiting), "Jobs that wait while no task runs", append(waiting, tasks)),
		Threshold:          jsii.Number(0),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
		EvaluationPeriods:  jsii.Number(1),
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
	alarm.Node().DefaultChild().(awscloudwatch.CfnAlarm).SetAlarmActions(&[]*string{policy.Ref()})
}

// expressionMetric is an expression for an alarm.
func expressionMetric(expression, label string, metrics []measure) awscloudwatch.IMetric {
	using := map[string]awscloudwatch.IMetric{}
	for _, m := range metrics {
		using[m.id] = metric(m.namespace, m.name, m.statistic, m.dimensions)
	}
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: &expression, Label: &label, UsingMetrics: &using, Period: awscdk.Duration_Minutes(jsii.Number(1)),
	})
}
