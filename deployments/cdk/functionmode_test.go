package main

import (
	"slices"
	"strings"
	"testing"

	"calotype/internal/viewertest"
)

func TestFunctionMode(t *testing.T) {
	stack := synthesise(t, map[string]any{"mode": "function", "edgeAuto": "avif,webp", "purge": true})["calotype"]
	distribution := stack.one(t, "AWS::CloudFront::Distribution", "Distribution")
	const config = "DistributionConfig."
	distribution.has(t, map[string]any{
		config + "DefaultCacheBehavior.TargetOriginId":             "edge",
		config + "DefaultCacheBehavior.LambdaFunctionAssociations": nil,
		config + "OriginGroups":                                    nil,
		config + "CacheTagConfig.HeaderName":                       "x-amz-meta-calotype-tag",
		config + "Origins.0.Id":                                    "edge",
		config + "Origins.0.OriginPath":                            nil,
		config + "Origins.0.OriginCustomHeaders":                   nil, // Only what is rewritten has the secret.
		config + "Origins.1.Id":                                    "bucket",
		config + "Origins.1.OriginPath":                            map[string]any{"Fn::Join": []any{"", []any{"/", map[string]any{"Ref": "DestinationFolder"}}}},
		config + "Origins.1.S3OriginConfig.OriginAccessIdentity":   "",
		config + "Origins.1.OriginCustomHeaders":                   nil,
		config + "Origins.2.Id":                                    "rewritten",
		config + "Origins.2.OriginPath":                            distribution.Properties.at(config + "Origins.1.OriginPath"),
		config + "Origins.2.DomainName":                            distribution.Properties.at(config + "Origins.0.DomainName"),
		config + "Origins.2.OriginAccessControlId":                 distribution.Properties.at(config + "Origins.0.OriginAccessControlId"),
		config + "Origins.2.OriginCustomHeaders":                   []any{map[string]any{"HeaderName": "X-Calotype-Secret", "HeaderValue": map[string]any{"Ref": "OriginSecret"}}},
		config + "Origins.3":                                       nil,
	})
	if len(stack.all("AWS::Lambda::Version")) > 0 {
		t.Error("there is an edge function, which this mode does not need")
	}
	for _, name := range []string{"OriginSecret", "PreviousOriginSecret"} {
		if stack.Parameters[name]["NoEcho"] != true {
			t.Errorf("the parameter %s is shown: %v", name, stack.Parameters[name])
		}
	}
	stack.one(t, "AWS::CloudFront::CachePolicy", "Cache").has(t, map[string]any{
		"CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.QueryStringsConfig.QueryStrings": []string{"size", "to_webp", "format", "undecided"},
		"CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.HeadersConfig":                   map[string]any{"HeaderBehavior": "whitelist", "Headers": []string{"Accept"}},
	})
	policy := stack.one(t, "AWS::CloudFront::ResponseHeadersPolicy", "Headers").Properties
	for _, want := range []string{`"Header":"X-Calotype","Override":false,"Value":"rendition"`, `"Header":"Vary","Override":true,"Value":"Accept"`, `"x-amz-meta-calotype-source-etag"`, `"x-amz-meta-calotype-tag"`} {
		if !strings.Contains(text(policy), want) {
			t.Errorf("%s is not in %s", want, text(policy))
		}
	}
	if removed, ok := policy.at("ResponseHeadersPolicyConfig.RemoveHeadersConfig.Items").([]any); !ok || len(removed) > 10 {
		t.Errorf("%d headers are removed: CloudFront allows 10 in a policy", len(removed))
	}
	if variables := environment(t, stack); variables["CALOTYPE_PURGE_BY_TAG"] != "true" {
		t.Errorf("workers invalidate by path: %v", variables)
	}
}

func TestFunctionURL(t *testing.T) {
	stack := synthesise(t, map[string]any{"mode": "function", "edgePending": "best", "edgeMaxJobs": 50, "backfillQueue": true, "edgeAuto": "avif"})["calotype"]
	function := stack.one(t, "AWS::Lambda::Function", "EdgeURL")
	function.has(t, map[string]any{
		"Runtime": "provided.al2023", "Architectures": []string{"arm64"}, "Handler": "bootstrap", "FunctionName": "calotype-origin",
		"Environment.Variables.CALOTYPE_PENDING": "best", "Environment.Variables.CALOTYPE_MAX_JOBS": "50", "Environment.Variables.CALOTYPE_AUTO": "avif",
		"Environment.Variables.CALOTYPE_CACHE_TAG":       "x-amz-meta-calotype-tag",
		"Environment.Variables.CALOTYPE_BUCKET":          map[string]any{"Ref": "BucketName"},
		"Environment.Variables.CALOTYPE_ORIGIN_SECRETS":  map[string]any{"Fn::Join": []any{"", []any{map[string]any{"Ref": "OriginSecret"}, ",", map[string]any{"Ref": "PreviousOriginSecret"}}}},
		"Environment.Variables.CALOTYPE_RESIZED_PREFIX":  map[string]any{"Ref": "DestinationFolder"},
		"Environment.Variables.CALOTYPE_CHECK_SOURCE":    nil,
		"Environment.Variables.CALOTYPE_MAX_SOURCE_JOBS": nil,
	})
	stack.one(t, "AWS::Lambda::Url", "EdgeURL").has(t, map[string]any{"AuthType": "AWS_IAM", "InvokeMode": "RESPONSE_STREAM", "Cors": nil})
	source := distributionSource(t, stack)
	var actions []string
	for _, permission := range stack.all("AWS::Lambda::Permission") {
		permission.has(t, map[string]any{"Principal": "cloudfront.amazonaws.com", "FunctionName": "calotype-origin"})
		if got := resolve(t, permission.Properties["SourceArn"]); got != source {
			t.Errorf("%s may call it, want only %s", got, source)
		}
		actions = append(actions, permission.Properties["Action"].(string))
	}
	slices.Sort(actions)
	if want := []string{"lambda:InvokeFunction", "lambda:InvokeFunctionUrl"}; !slices.Equal(actions, want) {
		t.Errorf("the distribution may %v, want %v", actions, want)
	}
}

func distributionSource(t *testing.T, stack template) string {
	t.Helper()
	for id := range stack.all("AWS::CloudFront::Distribution") {
		return "arn:aws:cloudfront::123456789012:distribution/" + resolve(t, map[string]any{"Ref": id})
	}
	t.Fatal("no distribution")
	return ""
}

// The function in the template names origins that the distribution has.
func TestFunctionNamesOrigins(t *testing.T) {
	stack := synthesise(t, map[string]any{"mode": "function", "presets": "presets-web.json", "edgeWidths": true})["calotype"]
	code := stack.one(t, "AWS::CloudFront::Function", "Viewer").Properties["FunctionCode"].(string)
	result := viewertest.Start(t, code).Handle(viewertest.Request{Method: "GET", URI: "/cats/kitty.jpg", Query: "w=600"})
	if result.URI != "/w640/cats/kitty.jpg" || result.Group == nil {
		t.Fatalf("got %+v, want a rewritten request", result)
	}
	distribution := stack.one(t, "AWS::CloudFront::Distribution", "Distribution")
	var ids []string
	for _, one := range distribution.Properties.at("DistributionConfig.Origins").([]any) {
		ids = append(ids, one.(map[string]any)["Id"].(string))
	}
	for _, one := range result.Group.OriginIDs {
		if !slices.Contains(ids, one.OriginID) {
			t.Errorf("the function names %s; there are %v", one.OriginID, ids)
		}
	}
}

// Outside us-east-1 the function URL is in the bucket's Region, in a stack that is deployed
// before the distribution's.
func TestFunctionModeElsewhere(t *testing.T) {
	stacks := synthesise(t, map[string]any{"mode": "function", "region": "eu-west-1"})
	if len(stacks) != 3 || len(stacks["calotype-origin"].all("AWS::Lambda::Url")) != 1 || len(stacks["calotype"].all("AWS::Lambda::Permission")) != 2 {
		t.Fatalf("%d stacks, want the URL in calotype-origin and the permissions in calotype", len(stacks))
	}
	for name, stack := range stacks {
		if stack.Parameters["OriginSecret"] == nil || stack.Parameters["BucketName"] == nil {
			t.Errorf("%s has other parameters: one command sets all", name)
		}
	}
}

func TestOwnEdge(t *testing.T) {
	stack := synthesise(t, map[string]any{"mode": "function", "originDomain": "edge.example.com", "vpcOriginId": "vo_abc123"})["calotype"]
	if urls := stack.all("AWS::Lambda::Url"); len(urls) > 0 {
		t.Error("there is a function URL, which nothing calls")
	}
	vpc := map[string]any{"VpcOriginId": "vo_abc123"}
	stack.one(t, "AWS::CloudFront::Distribution", "Distribution").has(t, map[string]any{
		"DistributionConfig.Origins.0.DomainName": "edge.example.com", "DistributionConfig.Origins.0.VpcOriginConfig": vpc, "DistributionConfig.Origins.0.CustomOriginConfig": nil,
		"DistributionConfig.Origins.2.DomainName": "edge.example.com", "DistributionConfig.Origins.2.VpcOriginConfig": vpc, "DistributionConfig.Origins.2.CustomOriginConfig": nil,
		"DistributionConfig.Origins.2.OriginAccessControlId": nil,
	})
}

func TestCacheTags(t *testing.T) {
	stack := synthesise(t, map[string]any{"cacheTags": true, "purge": true})["calotype"]
	distribution := stack.one(t, "AWS::CloudFront::Distribution", "Distribution")
	distribution.has(t, map[string]any{"DistributionConfig.CacheTagConfig": map[string]any{"HeaderName": "Cache-Tag"}})
	if _, headers := originOf(t, distribution, 0); headers["X-Env-Cache-Tag"] != "Cache-Tag" {
		t.Errorf("the edge function sends no tag: %v", headers)
	}
	if variables := environment(t, stack); variables["CALOTYPE_PURGE_BY_TAG"] != "true" {
		t.Errorf("workers invalidate by path: %v", variables)
	}
	stack = synthesise(t, map[string]any{"purge": true})["calotype"]
	if variables := environment(t, stack); variables["CALOTYPE_PURGE_BY_TAG"] != nil {
		t.Errorf("workers invalidate by tag, and there are none: %v", variables)
	}
}
