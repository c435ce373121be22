package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

// attach runs attach.jq as docs/deployment.md does.
func attach(t *testing.T, distribution, path string) (result, stderr string, err error) {
	t.Helper()
	outputs, err := os.ReadFile(filepath.Join("testdata", "outputs.json"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "jq", "-f", "attach.jq", "--argjson", "outputs", string(outputs), "--arg", "path", path)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(distribution), &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func recorded(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "distribution.json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// configuration decodes a result. Each of its names must be one of CloudFront's.
func configuration(t *testing.T, text string) *types.DistributionConfig {
	t.Helper()
	config := &types.DistributionConfig{}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(config); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return config
}

// The behaviour of the pictures and its origin change, and nothing else. The SDK finds the
// result complete, and a second run changes nothing.
func TestAttach(t *testing.T) {
	result, stderr, err := attach(t, recorded(t), "/photos/*")
	if err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	var before struct{ DistributionConfig json.RawMessage }
	if err := json.Unmarshal([]byte(recorded(t)), &before); err != nil {
		t.Fatal(err)
	}
	got, want := configuration(t, result), configuration(t, string(before.DistributionConfig))

	behaviour := &want.CacheBehaviors.Items[0]
	//lint:ignore SA1019 A cache policy replaces these: a configuration may have them still.
	behaviour.ForwardedValues, behaviour.MinTTL, behaviour.DefaultTTL, behaviour.MaxTTL = nil, nil, nil, nil
	behaviour.CachePolicyId = aws.String("11111111-2222-3333-4444-555555555555")
	behaviour.ResponseHeadersPolicyId = aws.String("66666666-7777-8888-9999-000000000000")
	function := aws.String("arn:aws:lambda:us-east-1:123456789012:function:calotype-edge:3")
	behaviour.LambdaFunctionAssociations = &types.LambdaFunctionAssociations{Quantity: aws.Int32(2), Items: []types.LambdaFunctionAssociation{
		{EventType: types.EventTypeOriginRequest, LambdaFunctionARN: function, IncludeBody: aws.Bool(false)},
		{EventType: types.EventTypeOriginResponse, LambdaFunctionARN: function, IncludeBody: aws.Bool(false)},
	}}
	behaviour.FunctionAssociations = &types.FunctionAssociations{Quantity: aws.Int32(2), Items: []types.FunctionAssociation{
		{EventType: types.EventTypeViewerResponse, FunctionARN: aws.String("arn:aws:cloudfront::123456789012:function/cors")},
		{EventType: types.EventTypeViewerRequest, FunctionARN: aws.String("arn:aws:cloudfront::123456789012:function/us-east-1calotypeViewer")},
	}}
	origin := &want.Origins.Items[1]
	origin.OriginShield = &types.OriginShield{Enabled: aws.Bool(true), OriginShieldRegion: aws.String("us-east-1")}
	origin.CustomHeaders = &types.CustomHeaders{Quantity: aws.Int32(5)}
	for _, h := range [][2]string{
		{"X-From", "cdn"}, {"X-Env-Bucket-Name", "photos-of-ours"}, {"X-Env-Resized-Path", "resized"}, {"X-Env-Quality", "80"},
		{"X-Env-Queue-Url", "https://sqs.us-east-1.amazonaws.com/123456789012/calotype-jobs"},
	} {
		origin.CustomHeaders.Items = append(origin.CustomHeaders.Items, types.OriginCustomHeader{HeaderName: aws.String(h[0]), HeaderValue: aws.String(h[1])})
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s", text(got), text(want))
	}
	update(t, got)

	again, stderr, err := attach(t, `{"DistributionConfig": `+result+`}`, "/photos/*")
	if err != nil || again != result {
		t.Errorf("a second run: %v, %s\n%s\nwant no change:\n%s", err, stderr, again, result)
	}
	newer := strings.ReplaceAll(result, "calotype-edge:3", "calotype-edge:2")
	if again, _, err = attach(t, `{"DistributionConfig": `+newer+`}`, "/photos/*"); err != nil || again != result {
		t.Errorf("another version of the function does not take the older one's place: %v", err)
	}
}

// update sends the configuration as the SDK does, which checks that nothing is missing.
func update(t *testing.T, config *types.DistributionConfig) {
	t.Helper()
	var sent string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = r.Method + " " + r.URL.Path
		w.WriteHeader(http.StatusOK)
	}))
	defer server.Close()
	client := cloudfront.New(cloudfront.Options{
		BaseEndpoint: &server.URL, Region: "us-east-1", HTTPClient: server.Client(),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	_, _ = client.UpdateDistribution(context.Background(), &cloudfront.UpdateDistributionInput{Id: aws.String("E1"), IfMatch: aws.String("E2"), DistributionConfig: config})
	if !strings.HasPrefix(sent, "PUT ") {
		t.Errorf("the SDK did not send the configuration: %q", sent)
	}
}

func TestAttachRefuses(t *testing.T) {
	whole := recorded(t)
	for name, c := range map[string]struct{ distribution, path, want string }{
		"another function": {whole, "", "the behaviour has another function at origin-request: arn:aws:lambda:us-east-1:123456789012:function:site:7"},
		"no such path":     {whole, "/none/*", "there is no behaviour with the path pattern /none/*"},
		"origin group":     {whole, "/grouped/*", "the behaviour's origin both is a group"},
		"origin path":      {strings.Replace(whole, `us-east-1.amazonaws.com", "OriginPath": ""`, `us-east-1.amazonaws.com", "OriginPath": "/v1"`, 1), "/photos/*", "the origin pictures has the path /v1"},
		"viewer function":  {strings.Replace(whole, `"EventType": "viewer-response"`, `"EventType": "viewer-request"`, 1), "/photos/*", "the behaviour has another function at viewer-request"},
		"not a bucket":     {strings.Replace(whole, `"TargetOriginId": "pictures"`, `"TargetOriginId": "site"`, 1), "/photos/*", "the origin site is not a bucket"},
		"Lambda@Edge at the viewer": {
			strings.Replace(whole, `"LambdaFunctionAssociations": {"Quantity": 0}`, `"LambdaFunctionAssociations": {"Quantity": 1, "Items": [{"LambdaFunctionARN": "arn:x:1", "EventType": "viewer-request"}]}`, 1),
			"/photos/*", "excludes CloudFront Functions",
		},
	} {
		result, stderr, err := attach(t, c.distribution, c.path)
		if err == nil || !strings.Contains(stderr, c.want) || result != "" {
			t.Errorf("%s: %v, %q, %s, want %q", name, err, result, stderr, c.want)
		}
	}
}
