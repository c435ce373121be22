package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"calotype"
	"calotype/deployments/local/samples"
)

// putPictures puts the pictures that the flags name into the bucket.
func putPictures(ctx context.Context, f flags, s *servers, log zerolog.Logger) error {
	if f.Samples {
		if err := putSamples(ctx, f.Concurrency, s, log); err != nil {
			return err
		}
	}
	if f.Pictures == "" {
		return nil
	}
	return filepath.WalkDir(f.Pictures, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(f.Pictures, path)
		if err != nil {
			return err
		}
		key := filepath.ToSlash(name)
		format, ok := calotype.FormatOfKey(key)
		if !ok {
			log.Warn().Str("file", path).Msg("skipped: no image file extension")
			return nil
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return s.put(ctx, key, format.ContentType(), body)
	})
}

// putSamples draws the samples that do not exist yet.
func putSamples(ctx context.Context, concurrency int, s *servers, log zerolog.Logger) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for _, p := range samples.All() {
		g.Go(func() error {
			there, err := s.has(ctx, p.Key)
			if there || err != nil {
				return err
			}
			log.Info().Str("key", p.Key).Msg("drawing a sample")
			body, err := p.Draw()
			if err != nil {
				return err
			}
			return s.put(ctx, p.Key, p.ContentType, body)
		})
	}
	return g.Wait()
}

func (s *servers) has(ctx context.Context, key string) (bool, error) {
	name := bucketName
	_, err := s.s3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &name, Key: &key})
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() == http.StatusNotFound {
		return false, nil
	}
	return err == nil, err
}

func (s *servers) put(ctx context.Context, key, contentType string, body []byte) error {
	name := bucketName
	_, err := s.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &name, Key: &key, ContentType: &contentType, Body: bytes.NewReader(body),
	})
	if err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	return nil
}
