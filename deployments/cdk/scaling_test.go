package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestScaling(t *testing.T) {
	stack := synthesise(t, map[string]any{"minTasks": 2, "maxTasks": 40, "backlogPerTask": 50, "targetAge": 90, "events": "s3", "backfillQueue": true})["calotype"]
	stack.one(t, "AWS::ApplicationAutoScaling::ScalableTarget", "").has(t, map[string]any{"MinCapacity": 2, "MaxCapacity": 40, "ServiceNamespace": "ecs"})
	metrics := "TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification.Metrics."
	stack.one(t, "AWS::ApplicationAutoScaling::ScalingPolicy", "BacklogPerTask").has(t, map[string]any{
		"TargetTrackingScalingPolicyConfiguration.TargetValue": 50,
		metrics + "0.Id": "jobs", metrics + "0.ReturnData": false, metrics + "0.MetricStat.Metric.MetricName": "ApproximateNumberOfMessagesVisible",
		metrics + "1.Id": "events", metrics + "2.Id": "backfill",
		metrics + "3.Id": "tasks", metrics + "3.ReturnData": false, metrics + "3.MetricStat.Metric.MetricName": "RunningTaskCount",
		metrics + "4.Expression": "(FILL(jobs, 0) + FILL(events, 0) + FILL(backfill, 0)) / IF(FILL(tasks, 1) < 1, 1, FILL(tasks, 1))",
		metrics + "4.ReturnData": true, metrics + "5": nil,
	})
	stack.one(t, "AWS::ApplicationAutoScaling::ScalingPolicy", "OldestJobAge").has(t, map[string]any{
		"TargetTrackingScalingPolicyConfiguration.TargetValue": 90,
		metrics + "3.Id": "jobsAge", metrics + "3.MetricStat.Stat": "Maximum", metrics + "3.MetricStat.Metric.MetricName": "ApproximateAgeOfOldestMessage",
		metrics + "6.Expression": "MAX([IF(FILL(jobs, 0) > 0, FILL(jobsAge, 0), 0), IF(FILL(events, 0) > 0, FILL(eventsAge, 0), 0) / 10, IF(FILL(backfill, 0) > 0, FILL(backfillAge, 0), 0) / 60])",
	})
	for i, id := range []string{"Jobs", "Events", "Backfill"} {
		got := text(stack.one(t, "AWS::ApplicationAutoScaling::ScalingPolicy", "BacklogPerTask").Properties.at(fmt.Sprint(metrics, i, ".MetricStat.Metric.Dimensions")))
		if !strings.Contains(got, id) {
			t.Errorf("metric %d is of %s, want the queue %s", i, got, id)
		}
	}
	stack.one(t, "AWS::ECS::Cluster", "Cluster").has(t, map[string]any{"ClusterSettings.0": map[string]any{"Name": "containerInsights", "Value": "enabled"}})
	if len(stack.all("AWS::ApplicationAutoScaling::ScalingPolicy")) != 2 {
		t.Error("a service that never stops needs no waking")
	}
}

// A service without tasks is woken by an alarm, and has no alarm for having none.
func TestScaleToZero(t *testing.T) {
	stack := synthesise(t, map[string]any{"minTasks": 0, "alarmEmail": "team@example.com"})["calotype"]
	stack.one(t, "AWS::ApplicationAutoScaling::ScalableTarget", "").has(t, map[string]any{"MinCapacity": 0})
	stack.one(t, "AWS::ApplicationAutoScaling::ScalingPolicy", "Wake").has(t, map[string]any{
		"StepScalingPolicyConfiguration.AdjustmentType": "ChangeInCapacity", "StepScalingPolicyConfiguration.StepAdjustments.0.ScalingAdjustment": 1,
	})
	alarm := stack.one(t, "AWS::CloudWatch::Alarm", "WakeAlarm")
	alarm.has(t, map[string]any{"Threshold": 0, "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"})
	if got := text(alarm.Properties["AlarmActions"]); !strings.Contains(got, "Wake") || strings.Contains(got, "AlarmTopic") {
		t.Errorf("the alarm's actions are %s, want the policy", got)
	}
	for _, id := range []string{"WakeAlarm", "NoWorkersAlarm"} {
		if got := text(stack.one(t, "AWS::CloudWatch::Alarm", id).Properties["Metrics"]); !strings.Contains(got, `"IF(FILL(tasks, 0) \u003c 1, FILL(jobs, 0), 0)"`) {
			t.Errorf("%s: got %s", id, got)
		}
	}
	stack.one(t, "AWS::ECS::Service", "Workers").has(t, map[string]any{"DesiredCount": nil})
}
