package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"calotype/internal/awstest"
)

const testBus = "arn:aws:events:eu-west-1:123456789012:event-bus/pictures"

func TestNotifyFlag(t *testing.T) {
	queues := map[string]string{"queue-url": "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"}
	for value, want := range map[string]string{
		"": "", testBus: "", "arn:aws-cn:events:cn-north-1:123456789012:event-bus/default": "", "https://sqs.us-east-1.amazonaws.com/123456789012/ready": "",
		"http://127.0.0.1:9324/000000000000/ready":                    "",
		"https://sqs.us-east-1.amazonaws.com/123456789012/jobs":       "the same as --queue-url",
		"https://sqs.us-east-1.amazonaws.com/123456789012/ready.fifo": "neither a standard SQS queue's URL",
		"pictures": "nor an EventBridge bus's ARN",
		"arn:aws:sns:us-east-1:123456789012:pictures":                    "nor an EventBridge bus's ARN",
		"arn:aws:events:us-east-1:123456789012:rule/pictures":            "nor an EventBridge bus's ARN",
		"arn:aws:events:us-east-1:123456789012:event-bus/pictures ready": "nor an EventBridge bus's ARN",
	} {
		var got []string
		for _, err := range (notifyFlags{value}).check(queues) {
			got = append(got, err.Error())
		}
		if text := strings.Join(got, "; "); (text == "") != (want == "") || !strings.Contains(text, want) {
			t.Errorf("%q: got %q, want %q", value, text, want)
		}
	}
}

// A bus in another Region is called there.
func TestBusRegion(t *testing.T) {
	aws, err := connect(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.eventbridge(testBus).Options().Region; got != "eu-west-1" {
		t.Errorf("got %s", got)
	}
}

// The permission to announce jobs is checked by a call that announces nothing.
func TestStatusOfABus(t *testing.T) {
	bucket := pictureWithRenditions(t)
	jobs, dead := awstest.Queues(t)
	for name, c := range map[string]struct {
		status       int
		answer, want string
	}{
		"allowed":    {http.StatusOK, `{"FailedEntryCount":1,"Entries":[{"ErrorCode":"MalformedDetail","ErrorMessage":"Detail is malformed."}]}`, ""},
		"denied":     {http.StatusBadRequest, `{"__type":"AccessDeniedException","message":"not authorized to perform: events:PutEvents"}`, "events:PutEvents"},
		"throttled":  {http.StatusOK, `{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException","ErrorMessage":"slow down"}]}`, "slow down"},
		"no service": {http.StatusOK, `{"Entries":[{"EventId":"1"}]}`, "want a refusal"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.answer)
			}))
			t.Cleanup(server.Close)
			t.Setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", server.URL)
			_, s := statusOfDeployment(t, bucket, jobs, dead, "--notify="+testBus)
			if failed := strings.Join(failedChecks(s), "; "); (failed == "") != (c.want == "") || !strings.Contains(failed, c.want) || len(s.Checks) != 19 {
				t.Errorf("%d checks, failed %q, want %q", len(s.Checks), failed, c.want)
			}
		})
	}
	_, s := statusOfDeployment(t, bucket, jobs, dead, "--notify="+dead)
	if failed := failedChecks(s); len(failed) > 0 || len(s.Checks) != 19 {
		t.Errorf("a queue: %d checks, failed %v", len(s.Checks), failed)
	}
	if sent := awstest.Drain(t, dead); len(sent) != 0 {
		t.Errorf("%q was sent", sent)
	}
}
