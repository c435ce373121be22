package sqsd

import (
	"maps"
	"testing"
)

func FuzzReceiptHandle(f *testing.F) {
	f.Add(receiptHandle{1, 2, 3}.String())
	f.Add("")
	f.Add("garbage")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parseHandle(s)
		if err == nil && h.String() != s {
			t.Errorf("%q parses as %v, which writes %q", s, h, h.String())
		}
	})
}

func TestReceiptHandle(t *testing.T) {
	for _, want := range []receiptHandle{{}, {1, 2, 3}, {-1, 1 << 62, 7}} {
		if got, err := parseHandle(want.String()); err != nil || got != want {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
}

func FuzzRedrive(f *testing.F) {
	f.Add(`{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"5"}`)
	f.Add(`{"maxReceiveCount":5}`)
	f.Add("{\"deadLetterTargetArn\":\"\x7f\",\"maxReceiveCount\":1}")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		want, err := parseRedrive(s)
		if err != nil {
			return
		}
		if got, err := parseRedrive(want.String()); err != nil || got != want {
			t.Errorf("%q: got %v, %v; want %v", s, got, err, want)
		}
	})
}

func FuzzAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=K/20260102/us-east-1/sqs/aws4_request, SignedHeaders=host;x-amz-date, Signature=0f")
	f.Add("Basic YTpi")
	f.Fuzz(func(t *testing.T, s string) {
		auth, err := parseAuthorization(s)
		if err == nil && (auth.signature == "" || len(auth.headers) == 0) {
			t.Errorf("%q was accepted as %+v", s, auth)
		}
	})
}

func TestSettings(t *testing.T) {
	want := map[string]string{
		"VisibilityTimeout": "1", "DelaySeconds": "2", "ReceiveMessageWaitTimeSeconds": "3",
		"MessageRetentionPeriod": "61", "MaximumMessageSize": "1024",
		"RedrivePolicy":      `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":5}`,
		"RedriveAllowPolicy": `{"redrivePermission":"byQueue","sourceQueueArns":["a","b"]}`,
	}
	s, err := defaultSettings().with(want)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.attributes(); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	bare, err := s.with(map[string]string{"RedrivePolicy": "", "RedriveAllowPolicy": ""})
	if err != nil || bare.Redrive != (redrive{}) || bare.Allow != "" {
		t.Errorf("policies set to nothing: got %+v, %v", bare, err)
	}
}

// TestDigestAttributes compares with a digest from SQS itself, which the tests of several
// SDKs and emulators contain.
func TestDigestAttributes(t *testing.T) {
	got := digestAttributes(map[string]attribute{"timestamp": {DataType: "Number", StringValue: "1493147359900"}})
	if want := "235c5c510d26fb653d073faed50ae77c"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := digestAttributes(nil); got != "" {
		t.Errorf("digest of nothing = %s", got)
	}
}
