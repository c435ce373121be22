package cloudfront

import (
	"net/url"
	"strings"
)

// bucketRegion returns the Region of an origin's bucket, or "" if the event does not
// contain it. CloudFront names it for origins with an access identity; otherwise it is
// part of the domain, such as pictures.s3.eu-west-1.amazonaws.com.
// https://docs.aws.amazon.com/general/latest/gr/s3.html
func bucketRegion(o eventOrigin) string {
	if o.Region != "" {
		return o.Region
	}
	for _, service := range []string{".s3.dualstack.", ".s3-website.", ".s3-website-", ".s3.", ".s3-"} {
		if i := strings.LastIndex(o.DomainName, service); i >= 0 {
			if region := regionOfHost(o.DomainName[i+len(service):]); region != "" {
				return region
			}
		}
	}
	return ""
}

// queueRegion returns the Region in a queue's URL, or "" if there is none.
// https://docs.aws.amazon.com/general/latest/gr/sqs-service.html
func queueRegion(queueURL string) string {
	u, err := url.Parse(queueURL)
	if err != nil {
		return ""
	}
	host := u.Hostname()
	if host == "queue.amazonaws.com" {
		return "us-east-1"
	}
	for _, service := range []string{"sqs.", "sqs-fips."} {
		if rest, ok := strings.CutPrefix(host, service); ok {
			return regionOfHost(rest)
		}
	}
	if legacy, ok := strings.CutSuffix(host, ".queue.amazonaws.com"); ok {
		return legacy
	}
	if _, rest, ok := strings.Cut(host, ".sqs."); ok { // A VPC endpoint.
		return regionOfHost(strings.Replace(rest, ".vpce.", ".", 1))
	}
	return ""
}

// regionOfHost returns the Region in the part of a host name after the service's name.
func regionOfHost(rest string) string {
	region, domain, _ := strings.Cut(rest, ".")
	switch domain {
	case "amazonaws.com", "amazonaws.com.cn", "api.aws":
		return region
	}
	return ""
}
