package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	_ "golang.org/x/image/webp" // To read the size of a rendition.

	"calotype"
	"calotype/edge"
)

// smokePeriod is the time between two views of a picture that is waited for.
const smokePeriod = 2 * time.Second

// viewed is the response to a view.
type viewed struct {
	status int
	header http.Header
	body   []byte
}

func (v viewed) String() string {
	return fmt.Sprintf("status %d, X-Calotype %q, %s, Cache-Control %q", v.status, v.header.Get("X-Calotype"), v.header.Get("Content-Type"), v.header.Get("Cache-Control"))
}

// viewer requests pictures as a browser does, but does not follow redirects.
var viewer = http.Client{
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// view requests a path and query of the deployment.
func (s *smoke) view(ctx context.Context, path string) (viewed, error) {
	return fetch(ctx, strings.TrimSuffix(s.URL, "/")+path)
}

func fetch(ctx context.Context, address string) (viewed, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return viewed{}, err
	}
	response, err := viewer.Do(r)
	if err != nil {
		return viewed{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return viewed{}, fmt.Errorf("read %s: %w", address, err)
	}
	return viewed{response.StatusCode, response.Header, body}, nil
}

// pending checks the first view of a rendition. With jobs at the upload it may exist.
func (s *smoke) pending(ctx context.Context, path string) error {
	v, err := s.view(ctx, path)
	if err != nil {
		return err
	}
	state, status := edge.StatePending, http.StatusOK
	if s.Pending == "none" {
		state, status = edge.StateHidden, http.StatusNotFound
	}
	switch got := v.header.Get("X-Calotype"); {
	case s.OnUpload != (calotype.Variant{}) && got == edge.StateRendition:
		return nil
	case v.status != status || got != state:
		return fmt.Errorf("got %v; want status %d, X-Calotype %q", v, status, state)
	case !strings.Contains(v.header.Get("Cache-Control"), "s-maxage="):
		return fmt.Errorf("got %v; want a short s-maxage, or caches keep the original", v)
	case v.header.Get("X-Content-Type-Options") != "nosniff":
		return errors.New("the header X-Content-Type-Options: nosniff is missing: attach the response-headers policy")
	}
	return nil
}

// keptState is the state of a fallback copy, as viewers see it.
func (s *smoke) keptState() string {
	switch {
	case s.Pending == "none":
		return edge.StateHidden
	case s.FunctionMode:
		return edge.StateRendition
	}
	return edge.StateKept
}

// eventually views a path until it has a state, and a Content-Type unless that is empty.
func (s *smoke) eventually(ctx context.Context, path, state, contentType string) error {
	var last viewed
	err := s.until(ctx, func() (done bool, err error) {
		last, err = s.view(ctx, path)
		return last.header.Get("X-Calotype") == state && (contentType == "" || last.header.Get("Content-Type") == contentType), err
	})
	if errors.Is(err, errSmokeTime) {
		return fmt.Errorf("%w: got %v; want X-Calotype %q", err, last, state)
	}
	return err
}

var errSmokeTime = errors.New("not within --wait")

// until calls done every [smokePeriod] until it is true.
func (s *smoke) until(ctx context.Context, done func() (bool, error)) error {
	for deadline := time.Now().Add(s.Wait); ; {
		ok, err := done()
		switch {
		case ok || err != nil:
			return err
		case time.Now().After(deadline):
			return errSmokeTime
		}
		if err := sleep(ctx, min(smokePeriod, s.Wait)); err != nil {
			return err
		}
	}
}

// isWebP checks a rendition of the original, which has 1600x1200 pixels.
func (s *smoke) isWebP(ctx context.Context, path string) error {
	v, err := s.view(ctx, path)
	if err != nil {
		return err
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(v.body))
	if err != nil {
		return fmt.Errorf("got %v, which cannot be read: %w", v, err)
	}
	// A side is off by at most half a pixel from 4:3.
	if off := config.Width*3 - config.Height*4; format != "webp" || config.Width > 1600 || off < -4 || off > 4 {
		return fmt.Errorf("got %s of %dx%d pixels; want WebP of at most 1600x1200, in the shape of 4:3", format, config.Width, config.Height)
	}
	return nil
}

func (s *smoke) untouched(ctx context.Context, path string) error {
	v, err := s.view(ctx, path)
	if err != nil {
		return err
	}
	if s.Pending == "none" {
		if v.status != http.StatusNotFound {
			return fmt.Errorf("got %v; want status 404, since originals are not served", v)
		}
		return nil
	}
	if state := v.header.Get("X-Calotype"); v.status != http.StatusOK || !strings.HasPrefix(state, edge.StateUntouched) {
		return fmt.Errorf("got %v; want X-Calotype %q", v, edge.StateUntouched)
	}
	return nil
}

// status checks for one of several statuses.
func (s *smoke) status(ctx context.Context, path string, want ...int) error {
	v, err := s.view(ctx, path)
	if err != nil {
		return err
	}
	if !slices.Contains(want, v.status) {
		return fmt.Errorf("%s: got %v; want status %v", path, v, want)
	}
	return nil
}

// notListed checks that the root is not S3's list of keys.
func (s *smoke) notListed(ctx context.Context) error {
	v, err := s.view(ctx, "/")
	if err == nil && bytes.Contains(v.body, []byte("<ListBucketResult")) {
		err = errors.New("GET / lists the bucket: CloudFront must not have s3:ListBucket")
	}
	return err
}

func (s *smoke) redirects(ctx context.Context, path string) error {
	address := "http:" + strings.TrimPrefix(strings.TrimSuffix(s.URL, "/"), "https:") + path
	v, err := fetch(ctx, address)
	if err != nil {
		return err
	}
	if location := v.header.Get("Location"); v.status/100 != 3 || !strings.HasPrefix(location, "https://") {
		return fmt.Errorf("%s: got status %d, Location %q; want a redirect to https", address, v.status, location)
	}
	return nil
}

// madeAtUpload waits for the rendition itself, without a view.
func (s *smoke) madeAtUpload(ctx context.Context) error {
	key := s.folder + "uploaded.jpg"
	if err := s.upload(ctx, key, smokePicture(800, 600)); err != nil {
		return err
	}
	return s.until(ctx, func() (bool, error) { return s.exists(ctx, s.ResizedPrefix.RenditionKey(s.OnUpload, key)) })
}

func (s *smoke) exists(ctx context.Context, key string) (bool, error) {
	_, err := s.bucket.Head(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// rendered puts a picture, views it until its rendition exists, and returns the rendition's
// key.
func (s *smoke) rendered(ctx context.Context, key string) (rendition string, err error) {
	if err := s.upload(ctx, key, smokePicture(800, 600)); err != nil {
		return "", err
	}
	rendition = s.ResizedPrefix.RenditionKey(calotype.Variant{Preset: s.Size}, key)
	return rendition, s.eventually(ctx, s.viewOf(key), edge.StateRendition, "image/jpeg")
}

// replaced waits until the rendition of a replaced picture is of its new version, without
// another view.
func (s *smoke) replaced(ctx context.Context) error {
	key := s.folder + "replaced.jpg"
	rendition, err := s.rendered(ctx, key)
	if err != nil {
		return err
	}
	before, err := s.bucket.Head(ctx, rendition)
	if err != nil {
		return err
	}
	if err := s.upload(ctx, key, smokePicture(1000, 750)); err != nil {
		return err
	}
	return s.until(ctx, func() (bool, error) {
		now, err := s.bucket.Head(ctx, rendition)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return err == nil && now.ETag != before.ETag, err
	})
}

// deleted waits until the renditions of a deleted picture are deleted.
func (s *smoke) deleted(ctx context.Context) error {
	key := s.folder + "deleted.jpg"
	rendition, err := s.rendered(ctx, key)
	if err != nil {
		return err
	}
	source, err := s.bucket.Head(ctx, key)
	if err != nil {
		return err
	}
	if err := s.bucket.Delete(ctx, key, source.ETag); err != nil {
		return err
	}
	return s.until(ctx, func() (bool, error) {
		exists, err := s.exists(ctx, rendition)
		return !exists, err
	})
}

// checksSource replaces a picture whose rendition exists and no cache has, and views it:
// the response must not be the rendition of the old version.
func (s *smoke) checksSource(ctx context.Context) error {
	key := s.folder + "checked.jpg"
	if err := s.upload(ctx, key, smokePicture(800, 600)); err != nil {
		return err
	}
	path, rendition := s.viewOf(key), s.ResizedPrefix.RenditionKey(calotype.Variant{Preset: s.Size}, key)
	if _, err := s.view(ctx, path); err != nil {
		return err
	}
	if err := s.until(ctx, func() (bool, error) { return s.exists(ctx, rendition) }); err != nil {
		return err
	}
	old, _, err := s.bucket.Get(ctx, rendition, 1<<20)
	if err != nil {
		return err
	}
	if err := s.upload(ctx, key, smokePicture(1000, 750)); err != nil {
		return err
	}
	if err := sleep(ctx, pendingLife); err != nil {
		return err
	}
	v, err := s.view(ctx, path)
	if err == nil && bytes.Equal(v.body, old) {
		err = fmt.Errorf("got %v: the rendition of the old version", v)
	}
	return err
}

// pendingLife is a little longer than [edge.PendingCacheControl] lets caches keep a response.
const pendingLife = 6 * time.Second

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
