package sqsd_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const maxMessage = 1 << 20

func str(v string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &v}
}

func checkSendReceiveDelete(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, map[string]string{"VisibilityTimeout": "1"})
	body := "kitty & <friends> \"\\ \t\r\n é 猫 🐈"
	before := time.Now().Add(-time.Minute)
	sent := send(t, c, queue, body)

	m := mustReceive(t, c, queue, 20)
	if *m.Body != body || *m.MessageId != *sent.MessageId || *m.MD5OfBody != *sent.MD5OfMessageBody {
		t.Errorf("got %q %s %s, want %q %s %s", *m.Body, *m.MessageId, *m.MD5OfBody, body, *sent.MessageId, *sent.MD5OfMessageBody)
	}
	if m.Attributes["ApproximateReceiveCount"] != "1" || m.Attributes["SenderId"] == "" {
		t.Errorf("attributes = %v", m.Attributes)
	}
	for _, name := range []string{"SentTimestamp", "ApproximateFirstReceiveTimestamp"} {
		ms, err := strconv.ParseInt(m.Attributes[name], 10, 64)
		if at := time.UnixMilli(ms); err != nil || at.Before(before) || at.After(before.Add(time.Hour)) {
			t.Errorf("%s = %q", name, m.Attributes[name])
		}
	}
	remove(t, c, queue, m)
	remove(t, c, queue, m) // deleting twice is not an error
	if m := receive(t, c, queue, 2); m != nil {
		t.Errorf("got %q after its deletion", *m.Body)
	}

	_, err := c.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: queue, ReceiptHandle: aws.String("garbage")})
	if !is[*types.ReceiptHandleIsInvalid](err) {
		t.Errorf("delete by garbage: got %v, want ReceiptHandleIsInvalid", err)
	}
}

func checkMessageAttributes(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	want := map[string]types.MessageAttributeValue{
		"text":      str("löng"),
		"count":     {DataType: aws.String("Number"), StringValue: aws.String("-12.5e3")},
		"port.tcp":  {DataType: aws.String("Number.int"), StringValue: aws.String("443")},
		"blob-data": {DataType: aws.String("Binary.png"), BinaryValue: []byte{0, 1, 0xff}},
	}
	sent, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: queue, MessageBody: aws.String("b"), MessageAttributes: want,
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String("Root=1-5759e988-bd862e3fe1be46a994272793")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := mustReceive(t, c, queue, 20)
	for name, w := range want {
		g := m.MessageAttributes[name]
		if aws.ToString(g.DataType) != *w.DataType || aws.ToString(g.StringValue) != aws.ToString(w.StringValue) ||
			!bytes.Equal(g.BinaryValue, w.BinaryValue) {
			t.Errorf("%s = %v, want %v", name, g, w)
		}
	}
	const md5 = "d7710a19f7390bcdd8577fc53b8a835a"
	if got := aws.ToString(sent.MD5OfMessageAttributes); got != md5 || aws.ToString(m.MD5OfMessageAttributes) != md5 {
		t.Errorf("MD5 of attributes = %s and %s, want %s", got, aws.ToString(m.MD5OfMessageAttributes), md5)
	}
	if aws.ToString(sent.MD5OfMessageSystemAttributes) == "" {
		t.Error("no MD5 of system attributes")
	}
	if got := m.Attributes["AWSTraceHeader"]; !strings.HasPrefix(got, "Root=1-") {
		t.Errorf("AWSTraceHeader = %q", got)
	}
}

func checkMessageAttributeFilters(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, map[string]string{"VisibilityTimeout": "0"})
	_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: queue, MessageBody: aws.String("b"),
		MessageAttributes: map[string]types.MessageAttributeValue{"job.a": str("1"), "job.b": str("2"), "other": str("3")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ ask, want []string }{
		"none":    {nil, nil},
		"All":     {[]string{"All"}, []string{"job.a", "job.b", "other"}},
		".*":      {[]string{".*"}, []string{"job.a", "job.b", "other"}},
		"prefix":  {[]string{"job.*"}, []string{"job.a", "job.b"}},
		"names":   {[]string{"other", "job.b", "absent"}, []string{"job.b", "other"}},
		"unknown": {[]string{"absent"}, nil},
	} {
		out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: queue, WaitTimeSeconds: 20, MessageAttributeNames: tt.ask,
			AttributeNames: []types.QueueAttributeName{"SentTimestamp"},
		})
		if err != nil || len(out.Messages) != 1 {
			t.Fatalf("%s: got %v, %v; want one message", name, out, err)
		}
		m := out.Messages[0]
		var got []string
		for n := range m.MessageAttributes {
			got = append(got, n)
		}
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
		if len(m.Attributes) != 1 || m.Attributes["SentTimestamp"] == "" {
			t.Errorf("%s: attributes = %v, want SentTimestamp alone", name, m.Attributes)
		}
	}
}

func checkMessageRefused(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	attribute := func(name, kind, value string) *sqs.SendMessageInput {
		return &sqs.SendMessageInput{MessageBody: aws.String("b"), MessageAttributes: map[string]types.MessageAttributeValue{
			name: {DataType: &kind, StringValue: &value},
		}}
	}
	many := map[string]types.MessageAttributeValue{}
	for i := range 11 {
		many["a"+strconv.Itoa(i)] = str("v")
	}
	for name, tt := range map[string]struct {
		in   *sqs.SendMessageInput
		want string
	}{
		"empty body":         {&sqs.SendMessageInput{MessageBody: aws.String("")}, "MissingParameter"},
		"delay":              {&sqs.SendMessageInput{MessageBody: aws.String("b"), DelaySeconds: 901}, "InvalidParameterValue"},
		"delay negative":     {&sqs.SendMessageInput{MessageBody: aws.String("b"), DelaySeconds: -1}, "InvalidParameterValue"},
		"attribute type":     {attribute("a", "Text", "v"), "InvalidParameterValue"},
		"attribute empty":    {attribute("a", "String", ""), "InvalidParameterValue"},
		"attribute number":   {attribute("a", "Number", "many"), "InvalidParameterValue"},
		"attribute name":     {attribute("a b", "String", "v"), "InvalidParameterValue"},
		"attribute dots":     {attribute("a..b", "String", "v"), "InvalidParameterValue"},
		"attribute reserved": {attribute("AWS.a", "String", "v"), "InvalidParameterValue"},
		"attributes":         {&sqs.SendMessageInput{MessageBody: aws.String("b"), MessageAttributes: many}, "InvalidParameterValue"},
	} {
		tt.in.QueueUrl = queue
		if _, err := c.SendMessage(t.Context(), tt.in); code(err) != tt.want {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
}

func checkMessageSize(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	full := strings.Repeat("x", maxMessage)
	in := &sqs.SendMessageInput{QueueUrl: queue, MessageBody: &full}
	if _, err := c.SendMessage(t.Context(), in); err != nil {
		t.Errorf("1 MiB: %v", err)
	}
	if m := mustReceive(t, c, queue, 20); *m.Body != full {
		t.Errorf("got %d bytes back, want %d", len(*m.Body), maxMessage)
	}
	in.MessageAttributes = map[string]types.MessageAttributeValue{"a": str("v")}
	if _, err := c.SendMessage(t.Context(), in); code(err) != "InvalidParameterValue" {
		t.Errorf("1 MiB and an attribute: got %v, want InvalidParameterValue", err)
	}
	over := full + "x"
	_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue, MessageBody: &over})
	if code(err) != "InvalidParameterValue" {
		t.Errorf("1 MiB and a byte: got %v, want InvalidParameterValue", err)
	}
}

func checkMessageCharacters(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	for _, body := range []string{"\t\n\r ", "\u007f\ud7ff", "\ue000\ufffd", "\U00010000\U0010ffff"} {
		send(t, c, queue, body)
	}
	for _, body := range []string{"a\x00", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff"} {
		_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue, MessageBody: &body})
		if !is[*types.InvalidMessageContents](err) {
			t.Errorf("%q: got %v, want InvalidMessageContents", body, err)
		}
	}
}

// checkMessageGroup tests fair queues: standard queues whose messages name a group.
func checkMessageGroup(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: queue, MessageBody: aws.String("b"), MessageGroupId: aws.String("tenant-1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := mustReceive(t, c, queue, 20).Attributes["MessageGroupId"]; got != "tenant-1" {
		t.Errorf("MessageGroupId = %q, want tenant-1", got)
	}
}

func checkReceiveRefused(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	for name, in := range map[string]*sqs.ReceiveMessageInput{
		"11 messages":         {MaxNumberOfMessages: 11},
		"-1 messages":         {MaxNumberOfMessages: -1},
		"wait of 21 s":        {WaitTimeSeconds: 21},
		"visibility too long": {VisibilityTimeout: 43201},
	} {
		in.QueueUrl = queue
		if _, err := c.ReceiveMessage(t.Context(), in); code(err) != "InvalidParameterValue" {
			t.Errorf("%s: got %v, want InvalidParameterValue", name, err)
		}
	}
}
