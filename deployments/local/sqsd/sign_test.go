package sqsd_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// request is how a signed ListQueues call is altered.
type request struct {
	key, secret, region, service, token string
	age                                 time.Duration
	alter                               func(*http.Request)
}

func (q request) send(t *testing.T, endpoint string) (status int, header http.Header, body []byte) {
	t.Helper()
	payload := []byte(`{"MaxResults":7}`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint+"/", bytes.NewReader(payload))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "AmazonSQS.ListQueues")
	sum := sha256.Sum256(payload)
	or := func(v, absent string) string {
		if v == "" {
			return absent
		}
		return v
	}
	who := aws.Credentials{AccessKeyID: or(q.key, accessKey), SecretAccessKey: or(q.secret, secretKey), SessionToken: q.token}
	err = v4.NewSigner().SignHTTP(t.Context(), who, r, hex.EncodeToString(sum[:]), or(q.service, "sqs"), or(q.region, region),
		time.Now().Add(-q.age))
	if err != nil {
		t.Fatal(err)
	}
	if q.alter != nil {
		q.alter(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, body
}

func TestSignature(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "queues.db"))
	front := httptest.NewServer(s)
	defer front.Close()

	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	authorization := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
		}
	}
	body := func(b string) func(*http.Request) {
		return func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(b)) }
	}
	const mismatch = "SignatureDoesNotMatch"
	for name, tt := range map[string]struct {
		request
		want string // the error code, "" for 200
	}{
		"right":                {request{}, ""},
		"10 minutes old":       {request{age: 10 * time.Minute}, ""},
		"session token":        {request{token: "t"}, ""},
		"unsigned header":      {request{alter: header("X-Other", "v")}, ""},
		"wrong secret":         {request{secret: "wrong"}, mismatch},
		"unknown key":          {request{key: "AKIDOTHER"}, "InvalidClientTokenId"},
		"other region":         {request{region: "eu-west-1"}, mismatch},
		"other service":        {request{service: "s3"}, mismatch},
		"20 minutes old":       {request{age: 20 * time.Minute}, mismatch},
		"20 minutes early":     {request{age: -20 * time.Minute}, mismatch},
		"no authorization":     {request{alter: func(r *http.Request) { r.Header.Del("Authorization") }}, "MissingAuthenticationToken"},
		"other scheme":         {request{alter: header("Authorization", "Basic YTpi")}, "IncompleteSignature"},
		"no signature":         {request{alter: authorization("Signature=", "Sgntr=")}, "IncompleteSignature"},
		"no signed headers":    {request{alter: authorization("SignedHeaders=", "Headers=")}, "IncompleteSignature"},
		"short scope":          {request{alter: authorization("/aws4_request", "")}, "IncompleteSignature"},
		"target not signed":    {request{alter: authorization(";x-amz-target", "")}, mismatch},
		"date not of the day":  {request{alter: header("X-Amz-Date", "20200101T000000Z")}, mismatch},
		"no date":              {request{alter: func(r *http.Request) { r.Header.Del("X-Amz-Date") }}, mismatch},
		"altered target":       {request{alter: header("X-Amz-Target", "AmazonSQS.PurgeQueue")}, mismatch},
		"altered body":         {request{alter: body(`{"MaxResults":8}`)}, mismatch},
		"altered query":        {request{alter: func(r *http.Request) { r.URL.RawQuery = "a=b" }}, mismatch},
		"altered path":         {request{alter: func(r *http.Request) { r.URL.Path = "/x" }}, mismatch},
		"altered host":         {request{alter: func(r *http.Request) { r.Host = "other" }}, mismatch},
		"altered content type": {request{alter: header("Content-Type", "text/plain")}, mismatch},
	} {
		status, head, answer := tt.send(t, front.URL)
		got, _, _ := strings.Cut(head.Get("X-Amzn-Query-Error"), ";")
		if got != tt.want || (status == http.StatusOK) != (got == "") || got != "" && status != http.StatusForbidden {
			t.Errorf("%s: got %d %s, want %q\n%s", name, status, got, tt.want, answer)
		}
	}
}

// TestSDKSignature checks that the SDK reports what TestSignature sees on the wire.
func TestSDKSignature(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "queues.db"))
	front := httptest.NewServer(s)
	defer front.Close()
	for want, keys := range map[string]aws.CredentialsProvider{
		"":                      credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		"SignatureDoesNotMatch": credentials.NewStaticCredentialsProvider(accessKey, "wrong", ""),
		"InvalidClientTokenId":  credentials.NewStaticCredentialsProvider("AKIDOTHER", secretKey, ""),
	} {
		c := client(front.URL, func(o *sqs.Options) { o.Credentials = keys })
		if _, err := c.ListQueues(t.Context(), &sqs.ListQueuesInput{}); code(err) != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestProtocol(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "queues.db"))
	front := httptest.NewServer(s)
	defer front.Close()

	t.Run("error shape", func(t *testing.T) {
		var raw []byte
		c := client(front.URL, func(o *sqs.Options) { o.HTTPClient = &tap{o.HTTPClient, &raw} })
		_, err := c.GetQueueUrl(context.Background(), &sqs.GetQueueUrlInput{QueueName: aws.String("absent")})
		var answer map[string]string
		if err := json.Unmarshal(raw, &answer); err != nil {
			t.Fatal(err)
		}
		if got := answer["__type"]; got != "com.amazonaws.sqs#QueueDoesNotExist" || code(err) != "AWS.SimpleQueueService.NonExistentQueue" {
			t.Errorf("got %s, %v", got, err)
		}
	})
}

// tap keeps the body of the last response.
type tap struct {
	sqs.HTTPClient
	body *[]byte
}

func (h *tap) Do(r *http.Request) (*http.Response, error) {
	resp, err := h.HTTPClient.Do(r)
	if err == nil {
		*h.body, err = io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(bytes.NewReader(*h.body))
	}
	return resp, err
}
