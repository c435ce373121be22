package main

import (
	"fmt"
	"maps"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"calotype"
	"calotype/edge/cloudfront"
)

func TestDistribution(t *testing.T) {
	stack := synthesise(t, nil)["calotype"]
	distribution := stack.one(t, "AWS::CloudFront::Distribution", "Distribution")
	distribution.has(t, map[string]any{
		"DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy":                   "redirect-to-https",
		"DistributionConfig.DefaultCacheBehavior.AllowedMethods":                         []string{"GET", "HEAD"},
		"DistributionConfig.DefaultCacheBehavior.FunctionAssociations.0.EventType":       "viewer-request",
		"DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations.0.EventType": "origin-request",
		"DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations.1.EventType": "origin-response",
		"DistributionConfig.Origins.0.OriginShield":                                      map[string]any{"Enabled": true, "OriginShieldRegion": "us-east-1"},
		"DistributionConfig.Origins.0.S3OriginConfig":                                    map[string]any{"OriginAccessIdentity": ""},
		"DistributionConfig.Origins.0.ConnectionAttempts":                                3,
		"DistributionConfig.Origins.0.ConnectionTimeout":                                 10,
		"DistributionConfig.Origins.1":                                                   nil,
		"DistributionConfig.OriginGroups":                                                nil,
		"DistributionConfig.Aliases":                                                     nil,
	})
	if distribution.Properties.at("DistributionConfig.Origins.0.OriginAccessControlId") == nil {
		t.Error("the origin is read without access control")
	}
	associations := "DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations."
	version := distribution.Properties.at(associations + "0.LambdaFunctionARN.Ref")
	if id, _ := version.(string); stack.Resources[id].Type != "AWS::Lambda::Version" || version != distribution.Properties.at(associations+"1.LambdaFunctionARN.Ref") {
		t.Errorf("both events must have the same numbered version, not %v", version)
	}
	stack.one(t, "AWS::CloudFront::CachePolicy", "Cache").has(t, map[string]any{
		"CachePolicyConfig.MinTTL":     0,
		"CachePolicyConfig.DefaultTTL": 86400,
		"CachePolicyConfig.MaxTTL":     31536000,
		"CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.QueryStringsConfig": map[string]any{
			"QueryStringBehavior": "whitelist", "QueryStrings": []string{"size", "to_webp", "format"},
		},
		"CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.HeadersConfig.HeaderBehavior": "none",
		"CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.CookiesConfig.CookieBehavior": "none",
	})
	stack.one(t, "AWS::CloudFront::ResponseHeadersPolicy", "Headers").has(t, map[string]any{
		"ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentTypeOptions.Override": true,
		"ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowOrigins.Items":        []string{"*"},
		"ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowCredentials":          false,
		"ResponseHeadersPolicyConfig.CustomHeadersConfig.Items.0.Header":                "Timing-Allow-Origin",
		"ResponseHeadersPolicyConfig.CustomHeadersConfig.Items.0.Value":                 "*",
	})
	headers, _ := distribution.Properties.at("DistributionConfig.DefaultCacheBehavior.ResponseHeadersPolicyId.Ref").(string)
	if stack.Resources[headers].Type != "AWS::CloudFront::ResponseHeadersPolicy" {
		t.Error("the distribution does not use the policy of response headers")
	}
	stack.one(t, "AWS::CloudFront::OriginAccessControl", "Access").has(t, map[string]any{
		"OriginAccessControlConfig.SigningBehavior": "always", "OriginAccessControlConfig.SigningProtocol": "sigv4",
	})
}

func TestFunctionFitsLambdaEdge(t *testing.T) {
	stack := synthesise(t, nil)["calotype"]
	stack.one(t, "AWS::Lambda::Function", "Edge").has(t, map[string]any{
		"Handler": "index.handler", "Runtime": "nodejs24.x", "Architectures": []string{"x86_64"}, "MemorySize": 256, "Timeout": 5,
		// Lambda@Edge allows none of these.
		"Environment": nil, "Layers": nil, "VpcConfig": nil, "DeadLetterConfig": nil, "TracingConfig": nil, "KmsKeyArn": nil, "EphemeralStorage": nil,
	})
	if version := stack.one(t, "AWS::Lambda::Version", "Edge"); version.DeletionPolicy != "Retain" {
		t.Error("a version of which CloudFront still has copies would be removed")
	}
	stack.one(t, "AWS::IAM::Role", "EdgeRole").has(t, map[string]any{
		"AssumeRolePolicyDocument.Statement.0.Principal.Service": []string{"edgelambda.amazonaws.com", "lambda.amazonaws.com"},
		"AssumeRolePolicyDocument.Statement.1":                   nil,
		"ManagedPolicyArns":                                      nil,
	})
}

// originOf returns an origin as CloudFront's events describe it, and its headers.
func originOf(t *testing.T, distribution resource, i int) (origin object, headers map[string]string) {
	t.Helper()
	list, ok := distribution.Properties.at(fmt.Sprintf("DistributionConfig.Origins.%d.OriginCustomHeaders", i)).([]any)
	if !ok {
		t.Fatalf("origin %d has no custom headers", i)
	}
	headers, custom := map[string]string{}, object{}
	for _, one := range list {
		header := one.(map[string]any)
		name, value := header["HeaderName"].(string), resolve(t, header["HeaderValue"])
		headers[name] = value
		custom[strings.ToLower(name)] = []object{{"key": name, "value": value}}
	}
	domain := resolve(t, distribution.Properties.at(fmt.Sprintf("DistributionConfig.Origins.%d.DomainName", i)))
	return object{"s3": object{"domainName": domain, "path": "", "customHeaders": custom}}, headers
}

// begin gives the edge function a request as CloudFront would with this origin.
func begin(function *cloudfront.Function, origin object) cloudfront.Step {
	return function.Start([]byte(text(object{"Records": []object{{"cf": object{
		"config":  object{"eventType": "origin-request", "requestId": "r"},
		"request": object{"method": "GET", "uri": "/kitty.jpg", "querystring": "size=M", "origin": origin},
	}}}})))
}

func TestSettings(t *testing.T) {
	want := map[string]string{
		"X-Env-Bucket-Name": "photos", "X-Env-Resized-Path": "resized", "X-Env-Quality": "80",
		"X-Env-Queue-Url": "https://sqs.us-east-1.amazonaws.com/123456789012/calotype-jobs",
	}
	for name, c := range map[string]struct {
		context map[string]any
		more    []map[string]string // Keyed by origin.
	}{
		"single origin": {nil, []map[string]string{{}}},
		"check source":  {map[string]any{"checkSource": true}, []map[string]string{{"X-Env-Check-Source": "true"}}},
		"limits":        {map[string]any{"edgeMaxJobs": 500, "edgeMaxSourceJobs": "8"}, []map[string]string{{"X-Env-Max-Jobs": "500", "X-Env-Max-Source-Jobs": "8"}}},
		"origin group":  {map[string]any{"mode": "origin-group"}, []map[string]string{{"X-Env-Role": "rendition"}, {"X-Env-Role": "original"}}},
	} {
		t.Run(name, func(t *testing.T) {
			distribution := synthesise(t, c.context)["calotype"].one(t, "AWS::CloudFront::Distribution", "Distribution")
			for i, more := range c.more {
				maps.Copy(more, want)
				if _, got := originOf(t, distribution, i); !maps.Equal(got, more) {
					t.Errorf("origin %d: got %v\nwant %v", i, got, more)
				}
			}
		})
	}
}

// The edge function gets the settings in the template, and must find the bucket, its Region, the
// folder and the queue in them.
func TestFunctionAcceptsItsSettings(t *testing.T) {
	rendition := cloudfront.Head{Bucket: "photos", Key: "resized/M/kitty.jpg", Region: "eu-west-1"}
	source := cloudfront.Head{Bucket: "photos", Key: "kitty.jpg", Region: "eu-west-1", Version: true}
	distribution := synthesise(t, map[string]any{"region": "eu-west-1"})["calotype-edge"].one(t, "AWS::CloudFront::Distribution", "Distribution")
	single, _ := originOf(t, distribution, 0)
	step := begin(&cloudfront.Function{Presets: calotype.DefaultPresets()}, single)
	for _, want := range []cloudfront.Head{rendition, source} {
		if len(step.Heads) != 1 || step.Heads[0] != want {
			t.Fatalf("it looks for %+v, want %+v: %+v", step.Heads, want, step.Answer)
		}
		status := 404
		if want == source {
			status = 200
		}
		step = step.Next(cloudfront.Result{Status: status})
	}
	if want := "https://sqs.eu-west-1.amazonaws.com/123456789012/calotype-jobs"; step.Send == nil || step.Send.QueueURL != want || !strings.Contains(step.Send.Body, `"quality":80`) {
		t.Errorf("it sends %+v, want a job with the quality to %s", step.Send, want)
	}
}

func TestOriginGroup(t *testing.T) {
	group := synthesise(t, map[string]any{"mode": "origin-group"})["calotype"].one(t, "AWS::CloudFront::Distribution", "Distribution")
	group.has(t, map[string]any{
		"DistributionConfig.OriginGroups.Items.0.Members.Items.0.OriginId":           group.Properties.at("DistributionConfig.Origins.0.Id"),
		"DistributionConfig.OriginGroups.Items.0.Members.Items.1.OriginId":           group.Properties.at("DistributionConfig.Origins.1.Id"),
		"DistributionConfig.OriginGroups.Items.0.FailoverCriteria.StatusCodes.Items": []int{403, 404, 500, 502, 503, 504},
		"DistributionConfig.DefaultCacheBehavior.TargetOriginId":                     group.Properties.at("DistributionConfig.OriginGroups.Items.0.Id"),
	})
	function := &cloudfront.Function{Presets: calotype.DefaultPresets()}
	first, _ := originOf(t, group, 0)
	if step := begin(function, first); step.Answer == nil || step.Answer.OriginPath != "/resized/M" {
		t.Errorf("the first origin is not that of renditions: %+v", step.Answer)
	}
	second, _ := originOf(t, group, 1)
	if step := begin(function, second); len(step.Heads) != 1 || step.Heads[0].Key != "kitty.jpg" {
		t.Errorf("the second origin is not that of originals: %+v", step)
	}
}

func TestViewerFunctionKnowsThePresets(t *testing.T) {
	function := synthesise(t, nil)["calotype"].one(t, "AWS::CloudFront::Function", "Viewer")
	function.has(t, map[string]any{"FunctionConfig.Runtime": "cloudfront-js-2.0", "AutoPublish": true})
	var names []string
	for _, p := range calotype.DefaultPresets() {
		names = append(names, p.Name)
	}
	if code := function.Properties["FunctionCode"].(string); !strings.Contains(code, "var sizes = "+text(names)+";") {
		t.Errorf("the presets %v are not in\n%s", names, code)
	}
}

// What is switched on at the edge is in the viewer function and the cache key as well.
func TestAutoAndWidths(t *testing.T) {
	stack := synthesise(t, map[string]any{"backfillQueue": true, "edgeAuto": "avif,webp", "edgeWidths": true, "presets": "presets-web.json"})["calotype"]
	code := stack.one(t, "AWS::CloudFront::Function", "Viewer").Properties["FunctionCode"].(string)
	for _, want := range []string{`var auto = ["avif","webp"];`, `["w320",320]`} {
		if !strings.Contains(code, want) {
			t.Errorf("%s is not in\n%s", want, code)
		}
	}
	stack.one(t, "AWS::CloudFront::CachePolicy", "Cache").has(t, map[string]any{
		"CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.QueryStringsConfig.QueryStrings": []string{"size", "to_webp", "format", "auto"},
	})
	if _, headers := originOf(t, stack.one(t, "AWS::CloudFront::Distribution", "Distribution"), 0); headers["X-Env-Backfill-Queue-Url"] != "https://sqs.us-east-1.amazonaws.com/123456789012/calotype-jobs-backfill" {
		t.Errorf("got the headers %v, want the queue for low priority", headers)
	}
	if policies := text(stack.one(t, "AWS::IAM::Role", "EdgeRole").Properties); !strings.Contains(policies, "calotype-jobs-backfill") {
		t.Error("the edge function may not send jobs of low priority")
	}
}

func TestAllowOrigin(t *testing.T) {
	synthesise(t, map[string]any{"allowOrigin": "none"})["calotype"].one(t, "AWS::CloudFront::ResponseHeadersPolicy", "Headers").has(t, map[string]any{
		"ResponseHeadersPolicyConfig.CorsConfig": nil, "ResponseHeadersPolicyConfig.CustomHeadersConfig": nil,
	})
}

func TestOwnDomain(t *testing.T) {
	certificate := "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
	synthesise(t, map[string]any{"domainName": "pictures.example.com", "certificateArn": certificate})["calotype"].
		one(t, "AWS::CloudFront::Distribution", "Distribution").has(t, map[string]any{
		"DistributionConfig.Aliases": []string{"pictures.example.com"},
		"DistributionConfig.ViewerCertificate": map[string]any{
			"AcmCertificateArn": certificate, "MinimumProtocolVersion": "TLSv1.2_2021", "SslSupportMethod": "sni-only",
		},
	})
}

// Outside us-east-1, the resources that CloudFront takes from there are in a separate
// stack, which names the bucket and the queue of the other Region.
func TestTwoStacks(t *testing.T) {
	stacks := synthesise(t, map[string]any{"region": "eu-west-1"})
	if got := slices.Sorted(maps.Keys(stacks)); !slices.Equal(got, []string{"calotype", "calotype-edge"}) {
		t.Fatalf("got the stacks %v", got)
	}
	front, home := stacks["calotype-edge"], stacks["calotype"]
	for _, kind := range []string{"AWS::CloudFront::Distribution", "AWS::CloudFront::Function", "AWS::Lambda::Version"} {
		if len(front.all(kind)) != 1 || len(home.all(kind)) != 0 {
			t.Errorf("%s must be in us-east-1", kind)
		}
	}
	distribution := front.one(t, "AWS::CloudFront::Distribution", "Distribution")
	distribution.has(t, map[string]any{
		"DistributionConfig.Origins.0.OriginShield.OriginShieldRegion": "eu-west-1",
		"DistributionConfig.Origins.0.DomainName":                      map[string]any{"Fn::Join": []any{"", []any{map[string]any{"Ref": "BucketName"}, ".s3.eu-west-1.amazonaws.com"}}},
	})
	home.one(t, "AWS::SQS::Queue", "Jobs").has(t, map[string]any{"QueueName": "calotype-jobs"})
	if len(front.all("AWS::CloudWatch::Alarm")) != 1 {
		t.Error("CloudFront's metrics are in us-east-1 only, so the alarm must be there too")
	}
	if text(front.Parameters["DestinationFolder"]) != text(home.Parameters["DestinationFolder"]) || text(front.Parameters["BucketName"]) != text(home.Parameters["BucketName"]) {
		t.Error("the stacks must have the same parameters: one command sets both")
	}
}

// Every setting that the edge function reads is the template's, or a context.
func TestEverySettingOfTheFunction(t *testing.T) {
	headers, err := edgeHeaders()
	if err != nil {
		t.Fatal(err)
	}
	contexts := []map[string]any{
		{"checkSource": true, "edgeMaxJobs": 500, "edgeMaxSourceJobs": 8, "edgePending": "best"},
		{"backfillQueue": true, "edgeAuto": "avif,webp", "edgeWidths": true, "cacheTags": true},
	}
	set := map[string]string{}
	for _, context := range contexts {
		_, own := originOf(t, synthesise(t, context)["calotype"].one(t, "AWS::CloudFront::Distribution", "Distribution"), 0)
		maps.Copy(set, own)
	}
	for name, value := range map[string]string{"X-Env-Role": "rendition", "X-Env-Bucket-Region": "us-east-1"} {
		set[name] = value // Of a group, and of other stores' names of hosts.
	}
	for _, header := range headers {
		if set[textproto.CanonicalMIMEHeaderKey(header)] == "" {
			t.Errorf("%s can not be set", header)
		}
	}
}
