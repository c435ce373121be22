package sqsd_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// queryClient calls the server as older SDKs do: a signed form in, XML out.
type queryClient struct {
	t   *testing.T
	url string
}

func (c queryClient) call(out any, parameters ...string) int {
	c.t.Helper()
	form := url.Values{"Version": {"2012-11-05"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	body := []byte(form.Encode())
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}
	if err := v4.NewSigner().SignHTTP(c.t.Context(), credentials, r, hex.EncodeToString(sum[:]), "sqs", region, time.Now()); err != nil {
		c.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := xml.Unmarshal(answer, out); err != nil {
		c.t.Fatalf("%v in\n%s", err, answer)
	}
	return response.StatusCode
}

type queryPair struct {
	Name, Key, Value string
}

func TestQueryProtocol(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "queues.db"))
	front := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Drain()
		front.Close()
	})
	c := queryClient{t, front.URL}
	var queue struct {
		XMLName xml.Name
		URL     string `xml:"CreateQueueResult>QueueUrl"`
		Request string `xml:"ResponseMetadata>RequestId"`
	}
	c.call(&queue, "Action", "CreateQueue", "QueueName", "old", "Attribute.1.Name", "VisibilityTimeout", "Attribute.1.Value", "7",
		"Tag.1.Key", "team", "Tag.1.Value", "pictures")
	if queue.XMLName.Local != "CreateQueueResponse" || queue.URL != front.URL+"/000000000000/old" || queue.Request == "" {
		t.Fatalf("got %+v", queue)
	}
	var settings struct {
		Attributes []queryPair `xml:"GetQueueAttributesResult>Attribute"`
	}
	c.call(&settings, "Action", "GetQueueAttributes", "QueueUrl", queue.URL, "AttributeName.1", "VisibilityTimeout", "AttributeName.2", "QueueArn")
	if got := settings.Attributes; len(got) != 2 || got[1] != (queryPair{Name: "VisibilityTimeout", Value: "7"}) {
		t.Errorf("got %+v", got)
	}
	var tags struct {
		Tags []queryPair `xml:"ListQueueTagsResult>Tag"`
	}
	c.call(&tags, "Action", "ListQueueTags", "QueueUrl", queue.URL)
	if len(tags.Tags) != 1 || tags.Tags[0] != (queryPair{Key: "team", Value: "pictures"}) {
		t.Errorf("got %+v", tags)
	}

	const text = `<a & "b">` + "\n\ttabs é"
	var sent struct {
		ID string `xml:"SendMessageResult>MessageId"`
	}
	c.call(&sent, "Action", "SendMessage", "QueueUrl", queue.URL, "MessageBody", text, "DelaySeconds", "0",
		"MessageAttribute.1.Name", "n", "MessageAttribute.1.Value.DataType", "Number", "MessageAttribute.1.Value.StringValue", "5")
	var batch struct {
		Successful []struct {
			ID string `xml:"Id"`
		} `xml:"SendMessageBatchResult>SendMessageBatchResultEntry"`
		Failed []struct{ Code string } `xml:"SendMessageBatchResult>BatchResultErrorEntry"`
	}
	c.call(&batch, "Action", "SendMessageBatch", "QueueUrl", queue.URL,
		"SendMessageBatchRequestEntry.1.Id", "one", "SendMessageBatchRequestEntry.1.MessageBody", "b", "SendMessageBatchRequestEntry.1.DelaySeconds", "900",
		"SendMessageBatchRequestEntry.2.Id", "two", "SendMessageBatchRequestEntry.2.MessageBody", "\x01")
	if len(batch.Successful) != 1 || batch.Successful[0].ID != "one" || len(batch.Failed) != 1 || batch.Failed[0].Code != "InvalidMessageContents" {
		t.Errorf("got %+v", batch)
	}
	var got struct {
		Messages []struct {
			MessageID         string `xml:"MessageId"`
			Body              string
			ReceiptHandle     string
			Attributes        []queryPair `xml:"Attribute"`
			MessageAttributes []struct {
				Name  string
				Value struct{ DataType, StringValue string }
			} `xml:"MessageAttribute"`
		} `xml:"ReceiveMessageResult>Message"`
	}
	c.call(&got, "Action", "ReceiveMessage", "QueueUrl", queue.URL, "WaitTimeSeconds", "1", "MaxNumberOfMessages", "10",
		"AttributeName.1", "ApproximateReceiveCount", "MessageAttributeName.1", "All")
	if len(got.Messages) != 1 {
		t.Fatalf("got %+v", got)
	}
	m := got.Messages[0]
	if m.MessageID != sent.ID || m.Body != text || len(m.Attributes) != 1 || m.Attributes[0].Value != "1" ||
		len(m.MessageAttributes) != 1 || m.MessageAttributes[0].Value.StringValue != "5" {
		t.Errorf("got %+v", m)
	}
	var done struct {
		XMLName xml.Name
		Request string `xml:"ResponseMetadata>RequestId"`
	}
	// An empty result is an element, too.
	for action, parameters := range map[string][]string{
		"ReceiveMessage":             {"QueueUrl", queue.URL},
		"ListQueues":                 {"QueueNamePrefix", "none"},
		"ListDeadLetterSourceQueues": {"QueueUrl", queue.URL},
	} {
		var empty struct {
			Inner string `xml:",innerxml"`
		}
		c.call(&empty, append([]string{"Action", action}, parameters...)...)
		if !strings.HasPrefix(empty.Inner, "<"+action+"Result></"+action+"Result>") {
			t.Errorf("%s: got %s", action, empty.Inner)
		}
	}
	// Some clients call the queue's own URL and do not name it again.
	own := queryClient{t, queue.URL}
	if own.call(&done, "Action", "DeleteMessage", "ReceiptHandle", m.ReceiptHandle); done.XMLName.Local != "DeleteMessageResponse" || done.Request == "" {
		t.Errorf("got %+v", done)
	}

	var fault struct {
		Error struct{ Type, Code, Message string }
	}
	for want, parameters := range map[string][]string{
		"AWS.SimpleQueueService.NonExistentQueue": {"Action", "GetQueueUrl", "QueueName", "absent"},
		"MissingAction": {"QueueName", "absent"},
		"AWS.SimpleQueueService.UnsupportedOperation": {"Action", "AddPermission", "QueueUrl", queue.URL},
		"InvalidParameterValue":                       {"Action", "ReceiveMessage", "QueueUrl", queue.URL, "WaitTimeSeconds", "soon"},
	} {
		if status := c.call(&fault, parameters...); status != http.StatusBadRequest || fault.Error.Code != want || fault.Error.Type != "Sender" {
			t.Errorf("%s: got %d %+v", want, status, fault.Error)
		}
	}
}

// A form without a signature is refused, in the client's own protocol.
func TestQueryUnsigned(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "queues.db"))
	front := httptest.NewServer(s)
	defer front.Close()
	response, err := http.PostForm(front.URL, url.Values{"Action": {"ListQueues"}})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var fault struct {
		Error struct{ Code string }
	}
	if err := xml.NewDecoder(response.Body).Decode(&fault); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusForbidden || fault.Error.Code != "MissingAuthenticationToken" {
		t.Errorf("got %d %s", response.StatusCode, fault.Error.Code)
	}
}
