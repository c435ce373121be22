package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfrontorigins"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"

	"calotype/edge"
	"calotype/edge/viewer"
)

// newFront makes what requests pass, in this order: the viewer function, the cache, the
// edge function's origin-request, the origin (or two, in a group), its origin-response.
// It returns the distribution's id. A distribution that exists is not changed: what has to
// be attached to it are outputs, which attach.jq reads.
func newFront(front *stack, s settings, edgeFunction awslambda.Version) (distributionID string, err error) {
	code, err := viewer.Code(s.Presets, viewerOptions(s))
	if err != nil {
		return "", err
	}
	normalise := newViewerFunction(front, code, "Drops query values that the table of presets does not contain")
	cache, headers := newCachePolicy(front, s), newHeadersPolicy(front, s)
	if s.ExistingDistribution != "" {
		front.output("TriggerVersionArn", "Attach it to origin-request and origin-response", edgeFunction.FunctionArn())
		front.output("ViewerFunctionArn", "Attach it to viewer-request", normalise.FunctionArn())
		front.output("CachePolicyId", "The cache policy of the behaviour", cache.CachePolicyId())
		front.output("HeadersPolicyId", "The policy of response headers of the behaviour", headers.ResponseHeadersPolicyId())
		front.output("OriginHeaders", "The custom headers of the origin", jsonText(originHeaders(front, s)))
		front.output("OriginShieldRegion", "The origin's Origin Shield", &s.OriginShield)
		return s.ExistingDistribution, nil
	}
	d := newDistribution(front, s, &awscloudfront.BehaviorOptions{
		Origin:                newOrigin(front, s),
		CachePolicy:           cache,
		ResponseHeadersPolicy: headers,
		FunctionAssociations:  &[]*awscloudfront.FunctionAssociation{{EventType: awscloudfront.FunctionEventType_VIEWER_REQUEST, Function: normalise}},
		EdgeLambdas: &[]*awscloudfront.EdgeLambda{
			{EventType: awscloudfront.LambdaEdgeEventType_ORIGIN_REQUEST, FunctionVersion: edgeFunction},
			{EventType: awscloudfront.LambdaEdgeEventType_ORIGIN_RESPONSE, FunctionVersion: edgeFunction},
		},
	})
	return *d.DistributionId(), nil
}

// newDistribution creates the distribution with one behaviour.
func newDistribution(front *stack, s settings, behaviour *awscloudfront.BehaviorOptions) awscloudfront.Distribution {
	behaviour.AllowedMethods = awscloudfront.AllowedMethods_ALLOW_GET_HEAD()
	behaviour.ViewerProtocolPolicy = awscloudfront.ViewerProtocolPolicy_REDIRECT_TO_HTTPS
	behaviour.Compress = jsii.Bool(false) // Pictures are compressed already.
	props := &awscloudfront.DistributionProps{
		Comment:                jsii.String("Calotype " + s.Name),
		HttpVersion:            awscloudfront.HttpVersion_HTTP2_AND_3,
		MinimumProtocolVersion: awscloudfront.SecurityPolicyProtocol_TLS_V1_2_2021,
		DefaultBehavior:        behaviour,
	}
	if s.DomainName != "" {
		props.DomainNames = jsii.Strings(s.DomainName)
		props.Certificate = awscertificatemanager.Certificate_FromCertificateArn(front.Stack, jsii.String("Certificate"), &s.CertificateARN)
	}
	d := awscloudfront.NewDistribution(front.Stack, jsii.String("Distribution"), props)
	if header := s.cacheTagHeader(); header != "" {
		own, _ := d.Node().DefaultChild().(awscloudfront.CfnDistribution)
		own.AddPropertyOverride(jsii.String("DistributionConfig.CacheTagConfig"), map[string]string{"HeaderName": header})
	}
	front.output("Url", "The URL of the pictures", jsii.String("https://"+*d.DistributionDomainName()))
	front.output("DistributionId", "The distribution's ID at CloudFront", d.DistributionId())
	return d
}

// sendsToBackfill reports whether the edge function sends jobs that no viewer waits for.
func (s settings) sendsToBackfill() bool { return s.BackfillQueue && s.Edge["X-Env-Auto"] != "" }

// viewerOptions are those of the edge's settings that the viewer function needs too.
func viewerOptions(s settings) (o viewer.Options) {
	_ = o.Auto.UnmarshalText([]byte(s.Edge["X-Env-Auto"])) // readSettings checked it.
	o.Widths = s.Edge["X-Env-Widths"] == "true"
	return o
}

// newHeadersPolicy adds nosniff to every response, so that an object that is not a picture
// is not run as a page or a script, and lets pages of other websites read it.
func newHeadersPolicy(front *stack, s settings) awscloudfront.ResponseHeadersPolicy {
	props := &awscloudfront.ResponseHeadersPolicyProps{
		ResponseHeadersPolicyName: jsii.String(s.Name),
		Comment:                   jsii.String("X-Content-Type-Options: nosniff, and CORS"),
		SecurityHeadersBehavior: &awscloudfront.ResponseSecurityHeadersBehavior{
			ContentTypeOptions: &awscloudfront.ResponseHeadersContentTypeOptions{Override: jsii.Bool(true)},
		},
		RemoveHeaders: s.removedHeaders(),
	}
	custom := []*awscloudfront.ResponseCustomHeader{}
	add := func(name, value string, override bool) {
		custom = append(custom, &awscloudfront.ResponseCustomHeader{Header: &name, Value: &value, Override: &override})
	}
	if s.AllowOrigin != "none" {
		props.CorsBehavior = &awscloudfront.ResponseHeadersCorsBehavior{
			AccessControlAllowCredentials: jsii.Bool(false),
			AccessControlAllowHeaders:     jsii.Strings("*"),
			AccessControlAllowMethods:     jsii.Strings("GET", "HEAD"),
			AccessControlAllowOrigins:     jsii.Strings(s.AllowOrigin),
			AccessControlExposeHeaders:    jsii.Strings("X-Calotype"),
			OriginOverride:                jsii.Bool(true),
		}
		add("Timing-Allow-Origin", s.AllowOrigin, true)
		add("Cross-Origin-Resource-Policy", "cross-origin", true)
	}
	if s.Mode == modeFunction {
		add(edge.StateHeader, edge.StateRendition, false) // calotype edge sends its own.
		if s.Edge["X-Env-Auto"] != "" {
			add("Vary", "Accept", true)
		}
	}
	if len(custom) > 0 {
		props.CustomHeadersBehavior = &awscloudfront.ResponseCustomHeadersBehavior{CustomHeaders: &custom}
	}
	return awscloudfront.NewResponseHeadersPolicy(front.Stack, jsii.String("Headers"), props)
}

// newCachePolicy builds the cache key from the path and the query that the viewer function
// leaves. Responses state their own lifetime: the minimum must be 0, for the seconds of a
// pending original.
func newCachePolicy(front *stack, s settings) awscloudfront.CachePolicy {
	parameters := jsii.Strings("size", "to_webp", "format")
	accept := awscloudfront.CacheHeaderBehavior_None()
	switch hasAuto := s.Edge["X-Env-Auto"] != ""; {
	case s.Mode == modeFunction:
		parameters = jsii.Strings(viewer.RewriteParameters...)
		if hasAuto {
			accept = awscloudfront.CacheHeaderBehavior_AllowList(*jsii.Strings(viewer.RewriteHeaders...)...)
		}
	case hasAuto:
		*parameters = append(*parameters, jsii.String("auto"))
	}
	return awscloudfront.NewCachePolicy(front.Stack, jsii.String("Cache"), &awscloudfront.CachePolicyProps{
		CachePolicyName:     jsii.String(s.Name),
		Comment:             jsii.String("Path and the parameters of Calotype"),
		QueryStringBehavior: awscloudfront.CacheQueryStringBehavior_AllowList(*parameters...),
		HeaderBehavior:      accept,
		CookieBehavior:      awscloudfront.CacheCookieBehavior_None(),
		MinTtl:              awscdk.Duration_Seconds(jsii.Number(0)),
		DefaultTtl:          awscdk.Duration_Days(jsii.Number(1)),
		MaxTtl:              awscdk.Duration_Days(jsii.Number(365)),
	})
}

// failover lists the statuses of the primary origin after which CloudFront asks the second
// one. 403 and 404 mean that the rendition does not exist; after errors viewers get the
// original too.
var failover = []*float64{jsii.Number(403), jsii.Number(404), jsii.Number(500), jsii.Number(502), jsii.Number(503), jsii.Number(504)}

// bucketOrigin returns the bucket, which may be in another stack, and the access control
// with which the distribution reads it.
func bucketOrigin(front *stack, s settings) (awss3.IBucket, awscloudfront.S3OriginAccessControl) {
	bucket := awss3.Bucket_FromBucketAttributes(front.Stack, jsii.String("Origin"), &awss3.BucketAttributes{
		BucketName: front.Bucket, Region: &s.Region,
	})
	// bucket.go writes the bucket's policy, because the bucket may be in another stack.
	awscdk.Annotations_Of(front.Stack).AcknowledgeWarning(jsii.String("@aws-cdk/aws-cloudfront-origins:updateImportedBucketPolicyOac"), nil)
	access := awscloudfront.NewS3OriginAccessControl(front.Stack, jsii.String("Access"), &awscloudfront.S3OriginAccessControlProps{
		Description: jsii.String("Calotype's distribution reads the bucket"),
		Signing:     awscloudfront.Signing_SIGV4_ALWAYS(),
	})
	return bucket, access
}

// newOrigin returns the bucket as an origin with the edge function's settings. A group has it
// twice, with one role each.
func newOrigin(front *stack, s settings) awscloudfront.IOrigin {
	bucket, access := bucketOrigin(front, s)
	origin := func(role string) awscloudfront.IOrigin {
		headers := originHeaders(front, s)
		if role != "" {
			headers["X-Env-Role"] = &role
		}
		return awscloudfrontorigins.S3BucketOrigin_WithOriginAccessControl(bucket, &awscloudfrontorigins.S3BucketOriginWithOACProps{
			OriginAccessControl: access,
			// The edge function runs here: near the bucket, and in one place that sends jobs.
			OriginShieldRegion: &s.OriginShield,
			CustomHeaders:      &headers,
			ConnectionAttempts: jsii.Number(3),
			ConnectionTimeout:  awscdk.Duration_Seconds(jsii.Number(10)),
		})
	}
	if s.Mode != modeOriginGroup {
		return origin("")
	}
	return awscloudfrontorigins.NewOriginGroup(&awscloudfrontorigins.OriginGroupProps{
		PrimaryOrigin:       origin("rendition"),
		FallbackOrigin:      origin("original"),
		FallbackStatusCodes: &failover,
	})
}

// originHeaders are the edge function's settings.
func originHeaders(front *stack, s settings) map[string]*string {
	headers := map[string]*string{
		"X-Env-Bucket-Name":  front.Bucket,
		"X-Env-Resized-Path": front.Folder,
		"X-Env-Quality":      front.Quality,
		"X-Env-Queue-Url":    jsii.String(s.jobQueueURL()),
	}
	if s.CheckSource {
		headers["X-Env-Check-Source"] = jsii.String("true")
	}
	if s.CacheTags {
		headers["X-Env-Cache-Tag"] = jsii.String(s.cacheTagHeader())
	}
	if s.sendsToBackfill() {
		headers["X-Env-Backfill-Queue-Url"] = jsii.String(s.jobQueueURL() + "-backfill")
	}
	for name, value := range s.Edge {
		headers[name] = &value
	}
	return headers
}
