package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfrontorigins"
	"github.com/aws/jsii-runtime-go"

	"calotype"
	"calotype/edge/origin"
	"calotype/edge/viewer"
)

// newFunctionFront makes what requests pass in the function mode: the function, the cache,
// and an origin group of the bucket and calotype edge, or calotype edge alone. No edge function
// runs. It returns the distribution's id.
func newFunctionFront(front *stack, s settings, host edgeHost) (distributionID string, err error) {
	code, err := viewer.RewriteCode(s.Presets, viewerOptions(s))
	if err != nil {
		return "", err
	}
	rewrite := newViewerFunction(front, code, "Rewrites requests for renditions to their keys in the bucket")
	d := newDistribution(front, s, &awscloudfront.BehaviorOptions{
		Origin: awscloudfrontorigins.NewHttpOrigin(host.domain, &awscloudfrontorigins.HttpOriginProps{
			OriginId:              jsii.String("edge"),
			ProtocolPolicy:        awscloudfront.OriginProtocolPolicy_HTTPS_ONLY,
			OriginSslProtocols:    &[]awscloudfront.OriginSslPolicy{awscloudfront.OriginSslPolicy_TLS_V1_2},
			OriginAccessControlId: host.access,
			OriginShieldRegion:    &s.OriginShield,
		}),
		CachePolicy:           newCachePolicy(front, s),
		ResponseHeadersPolicy: newHeadersPolicy(front, s),
		FunctionAssociations:  &[]*awscloudfront.FunctionAssociation{{EventType: awscloudfront.FunctionEventType_VIEWER_REQUEST, Function: rewrite}},
	})
	// The function's origins are in no behaviour, so the library does not know them.
	own, _ := d.Node().DefaultChild().(awscloudfront.CfnDistribution)
	bucket, access := bucketOrigin(front, s)
	shield := map[string]any{"Enabled": true, "OriginShieldRegion": s.OriginShield}
	folder := jsii.String("/" + *front.Folder)
	own.AddPropertyOverride(jsii.String("DistributionConfig.Origins.1"), map[string]any{
		"Id": viewer.BucketOrigin, "DomainName": bucket.BucketRegionalDomainName(), "OriginPath": folder,
		"S3OriginConfig": map[string]any{"OriginAccessIdentity": ""}, "OriginAccessControlId": access.OriginAccessControlId(),
		"OriginShield": shield, "ConnectionAttempts": 3, "ConnectionTimeout": 10,
	})
	rewritten := map[string]any{
		"Id": viewer.RewrittenOrigin, "DomainName": host.domain, "OriginPath": folder,
		"OriginCustomHeaders": []any{map[string]any{"HeaderName": origin.SecretHeader, "HeaderValue": front.Secret}},
		"CustomOriginConfig":  map[string]any{"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": []string{"TLSv1.2"}},
		"OriginShield":        shield,
	}
	if host.access != nil {
		rewritten["OriginAccessControlId"] = host.access
	}
	if s.VPCOriginID != "" {
		vpc := map[string]any{"VpcOriginId": s.VPCOriginID}
		delete(rewritten, "CustomOriginConfig")
		rewritten["VpcOriginConfig"] = vpc
		own.AddPropertyDeletionOverride(jsii.String("DistributionConfig.Origins.0.CustomOriginConfig"))
		own.AddPropertyOverride(jsii.String("DistributionConfig.Origins.0.VpcOriginConfig"), vpc)
	}
	own.AddPropertyOverride(jsii.String("DistributionConfig.Origins.2"), rewritten)
	return *d.DistributionId(), nil
}

func newViewerFunction(front *stack, code, comment string) awscloudfront.Function {
	return awscloudfront.NewFunction(front.Stack, jsii.String("Viewer"), &awscloudfront.FunctionProps{
		Comment: &comment,
		Code:    awscloudfront.FunctionCode_FromInline(&code),
		Runtime: awscloudfront.FunctionRuntime_JS_2_0(),
	})
}

// cacheTagHeader is the header from which the distribution reads a picture's tag. In the
// function mode the bucket sends it, so it is one of metadata.
func (s settings) cacheTagHeader() string {
	switch {
	case !s.CacheTags:
		return ""
	case s.Mode == modeFunction:
		return "x-amz-meta-" + calotype.CacheTagMetadata
	}
	return "Cache-Tag"
}

// removedHeaders are the headers that viewers do not get. In the function mode no edge function
// removes the bucket's.
func (s settings) removedHeaders() *[]*string {
	var names []*string
	switch {
	case s.Mode == modeFunction:
		for _, name := range calotype.MetadataNames() {
			names = append(names, jsii.String("x-amz-meta-"+name))
		}
	case s.CacheTags:
		names = append(names, jsii.String(s.cacheTagHeader()))
	default:
		return nil
	}
	return &names
}

// edgeHost is calotype edge: its host, and the access control of a function URL.
type edgeHost struct {
	domain, access *string
}

// newEdgeHost returns the operator's own host, or makes a function URL in the bucket's
// Region, which is home's.
func newEdgeHost(front, home *stack, s settings) edgeHost {
	if s.OriginDomain != "" {
		return edgeHost{domain: &s.OriginDomain}
	}
	url := newFunctionURL(home, s)
	access := awscloudfront.NewFunctionUrlOriginAccessControl(front.Stack, jsii.String("EdgeAccess"), &awscloudfront.FunctionUrlOriginAccessControlProps{
		Description: jsii.String("Calotype's distribution calls the edge's function URL"),
		Signing:     awscloudfront.Signing_SIGV4_ALWAYS(),
	})
	host := awscdk.Fn_Select(jsii.Number(2), awscdk.Fn_Split(jsii.String("/"), url.Url(), nil))
	return edgeHost{domain: host, access: access.OriginAccessControlId()}
}

// environment returns the variables of the function URL: the edge function's settings under
// the names of "calotype edge".
func (s settings) environment(home *stack) map[string]*string {
	variables := map[string]*string{
		"CALOTYPE_BUCKET":         home.Bucket,
		"CALOTYPE_RESIZED_PREFIX": home.Folder,
		"CALOTYPE_QUALITY":        home.Quality,
		"CALOTYPE_QUEUE_URL":      jsii.String(s.jobQueueURL()),
		"CALOTYPE_ORIGIN_SECRETS": jsii.String(*home.Secret + "," + *home.PreviousSecret),
	}
	if s.sendsToBackfill() {
		variables["CALOTYPE_BACKFILL_QUEUE_URL"] = jsii.String(s.jobQueueURL() + "-backfill")
	}
	if s.CacheTags {
		variables["CALOTYPE_CACHE_TAG"] = jsii.String(s.cacheTagHeader())
	}
	for header, value := range s.Edge {
		variables["CALOTYPE_"+strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(header, "X-Env-"), "-", "_"))] = &value
	}
	return variables
}
