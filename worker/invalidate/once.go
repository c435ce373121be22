package invalidate

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

// Path returns the invalidation path of a source in all variants, or its tag. It reports
// false if the distribution, which has this origin path, does not serve the source.
func Path(originPath string, byTag bool, source string) (string, bool) {
	return (&Invalidator{OriginPath: originPath, ByTag: byTag}).path(source)
}

// Once sends an invalidation of one path now, outside the workers' monthly budget, and
// returns its id.
func Once(ctx context.Context, client *cloudfront.Client, distribution, path string) (string, error) {
	out, err := client.CreateInvalidation(ctx, &cloudfront.CreateInvalidationInput{
		DistributionId: &distribution,
		InvalidationBatch: &types.InvalidationBatch{
			CallerReference: aws.String(rand.Text()),
			Paths:           &types.Paths{Quantity: aws.Int32(1), Items: []string{path}},
		},
	})
	if err != nil {
		return "", fmt.Errorf("invalidate %s: %w", path, err)
	}
	return aws.ToString(out.Invalidation.Id), nil
}
