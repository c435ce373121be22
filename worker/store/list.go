package store

import (
	"context"
	"iter"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"calotype"
)

// Listed is an entry of a listing.
type Listed struct {
	Key, ETag string
	Size      int64 // In bytes.
}

// List yields the objects whose keys have the prefix, in byte order of their keys, from the
// first key that is greater than after. It ends with the first error. A thousand objects
// cost one call.
//
// Keys are requested in URL encoding, because the bucket may have keys with characters that
// XML cannot represent: such a key would break every listing.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html#AmazonS3-ListObjectsV2-request-querystring-EncodingType
func (b *Bucket) List(ctx context.Context, prefix, after string) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) {
		in := &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: text(prefix), StartAfter: text(after), EncodingType: types.EncodingTypeUrl}
		for {
			out, err := b.client.ListObjectsV2(ctx, in)
			if err != nil {
				yield(Listed{}, failed("list", prefix, err))
				return
			}
			for _, o := range out.Contents {
				key, err := decoded(o.Key, out.EncodingType)
				if err != nil {
					yield(Listed{}, failed("list", prefix, err))
					return
				}
				if !yield(Listed{key, aws.ToString(o.ETag), aws.ToInt64(o.Size)}, nil) {
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

// Variants returns the variants that any source has a rendition of, in order of their
// names. A thousand cost one call, however many renditions there are.
func (b *Bucket) Variants(ctx context.Context, prefix calotype.Prefix) ([]calotype.Variant, error) {
	var variants []calotype.Variant
	under := string(prefix) + "/"
	in := &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &under, Delimiter: aws.String("/"), EncodingType: types.EncodingTypeUrl}
	for {
		out, err := b.client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, failed("list", under, err)
		}
		for _, p := range out.CommonPrefixes {
			folder, err := decoded(p.Prefix, out.EncodingType)
			if err != nil {
				return nil, failed("list", under, err)
			}
			name := strings.TrimSuffix(strings.TrimPrefix(folder, under), "/")
			if v, err := calotype.ParseVariant(name); err == nil { // Other folders are not ours.
				variants = append(variants, v)
			}
		}
		if !aws.ToBool(out.IsTruncated) {
			return variants, nil
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

// decoded decodes a key of a listing. Stores without support for the encoding return plain
// keys.
func decoded(key *string, encoding types.EncodingType) (string, error) {
	if encoding != types.EncodingTypeUrl {
		return aws.ToString(key), nil
	}
	return url.QueryUnescape(aws.ToString(key))
}
