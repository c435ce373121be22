package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"calotype"
	"calotype/internal/awstest"
	"calotype/queue"
)

// Messages of all transports, in the forms that AWS documents, have the same effect.
func TestTransports(t *testing.T) {
	const key = "cats/red flower+été.jpg"
	for name, removed := range map[string]bool{
		"s3-created": false, "sns-created": false, "sns-eventbridge": false, "eventbridge-created": false,
		"s3-delete-marker": true, "s3-lifecycle": true, "eventbridge-deleted": true, "eventbridge-lifecycle": true,
	} {
		t.Run(name, func(t *testing.T) {
			b := newFixture(t)
			data, err := os.ReadFile(filepath.Join("..", "testdata", "events", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			body := strings.ReplaceAll(string(data), "pictures", b.bucketName)
			b.OnUpload = []calotype.Variant{{Preset: "XS"}}
			want := []string{key, "resized/XS/" + key}
			if b.put(t, key, jpegOf(t, photo(300, 200))); removed {
				b.standing(t, key, jpegOf(t, photo(300, 200)), "XS")
				b.remove(t, key)
				want = nil
			}
			b.do(t, body)
			b.wantDone(t)
			b.wantKeys(t, want...)
		})
	}
}

// Messages that are neither jobs nor S3 events have one dead letter per hour and sender.
// Malformed jobs have one each.
func TestForeignMessages(t *testing.T) {
	b := newFixture(t)
	instance := `{"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","detail":{"n":%d}}`
	topic := `{"Type":"Notification","TopicArn":"arn:aws:sns:us-west-2:1:%s","Message":"hello"}`
	for i := range 3 {
		b.do(t, fmt.Sprintf(instance, i))
		b.do(t, fmt.Sprintf(topic, "a"))
		b.do(t, "hello")
	}
	b.do(t, fmt.Sprintf(topic, "b"))
	b.do(t, `{"Records":[{"eventSource":"aws:sqs","body":"x"}]}`)
	malformed := `{"v":1,"source":"kitty.jpg"}`
	b.do(t, malformed)
	b.do(t, malformed)
	if visible, inFlight, delayed := awstest.Waiting(t, b.jobsURL); visible+inFlight+delayed != "000" {
		t.Errorf("jobs: visible %s, in flight %s, delayed %s, want none", visible, inFlight, delayed)
	}
	got := awstest.Drain(t, b.deadURL)
	slices.Sort(got)
	want := []string{
		"hello", fmt.Sprintf(topic, "a"), fmt.Sprintf(topic, "b"), `{"Records":[{"eventSource":"aws:sqs","body":"x"}]}`,
		fmt.Sprintf(instance, 0), malformed, malformed,
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("dead letters\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// After an hour the sender gets another dead letter. One that could not be sent does not
// count.
func TestForeignSenderIsReportedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &Worker{}
		a := &attempt{message: queue.Message{Body: "hello"}}
		first, takeBack := w.firstOfSender(a)
		if takeBack(); !first {
			t.Error("the first message has no dead letter")
		}
		if first, _ = w.firstOfSender(a); !first {
			t.Error("a dead letter that was not sent counts")
		}
		time.Sleep(reportEvery - time.Second)
		if first, _ = w.firstOfSender(a); first {
			t.Error("a second dead letter within the hour")
		}
		time.Sleep(time.Second)
		if first, _ = w.firstOfSender(a); !first {
			t.Error("no dead letter after an hour")
		}
	})
}
