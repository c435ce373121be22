package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // The formats whose size can be read from a source.
	_ "image/jpeg"
	_ "image/png"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"calotype"
)

// sizeWithin is how much of a source is read to find its size in pixels.
const sizeWithin = 256 << 10

// bucket is what the page needs of S3.
type bucket struct {
	client *s3.Client
	name   string
}

// object is an entry of a listing. Equal objects have equal content and metadata: if only
// the metadata is replaced, the time differs.
type object struct {
	etag     string
	bytes    int64
	modified time.Time
}

// listing holds the pictures in a bucket, their renditions and their descriptions, including
// those without a source.
type listing struct {
	sources    map[string]object
	renditions map[string]map[calotype.Variant]object
	infos      map[string]object // By the source's key.
}

// list reads the whole bucket, a thousand objects per call. It leaves out what is neither a
// picture nor made from one.
func (b bucket) list(ctx context.Context, prefix calotype.Prefix) (listing, error) {
	found := listing{map[string]object{}, map[string]map[calotype.Variant]object{}, map[string]object{}}
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return listing{}, fmt.Errorf("list bucket %s: %w", b.name, err)
		}
		for _, o := range out.Contents {
			found.add(prefix, aws.ToString(o.Key), object{
				etag:     calotype.TrimETag(aws.ToString(o.ETag)),
				bytes:    aws.ToInt64(o.Size),
				modified: aws.ToTime(o.LastModified),
			})
		}
	}
	return found, nil
}

func (l listing) add(prefix calotype.Prefix, key string, o object) {
	if v, source, err := prefix.ParseRenditionKey(key); err == nil {
		if l.renditions[source] == nil {
			l.renditions[source] = map[calotype.Variant]object{}
		}
		l.renditions[source][v] = o
		return
	}
	folder, _ := prefix.InfoKey("")
	if source, ok := strings.CutPrefix(key, folder); ok {
		l.infos[source] = o
		return
	}
	if _, ok := calotype.FormatOfKey(key); ok && prefix.CheckSource(key) == nil {
		l.sources[key] = o
	}
}

// lineage reads what a rendition was made from.
func (b bucket) lineage(ctx context.Context, key string) (calotype.Lineage, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return calotype.Lineage{}, failure("inspect", key, err)
	}
	return calotype.ParseLineage(out.Metadata), nil
}

// info reads a source's description, or returns nil if the object is not a description.
func (b bucket) info(ctx context.Context, key string) (*calotype.Info, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return nil, failure("read", key, err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(io.LimitReader(out.Body, calotype.MaxInfo))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	info, err := calotype.ParseInfo(body)
	if err != nil {
		return nil, nil
	}
	return &info, nil
}

// size reads a source's width and height, as stored, from the beginning of the
// file. It is zero if the header does not have them.
func (b bucket) size(ctx context.Context, key string) (calotype.Box, error) {
	span := fmt.Sprintf("bytes=0-%d", sizeWithin-1)
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key, Range: &span})
	if err != nil {
		return calotype.Box{}, failure("read", key, err)
	}
	defer out.Body.Close()
	head, err := io.ReadAll(io.LimitReader(out.Body, sizeWithin))
	if err != nil {
		return calotype.Box{}, fmt.Errorf("read %s: %w", key, err)
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(head))
	if err != nil {
		return calotype.Box{}, nil
	}
	return calotype.Box{Width: config.Width, Height: config.Height}, nil
}

func (b bucket) put(ctx context.Context, key, contentType string, body *os.File, size int64) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: body, ContentLength: &size, ContentType: &contentType,
	})
	return failure("put", key, err)
}

// remove deletes at most a thousand objects. Missing ones are not an error.
func (b bucket) remove(ctx context.Context, keys ...string) error {
	objects := make([]types.ObjectIdentifier, len(keys))
	for i := range keys {
		objects[i].Key = &keys[i]
	}
	out, err := b.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &b.name, Delete: &types.Delete{Objects: objects, Quiet: aws.Bool(true)},
	})
	if err != nil {
		return failure("delete", keys[0], err)
	}
	for _, e := range out.Errors {
		return fmt.Errorf("delete %s: %s", aws.ToString(e.Key), aws.ToString(e.Message))
	}
	return nil
}

// failure adds what was attempted; a missing object is [fs.ErrNotExist].
func failure(verb, key string, err error) error {
	if err == nil {
		return nil
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() == http.StatusNotFound {
		err = fs.ErrNotExist
	}
	return fmt.Errorf("%s %s: %w", verb, key, err)
}
