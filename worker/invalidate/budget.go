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

// mostTries is how often a worker tries to write the month's count while others do.
const mostTries = 10

// Monthly is a budget of so many paths a month, for all workers of a bucket together:
// the count is an object under the prefix of the renditions, where workers may write
// and nobody else can read. CloudFront bills by the month, in UTC, and the first 1,000
// paths of an account are free.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html
func Monthly(bucket *store.Bucket, prefix calotype.Prefix, most int) Budget {
	return func(ctx context.Context, n int) (int, error) {
		key := string(prefix) + "/.purged/" + time.Now().UTC().Format("2006-01")
		for range mostTries {
			spent, etag, err := readCount(ctx, bucket, key)
			if err != nil {
				return 0, err
			}
			granted := max(0, min(n, most-spent))
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
		return 0, fmt.Errorf("count the month's purges: gave way %d times to other workers", mostTries)
	}
}

// count is what the object says.
type count struct {
	Paths int `json:"paths"`
}

func readCount(ctx context.Context, bucket *store.Bucket, key string) (paths int, etag string, err error) {
	const most = 1 << 10
	body, o, err := bucket.Get(ctx, key, most)
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
