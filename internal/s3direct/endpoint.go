package s3direct

import (
	"context"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/auth"
	"github.com/aws/smithy-go/encoding/httpbinding"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// endpoint is the URL of a bucket's objects, and the names for signatures.
type endpoint struct {
	base            url.URL
	service, region string
}

// findEndpoint asks the SDK's rules for the endpoint of a bucket. It is false if requests
// need more than a signature of the usual kind: directory buckets, access points of several
// Regions, and requests without credentials.
func findEndpoint(o s3.Options, bucket string) (endpoint, bool) {
	if o.EndpointResolverV2 == nil || o.Credentials == nil || o.Region == "" || aws.IsCredentialsProvider(o.Credentials, aws.AnonymousCredentials{}) {
		return endpoint{}, false
	}
	resolved, err := o.EndpointResolverV2.ResolveEndpoint(context.Background(), s3.EndpointParameters{
		Bucket:                         &bucket,
		Key:                            aws.String("key"),
		Region:                         &o.Region,
		UseFIPS:                        aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack:                   aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		Endpoint:                       o.BaseEndpoint,
		ForcePathStyle:                 &o.UsePathStyle,
		Accelerate:                     &o.UseAccelerate,
		DisableMultiRegionAccessPoints: &o.DisableMultiRegionAccessPoints,
		UseArnRegion:                   &o.UseARNRegion,
		DisableS3ExpressSessionAuth:    o.DisableS3ExpressSessionAuth,
	})
	if err != nil || len(resolved.Headers) > 0 {
		return endpoint{}, false
	}
	options, _ := auth.GetAuthOptions(&resolved.Properties)
	if len(options) == 0 || options[0].SchemeID != "sigv4" {
		return endpoint{}, false
	}
	service, ok := smithyhttp.GetSigV4SigningName(&options[0].SignerProperties)
	region, known := smithyhttp.GetSigV4SigningRegion(&options[0].SignerProperties)
	return endpoint{resolved.URI, service, region}, ok && known && service == "s3"
}

// url returns an object's URL, escaped as the SDK does.
func (e endpoint) url(key string) *url.URL {
	u := e.base
	u.RawPath = smithyhttp.JoinPath(u.EscapedPath(), "/"+httpbinding.EscapePath(key, false))
	u.Path = smithyhttp.JoinPath(u.Path, "/"+key)
	return &u
}
