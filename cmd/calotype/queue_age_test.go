package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/encoding/cbor"

	"calotype/internal/awstest"
)

// cloudWatch answers GetMetricData with ages in seconds, by the names of queues, in the
// protocol of CloudWatch; without ages it refuses the call.
func cloudWatch(t *testing.T, ages map[string]float64) (asked *string) {
	t.Helper()
	asked = new(string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*asked = r.URL.Path + " " + string(body)
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		w.Header().Set("Content-Type", "application/cbor")
		answer := cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#AccessDenied"), "message": cbor.String("not authorized to perform: cloudwatch:GetMetricData")}
		if ages == nil {
			w.WriteHeader(http.StatusForbidden)
		} else {
			var results cbor.List
			for name, age := range ages {
				results = append(results, cbor.Map{"Id": cbor.String(name), "Values": cbor.List{cbor.Float64(age), cbor.Float64(1)}})
			}
			answer = cbor.Map{"MetricDataResults": results}
		}
		_, _ = w.Write(cbor.Encode(answer))
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_CLOUDWATCH", server.URL)
	return asked
}

func waiting(t *testing.T) (bucket, jobs, dead string) {
	t.Helper()
	bucket = awstest.Bucket(t)
	jobs, dead = awstest.Queues(t)
	body := "{}"
	if _, err := awstest.SQS(t).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &jobs, MessageBody: &body}); err != nil {
		t.Fatal(err)
	}
	return bucket, jobs, dead
}

// The age of waiting jobs is CloudWatch's, or unknown with the reason.
func TestStatusKnowsTheAge(t *testing.T) {
	bucket, jobs, dead := waiting(t)
	ageOf := func() queueStatus {
		t.Helper()
		_, s := statusOfDeployment(t, bucket, jobs, dead)
		if q := s.Queues[0]; q.Queue != "dead" || q.OldestSeconds != nil || q.AgeUnknown != "" {
			t.Errorf("the empty queue: %+v", q)
		}
		return s.Queues[1]
	}
	if q := ageOf(); q.OldestSeconds != nil || !strings.Contains(q.AgeUnknown, "no CloudWatch") {
		t.Errorf("without CloudWatch: %+v", q)
	}
	asked := cloudWatch(t, map[string]float64{"jobs": 754})
	if q := ageOf(); q.OldestSeconds == nil || *q.OldestSeconds != 754 || q.AgeUnknown != "" {
		t.Errorf("with CloudWatch: %+v", q)
	}
	for _, part := range []string{"/operation/GetMetricData", "AWS/SQS", ageMetric, jobs[strings.LastIndex(jobs, "/")+1:]} {
		if !strings.Contains(*asked, part) {
			t.Errorf("CloudWatch was not asked for %s: %q", part, *asked)
		}
	}
	_, stdout, _ := call(t, "status", "--bucket="+bucket, "--queue-url="+jobs, "--dead-letter-url="+dead)
	if !strings.Contains(stdout, "OLDEST") || !strings.Contains(stdout, "12m") {
		t.Errorf("got %s", stdout)
	}
	cloudWatch(t, map[string]float64{})
	if q := ageOf(); q.OldestSeconds != nil || q.AgeUnknown != "CloudWatch has no value for the last minutes" {
		t.Errorf("without a value: %+v", q)
	}
	cloudWatch(t, nil)
	if q := ageOf(); q.OldestSeconds != nil || !strings.Contains(q.AgeUnknown, "cloudwatch:GetMetricData") {
		t.Errorf("without the permission: %+v", q)
	}
	code, stdout, _ := call(t, "status", "--bucket="+bucket, "--queue-url="+jobs, "--dead-letter-url="+dead)
	if code != exitOK || !strings.Contains(stdout, "unknown") || !strings.Contains(stdout, "the credentials lack the permission") {
		t.Errorf("got %d, %s", code, stdout)
	}
}

// A queue whose settings lose jobs is named.
func TestStatusChecksTheQueuesSettings(t *testing.T) {
	const dead = "https://sqs.eu-west-1.amazonaws.com/1/dead"
	days := map[string]string{"MessageRetentionPeriod": "1209600"}
	with := func(policy string) map[string]string {
		return map[string]string{"MessageRetentionPeriod": "1209600", "RedrivePolicy": policy}
	}
	for name, c := range map[string]struct {
		queue      string
		attributes map[string]string
		result     string
		want       string
	}{
		"as needed":           {"jobs", with(`{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:1:dead","maxReceiveCount":5}`), resultOK, ""},
		"a number in quotes":  {"jobs", with(`{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:1:dead","maxReceiveCount":"5"}`), resultOK, ""},
		"no redrive":          {"jobs", days, resultFailed, "let it move messages to dead after 5 receives"},
		"to another queue":    {"events", with(`{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:1:other","maxReceiveCount":5}`), resultFailed, "it moves messages to other"},
		"too soon":            {"jobs", with(`{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:1:dead","maxReceiveCount":2}`), resultWarning, "gives up after 2"},
		"not a policy":        {"jobs", with(`{`), resultWarning, "cannot be read"},
		"the dead with one":   {"dead", with(`{"maxReceiveCount":5}`), resultFailed, "must have none"},
		"the dead without":    {"dead", days, resultOK, ""},
		"a short memory":      {"dead", map[string]string{"MessageRetentionPeriod": "345600"}, resultWarning, "deleted after 96 h: use 14 days"},
		"no retention at all": {"dead", nil, resultWarning, "deleted after 0 h"},
	} {
		p := preflight{statusCommand: &statusCommand{DeadLetterURL: dead}}
		worst := checkOutcome{Result: resultOK}
		for _, o := range p.settings(c.queue, "flag", c.attributes) {
			if o.Result != resultOK {
				worst = o
			}
		}
		if worst.Result != c.result || !strings.Contains(worst.Detail, c.want) {
			t.Errorf("%s: got %+v, want %s and %q", name, worst, c.result, c.want)
		}
	}
}
