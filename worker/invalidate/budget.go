package invalidate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"calotype"
	"calotype/worker/store"
)

// maxTries bounds how often a worker tries to write the month's count while others do.
const maxTries = 10

// Monthly returns a budget of limit paths a month, for all workers of a bucket together: the
// count is an object under the renditions' prefix, which workers may write and viewers
// cannot read. CloudFront bills by the month, in UTC, and the first 1,000 paths of an account
// are free. The object's key is that of the first builds, which share the budget.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html
func Monthly(bucket *store.Bucket, prefix calotype.Prefix, limit int) Budget {
	return func(ctx context.Context, n int) (int, error) {
		key := string(prefix) + "/.purged/" + time.Now().UTC().Format("2006-01")
		for range maxTries {
			spent, etag, err := readCount(ctx, bucket, key)
			if err != nil {
				return 0, err
			}
			granted := max(0, min(n, limit-spent))
			if granted == 0 {
				return 0, nil
			}
			body, err := json.Marshal(count{spent + granted})
			if err != nil {
				return 0, err
			}
			_, err = bucket.Put(ctx, key, body, store.Object{ContentType: "application/json"}, etag)
			if !errors.Is(err, store.ErrConflict) {
				return granted, err
			}
		}
		return 0, fmt.Errorf("count the month's invalidations: %d conflicts with other workers", maxTries)
	}
}

// count is the object's content.
type count struct {
	Paths int `json:"paths"`
}

func readCount(ctx context.Context, bucket *store.Bucket, key string) (paths int, etag string, err error) {
	const maxBytes = 1 << 10
	body, o, err := bucket.Get(ctx, key, maxBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", err
	}
	var c count
	if err := json.Unmarshal(body, &c); err != nil {
		return 0, "", fmt.Errorf("%s: %w", key, err)
	}
	return c.Paths, o.ETag, nil
}
