package calotype

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// fromS3 is a message as S3 sends it, including the fields that are not used here.
const fromS3 = `{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-west-2","eventTime":"1970-01-01T00:00:00.000Z",` +
	`"eventName":"ObjectCreated:Put","userIdentity":{"principalId":"AIDAJDPLRKLG7UEXAMPLE"},"requestParameters":{"sourceIPAddress":"127.0.0.1"},` +
	`"responseElements":{"x-amz-request-id":"C3D13FE58DE4C810","x-amz-id-2":"FMyUVURIY8"},"s3":{"s3SchemaVersion":"1.0","configurationId":"testConfigRule",` +
	`"bucket":{"name":"pictures","ownerIdentity":{"principalId":"A3NL1KOZZKExample"},"arn":"arn:aws:s3:::pictures"},` +
	`"object":{"key":"cats/red+flower%2B%C3%A9t%C3%A9.jpg","size":1024,"eTag":"d41d8cd98f00b204e9800998ecf8427e","sequencer":"0055AED6DCD90281E5"}}}]}`

func TestParseEvents(t *testing.T) {
	two := strings.Replace(fromS3, `{"Records":[`, `{"Records":[{"eventName":"s3:ObjectRemoved:Delete","s3":{"bucket":{"name":"b"},"object":{"key":"a.jpg"}}},`, 1)
	photo := Event{"ObjectCreated:Put", "pictures", "cats/red flower+été.jpg"}
	for name, c := range map[string]struct {
		body string
		want []Event
		ok   bool
	}{
		"as S3 sends it": {fromS3, []Event{photo}, true},
		"two":            {two, []Event{{"ObjectRemoved:Delete", "b", "a.jpg"}, photo}, true},
		"a test":         {`{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z","Bucket":"pictures","RequestId":"5582815E1AEA5ADF","HostId":"8cLeGAmw098X5cv4Zkwcmo"}`, nil, true},
		"a job":          {`{"v":1,"source":"a.jpg","variants":["M"]}`, nil, false},
		"others' events": {`{"Records":[{"eventSource":"aws:sqs","body":"x"}]}`, nil, false},
		"no JSON":        {"hello", nil, false},
	} {
		got, ok, err := ParseEvents(c.body)
		if err != nil || ok != c.ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, %v, %v, want %+v, %v", name, got, ok, err, c.want, c.ok)
		}
	}
	if _, ok, err := ParseEvents(strings.Replace(fromS3, "red+flower", "100%zz", 1)); !ok || err == nil {
		t.Errorf("an undecodable key: got %v, %v, want an error", ok, err)
	}
}

// Each transport has its own shape, and its own encoding of the same key.
func TestTransports(t *testing.T) {
	const key = "cats/red flower+été.jpg"
	for name, want := range map[string]string{
		"s3-created":            "ObjectCreated:Put",
		"s3-delete-marker":      "ObjectRemoved:DeleteMarkerCreated",
		"s3-lifecycle":          "LifecycleExpiration:Delete",
		"s3-test":               "",
		"sns-created":           "ObjectCreated:Put",
		"sns-eventbridge":       "ObjectCreated:PutObject",
		"sns-test":              "",
		"eventbridge-created":   "ObjectCreated:PutObject",
		"eventbridge-deleted":   "ObjectRemoved:DeleteObject",
		"eventbridge-lifecycle": "LifecycleExpiration:Delete",
		"eventbridge-tags":      "ObjectTagsAdded:",
	} {
		body, err := os.ReadFile(filepath.Join("testdata", "events", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		got, ok, err := ParseEvents(string(body))
		var events []Event
		if want != "" {
			events = []Event{{want, "pictures", key}}
		}
		if err != nil || !ok || !reflect.DeepEqual(got, events) {
			t.Errorf("%s: got %+v, %v, %v, want %+v", name, got, ok, err, events)
		}
		changes := want != "" && !strings.HasPrefix(want, "ObjectTags")
		if len(got) == 1 && got[0].Changes() != changes {
			t.Errorf("%s: changes %v, want %v", name, got[0].Changes(), changes)
		}
	}
	for name, body := range map[string]string{
		"another service": `{"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","detail":{"state":"running"}}`,
		"a notice of SNS": `{"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:us-west-2:1:t","Message":"You have chosen"}`,
		"text by SNS":     `{"Type":"Notification","TopicArn":"arn:aws:sns:us-west-2:1:t","Message":"hello"}`,
		"no topic":        `{"Type":"Notification","Message":"{\"Event\":\"s3:TestEvent\"}"}`,
	} {
		if got, ok, err := ParseEvents(body); ok || err != nil || got != nil {
			t.Errorf("%s: got %+v, %v, %v, want no event", name, got, ok, err)
		}
	}
}

func TestEventsThatChange(t *testing.T) {
	for name, want := range map[string]bool{
		"ObjectCreated:CompleteMultipartUpload":         true,
		"ObjectCreated:Copy":                            true,
		"ObjectRemoved:Delete":                          true,
		"ObjectRemoved:DeleteMarkerCreated":             true,
		"LifecycleExpiration:Delete":                    true,
		"ObjectTagging:Put":                             false,
		"ObjectRestore:Post":                            false,
		"Replication:OperationMissedThreshold":          false,
		"ReducedRedundancyLostObject":                   false,
		"IntelligentTiering":                            false,
		"ObjectAcl:Put":                                 false,
		"":                                              false,
		"LifecycleTransition":                           false,
		"LifecycleExpiration:DeleteMarkerCreated":       true,
		"ObjectCreatedAndSomethingThatDoesNotExistYet:": false,
	} {
		if got := (Event{Name: name}).Changes(); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func FuzzEvents(f *testing.F) {
	f.Add(fromS3, "cats/red flower+été%2F.jpg")
	f.Add(`{"Records":[{}]}`, "a?b#c&d=e.png")
	f.Add(`{"Type":"Notification","TopicArn":"t","Message":"{}"}`, "")
	f.Add(`{"source":"aws.s3","detail":{}}`, "")
	f.Fuzz(func(t *testing.T, body, key string) {
		_, _, _ = ParseEvents(body) // It must not panic.
		if !utf8.ValidString(key) {
			return // JSON cannot represent it, and S3 has no such keys.
		}
		want := Event{"ObjectCreated:Put", "pictures", key}
		got, ok, err := ParseEvents(want.Encode())
		if err != nil || !ok || len(got) != 1 || got[0] != want {
			t.Errorf("got %+v, %v, %v, want %+v", got, ok, err, want)
		}
	})
}
