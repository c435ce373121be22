package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/worker/store"
)

// checkStore returns an error if the store lacks a feature that workers need. It does not
// check Amazon's store, which has them all, because the check writes a small object. A
// missing permission, or a store that does not respond, is only logged.
func (c clients) checkStore(ctx context.Context, log zerolog.Logger, bucket string, prefix calotype.Prefix) error {
	endpoint := aws.ToString(c.s3.Options().BaseEndpoint)
	if isAmazon(endpoint) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, check := range store.New(c.s3, bucket).Probe(ctx, prefix) {
		switch {
		case check.Err == nil:
		case check.Lacks():
			return fmt.Errorf("--bucket %s: the store at %s cannot be used: %s: %w; docs/deployment.md lists what a store must have%w",
				bucket, hostOf(endpoint), check.Name, check.Err, markErr(errUsage))
		default:
			log.Warn().Err(check.Err).Str("bucket", bucket).Str("check", check.Name).Msg("check store")
		}
	}
	return nil
}

// isAmazon reports whether an endpoint is Amazon's, which is also the default.
func isAmazon(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if endpoint == "" || err != nil {
		return endpoint == ""
	}
	host := u.Hostname()
	return strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn") || strings.HasSuffix(host, ".api.aws")
}
