package store

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Listed is what a listing says of an object.
type Listed struct {
	Key, ETag string
	Size      int64 // bytes
}

// List goes through the objects whose keys begin with the prefix, in the order of
// their keys' bytes, from the first key that is greater than after. It ends with the
// first error. A thousand objects cost one call.
func (b *Bucket) List(ctx context.Context, prefix, after string) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) {
		in := &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: text(prefix), StartAfter: text(after)}
		for {
			out, err := b.client.ListObjectsV2(ctx, in)
			if err != nil {
				yield(Listed{}, failure("list", prefix, err))
				return
			}
			for _, o := range out.Contents {
				if !yield(Listed{aws.ToString(o.Key), aws.ToString(o.ETag), aws.ToInt64(o.Size)}, nil) {
					return
				}
			}
			if !aws.ToBool(out.IsTruncated) {
				return
			}
			in.ContinuationToken, in.StartAfter = out.NextContinuationToken, nil
		}
	}
}

// Folders returns the names of what is between a prefix, such as "resized/", and the
// next slash in the keys that begin with it.
func (b *Bucket) Folders(ctx context.Context, prefix string) ([]string, error) {
	var names []string
	in := &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: text(prefix), Delimiter: aws.String("/")}
	for {
		out, err := b.client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("folders: %w", failure("list", prefix, err))
		}
		for _, p := range out.CommonPrefixes {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(aws.ToString(p.Prefix), prefix), "/"))
		}
		if !aws.ToBool(out.IsTruncated) {
			return names, nil
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}
