package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
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

func watchFront(front *stack, distributionID string) {
	front.watch(alarm{
		id:        "ServerErrors",
		meaning:   "More than 1 % of viewers' requests end in 5xx: the edge function fails, or S3 does.",
		metric:    errorRate(distributionID),
		threshold: 1, periods: 5,
	})
}

// errorRate is the percentage of responses that are 5xx.
func errorRate(distributionID string) awscloudwatch.Metric {
	return metric("AWS/CloudFront", "5xxErrorRate", "Average", map[string]*string{
		"DistributionId": &distributionID, "Region": jsii.String("Global"),
	}).With(&awscloudwatch.MetricOptions{Region: jsii.String(edgeRegion)})
}

func watchHome(home *stack, s settings, q queues, workers awsecs.BaseService, distributionID string) {
	minute := &awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(jsii.Number(1))}
	dead := q.dead.MetricApproximateNumberOfMessagesVisible(minute)
	running := runningTasks(workers)
	tasks := metric(running.namespace, running.name, running.statistic, running.dimensions)
	home.watch(alarm{
		id:      "DeadLetters",
		meaning: "Jobs were dead-lettered. Each message's attributes have the reason.",
		metric:  dead, threshold: 0, periods: 1,
	})
	if waiting := measureQueues(q, "ApproximateNumberOfMessagesVisible", "Average"); s.MinTasks == 0 {
		home.watch(alarm{
			id:      "NoWorkers",
			meaning: "Jobs wait and no worker runs: originals are served, renditions are not made.",
			metric:  expressionMetric(backlogWithoutTasks(waiting), "Jobs that wait while no task runs", append(waiting, running)), threshold: 0, periods: 10,
		})
	} else {
		home.watch(alarm{
			id:      "NoWorkers",
			meaning: "No worker is running: originals are served, and no renditions are made.",
			metric:  tasks, threshold: 1, below: true, periods: 5,
			missing: awscloudwatch.TreatMissingData_BREACHING,
		})
	}
	ages := watchAges(home, q)
	var waiting []awscloudwatch.IMetric
	for _, queue := range q.sources() {
		waiting = append(waiting, queue.MetricApproximateNumberOfMessagesVisible(minute), queue.MetricApproximateNumberOfMessagesNotVisible(minute))
	}
	graphs := []graph{
		{"Jobs that wait and run", waiting},
		{"Age of the oldest job, in seconds", ages},
		{"Dead letters", []awscloudwatch.IMetric{dead}},
		{"Workers", []awscloudwatch.IMetric{tasks}},
		{"CPU and memory of workers, in percent", []awscloudwatch.IMetric{workers.MetricCpuUtilization(minute), workers.MetricMemoryUtilization(minute)}},
		{"5xx to viewers, in percent", []awscloudwatch.IMetric{errorRate(distributionID)}},
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

// retentionAlarm is the age, in seconds, at which a message has four days left of the 14
// that its queue keeps it.
const retentionAlarm = 10 * 24 * 60 * 60

// watchAges watches the oldest message of every queue, and returns the metrics. A viewer's
// job waits for minutes at most, an event for an hour, and a backfill for days; none may
// wait until SQS drops it.
func watchAges(home *stack, q queues) (ages []awscloudwatch.IMetric) {
	for _, one := range []struct {
		id, what  string
		queue     awssqs.Queue
		threshold float64 // In seconds; 0 for the retention alone.
	}{
		{"OldestJob", "A job has waited for ten minutes: too few workers, or none that can work.", q.jobs, 600},
		{"OldestEvent", "An event of the bucket has waited for an hour: replaced pictures show their old renditions.", q.events, 3600},
		{"OldestBackfillJob", "", q.backfill, 0},
		{"OldestDeadLetter", "", q.dead, 0},
	} {
		if one.queue == nil {
			continue
		}
		age := one.queue.MetricApproximateAgeOfOldestMessage(&awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(jsii.Number(1)), Statistic: jsii.String("Maximum")})
		ages = append(ages, age)
		if one.threshold > 0 {
			home.watch(alarm{id: one.id, meaning: one.what, metric: age, threshold: one.threshold, periods: 5})
		}
		home.watch(alarm{
			id: one.id + "Expires", meaning: "A message is ten days old. SQS drops it when it is 14 days old.",
			metric: age, threshold: retentionAlarm, periods: 5,
		})
	}
	return ages
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

// enqueueErrors counts the edge's log lines for jobs that could not be sent. An edge function runs
// in Origin Shield's Region. If that is not the bucket's Region, the log is in a Region
// without a stack, and there is no metric; nor is there one for a host of the operator's.
func enqueueErrors(home *stack, s settings) awscloudwatch.IMetric {
	if s.Mode == modeFunction {
		if s.OriginDomain != "" {
			return nil
		}
		log := awslogs.LogGroup_FromLogGroupName(home.Stack, jsii.String("EdgeURLLogName"), jsii.String(s.edgeURLLogs()))
		filter := enqueueFaults(home, s, log, awslogs.FilterPattern_Literal(jsii.String(`{ $.level = "error" && $.message = "enqueue" }`)))
		if made := home.Stack.Node().TryFindChild(jsii.String("EdgeURLLog")); made != nil {
			filter.Node().AddDependency(made)
		}
		return sumOf(filter)
	}
	if s.OriginShield != s.Region {
		awscdk.Annotations_Of(home.Stack).AddWarningV2(jsii.String("calotype:enqueue-errors"),
			jsii.String("Origin Shield is not in the bucket's Region: there is no alarm for jobs that could not be sent. Look at the log "+s.edgeFunctionLogs()+" in "+s.OriginShield+"."), nil)
		return nil
	}
	log := awslogs.NewLogGroup(home.Stack, jsii.String("EdgeLog"), &awslogs.LogGroupProps{
		LogGroupName:  jsii.String(s.edgeFunctionLogs()),
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	// The function writes one such line for each failed event: {"fault":"enqueue",…}.
	return sumOf(enqueueFaults(home, s, log, awslogs.FilterPattern_AllTerms(jsii.String("fault"), jsii.String("enqueue"))))
}

func enqueueFaults(home *stack, s settings, log awslogs.ILogGroup, pattern awslogs.IFilterPattern) awslogs.MetricFilter {
	return awslogs.NewMetricFilter(home.Stack, jsii.String("EnqueueFaults"), &awslogs.MetricFilterProps{
		LogGroup:        log,
		FilterPattern:   pattern,
		MetricNamespace: jsii.String("Calotype/" + s.Name),
		MetricName:      jsii.String("EnqueueErrors"),
		MetricValue:     jsii.String("1"),
		DefaultValue:    jsii.Number(0),
	})
}

func sumOf(filter awslogs.MetricFilter) awscloudwatch.IMetric {
	return filter.Metric(&awscloudwatch.MetricOptions{Statistic: jsii.String("Sum"), Period: awscdk.Duration_Minutes(jsii.Number(5))})
}
