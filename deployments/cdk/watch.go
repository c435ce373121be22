package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/jsii-runtime-go"
)

// alarmTopic sends a stack's alarms to people. It may be nil. An alarm's topic must be in
// its Region, so each stack has its own.
type alarmTopic struct{ awssns.Topic }

func newAlarmTopic(st *stack, s settings) alarmTopic {
	if s.AlarmEmail == "" {
		return alarmTopic{}
	}
	topic := awssns.NewTopic(st.Stack, jsii.String("AlarmTopic"), &awssns.TopicProps{EnforceSSL: jsii.Bool(true)})
	topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(&s.AlarmEmail, nil))
	return alarmTopic{topic}
}

// alarm defines when a metric is wrong, and describes the meaning to its reader.
type alarm struct {
	id, meaning string
	metric      awscloudwatch.IMetric
	// The alarm fires if the metric is above (or below) the threshold for this many
	// periods.
	threshold float64
	below     bool
	periods   int
	// missing is how missing data is treated: as not breaching by default.
	missing awscloudwatch.TreatMissingData
}

func (st *stack) watch(a alarm) {
	comparison := awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD
	if a.below {
		comparison = awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD
	}
	if a.missing == "" {
		a.missing = awscloudwatch.TreatMissingData_NOT_BREACHING
	}
	made := awscloudwatch.NewAlarm(st.Stack, jsii.String(a.id+"Alarm"), &awscloudwatch.AlarmProps{
		AlarmDescription:   &a.meaning,
		Metric:             a.metric,
		Threshold:          &a.threshold,
		ComparisonOperator: comparison,
		EvaluationPeriods:  jsii.Number(a.periods),
		TreatMissingData:   a.missing,
	})
	if st.alarms.Topic != nil {
		made.AddAlarmAction(awscloudwatchactions.NewSnsAction(st.alarms.Topic))
	}
}

func metric(namespace, name, statistic string, dimensions map[string]*string) awscloudwatch.Metric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: &namespace, MetricName: &name, Statistic: &statistic, DimensionsMap: &dimensions,
		Period: awscdk.Duration_Minutes(jsii.Number(1)),
	})
}

func watchFront(front *stack, d awscloudfront.Distribution) {
	front.watch(alarm{
		id:        "ServerErrors",
		meaning:   "More than 1 % of viewers' requests end in 5xx: the edge function fails, or S3 does.",
		metric:    errorRate(d),
		threshold: 1, periods: 5,
	})
}

// errorRate is the percentage of responses that are 5xx.
func errorRate(d awscloudfront.Distribution) awscloudwatch.Metric {
	return metric("AWS/CloudFront", "5xxErrorRate", "Average", map[string]*string{
		"DistributionId": d.DistributionId(), "Region": jsii.String("Global"),
	}).With(&awscloudwatch.MetricOptions{Region: jsii.String(edgeRegion)})
}

func watchHome(home *stack, s settings, q queues, workers awsecs.FargateService, d awscloudfront.Distribution) {
	minute := &awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(jsii.Number(1))}
	dead := q.dead.MetricApproximateNumberOfMessagesVisible(minute)
	oldest := q.jobs.MetricApproximateAgeOfOldestMessage(minute)
	tasks := metric("ECS/ContainerInsights", "RunningTaskCount", "Average", map[string]*string{
		"ClusterName": workers.Cluster().ClusterName(), "ServiceName": workers.ServiceName(),
	})
	home.watch(alarm{
		id:      "DeadLetters",
		meaning: "Jobs were dead-lettered. Each message's attributes have the reason.",
		metric:  dead, threshold: 0, periods: 1,
	})
	home.watch(alarm{
		id:      "OldestJob",
		meaning: "A job has waited for ten minutes: there are too few workers, or none can work.",
		metric:  oldest, threshold: 600, periods: 5,
	})
	home.watch(alarm{
		id:      "NoWorkers",
		meaning: "No worker is running: originals are served, and no renditions are made.",
		metric:  tasks, threshold: 1, below: true, periods: 5,
		missing: awscloudwatch.TreatMissingData_BREACHING,
	})
	graphs := []graph{
		{"Waiting and running jobs", []awscloudwatch.IMetric{q.jobs.MetricApproximateNumberOfMessagesVisible(minute), q.jobs.MetricApproximateNumberOfMessagesNotVisible(minute)}},
		{"Age of the oldest job, in seconds", []awscloudwatch.IMetric{oldest}},
		{"Dead letters", []awscloudwatch.IMetric{dead}},
		{"Workers", []awscloudwatch.IMetric{tasks}},
		{"CPU and memory of workers, in percent", []awscloudwatch.IMetric{workers.MetricCpuUtilization(minute), workers.MetricMemoryUtilization(minute)}},
		{"5xx to viewers, in percent", []awscloudwatch.IMetric{errorRate(d)}},
	}
	if errors := enqueueErrors(home, s); errors != nil {
		home.watch(alarm{
			id:      "EnqueueErrors",
			meaning: "The edge function cannot send jobs: originals are served, and no renditions are made.",
			metric:  errors, threshold: 0, periods: 2,
		})
		graphs = append(graphs, graph{"Jobs that could not be sent", []awscloudwatch.IMetric{errors}})
	}
	home.show(s.Name, graphs)
}

// graph is a graph of the dashboard.
type graph struct {
	title   string
	metrics []awscloudwatch.IMetric
}

func (st *stack) show(name string, graphs []graph) {
	dashboard := awscloudwatch.NewDashboard(st.Stack, jsii.String("Dashboard"), &awscloudwatch.DashboardProps{DashboardName: &name})
	var widgets []awscloudwatch.IWidget
	for _, g := range graphs {
		widgets = append(widgets, awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
			Title: &g.title, Left: &g.metrics, Width: jsii.Number(8), Region: st.Region(),
		}))
	}
	dashboard.AddWidgets(widgets...)
}

// enqueueErrors counts the function's log lines for jobs that could not be sent. The
// function runs in Origin Shield's Region. If that is not the bucket's Region, the log is
// in a Region without a stack, and there is no metric.
func enqueueErrors(home *stack, s settings) awscloudwatch.IMetric {
	if s.OriginShield != s.Region {
		awscdk.Annotations_Of(home.Stack).AddWarningV2(jsii.String("calotype:enqueue-errors"),
			jsii.String("Origin Shield is not in the bucket's Region: there is no alarm for jobs that could not be sent. Look at the log "+s.triggerLogs()+" in "+s.OriginShield+"."))
		return nil
	}
	log := awslogs.NewLogGroup(home.Stack, jsii.String("EdgeLog"), &awslogs.LogGroupProps{
		LogGroupName:  jsii.String(s.triggerLogs()),
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	filter := awslogs.NewMetricFilter(home.Stack, jsii.String("EnqueueFaults"), &awslogs.MetricFilterProps{
		LogGroup: log,
		// The function writes one such line for each failed event: {"fault":"enqueue",…}.
		FilterPattern:   awslogs.FilterPattern_AllTerms(jsii.String("fault"), jsii.String("enqueue")),
		MetricNamespace: jsii.String("Calotype/" + s.Name),
		MetricName:      jsii.String("EnqueueErrors"),
		MetricValue:     jsii.String("1"),
		DefaultValue:    jsii.Number(0),
	})
	return filter.Metric(&awscloudwatch.MetricOptions{Statistic: jsii.String("Sum"), Period: awscdk.Duration_Minutes(jsii.Number(5))})
}
