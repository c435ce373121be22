package viewer

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/edge"
	"calotype/edge/origin"
	"calotype/internal/awstest"
	"calotype/internal/viewertest"
	"calotype/queue"
)

// site is a distribution in the function mode, with a bucket, a queue, and counts.
type site struct {
	*httptest.Server
	t                      *testing.T
	bucket, jobs           string
	gets, calls, edgeCalls atomic.Int64 // Of the bucket, of the store in all, of calotype edge.
	origin                 *origin.Origin
}

const secret = "the-secret-of-the-distribution"

func newSite(t *testing.T, rules edge.Rules) *site {
	jobs, _ := awstest.Queues(t)
	s := &site{t: t, bucket: awstest.Bucket(t), jobs: jobs}
	client := awstest.S3(t, awstest.Hooks(func(*http.Request) *http.Response { s.calls.Add(1); return nil }))
	s.origin = origin.New(rules, client, s.bucket, queue.New(awstest.SQS(t), jobs), zerolog.Nop(), origin.Settings{Secrets: []string{secret}})
	code, err := RewriteCode(rules.Presets, Options{Auto: rules.Auto, Widths: rules.Widths})
	if err != nil {
		t.Fatal(err)
	}
	edgeHost := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.edgeCalls.Add(1)
		s.origin.ServeHTTP(w, r)
	})
	s.Server = httptest.NewServer(&viewertest.Distribution{
		T: t, Function: viewertest.Start(t, code), Parameters: RewriteParameters, Headers: RewriteHeaders, Default: edgeHost,
		Origins: map[string]viewertest.Origin{
			BucketOrigin:    {Handler: s.store(client), Path: "/resized"},
			RewrittenOrigin: {Handler: edgeHost, Path: "/resized", Header: http.Header{origin.SecretHeader: {secret}}},
		},
		Short: []string{edge.PendingCacheControl, edge.UpgradeCacheControl, edge.NotFoundCacheControl},
	})
	t.Cleanup(s.Close)
	return s
}

// store answers as S3 does to CloudFront, which may not list the bucket: what is missing is
// a 403. It reads a path as S3 does.
func (s *site) store(client *s3.Client) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.gets.Add(1)
		out, err := client.GetObject(r.Context(), &s3.GetObjectInput{Bucket: &s.bucket, Key: aws.String(strings.TrimPrefix(r.URL.Path, "/"))})
		var refused smithy.APIError
		switch {
		case errors.As(err, &refused):
			w.WriteHeader(http.StatusForbidden)
			return
		case err != nil:
			s.t.Error(err)
			return
		}
		defer out.Body.Close()
		w.Header().Set("Content-Type", aws.ToString(out.ContentType))
		w.Header().Set("Cache-Control", aws.ToString(out.CacheControl))
		if _, err := io.Copy(w, out.Body); err != nil {
			s.t.Error(err)
		}
	})
}

func (s *site) put(key, body string, format calotype.Format) {
	awstest.Put(s.t, s.bucket, key, []byte(body), awstest.Headers{ContentType: format.ContentType(), CacheControl: "public, max-age=300, s-maxage=86400"})
}

// view requests a path, and returns status, state and body.
func (s *site) view(path string, header ...string) (int, string, string) {
	s.t.Helper()
	r, body, err := awstest.Ask(s.t, "GET", s.URL+path, header...)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.StatusCode, r.Header.Get("X-Calotype"), body
}

func (s *site) enqueued() string {
	s.origin.Wait()
	var jobs []string
	for _, body := range awstest.Drain(s.t, s.jobs) {
		job, err := calotype.ParseJob(body)
		if err != nil {
			s.t.Fatal(err)
		}
		jobs = append(jobs, job.Source+" "+job.Variants[0].String())
	}
	return strings.Join(jobs, ", ")
}

// A hit costs one GET of the bucket and no call of calotype edge, and a cached one
// nothing. A miss serves the original at once, and becomes a job.
func TestHitCostsOneGet(t *testing.T) {
	s := newSite(t, edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized"})
	s.put("cats/kitty 1.jpg", "original", calotype.JPEG)
	const path = "/cats/kitty%201.jpg?size=M&to_webp=1&utm_source=x"
	if status, state, body := s.view(path); status != 200 || state != edge.StatePending || body != "original" {
		t.Errorf("a miss: got %d %q %q", status, state, body)
	}
	if jobs := s.enqueued(); jobs != "cats/kitty 1.jpg M.webp" {
		t.Errorf("got jobs for %q", jobs)
	}
	s.put("resized/M.webp/cats/kitty 1.jpg", "rendition", calotype.WebP)
	for i, want := range []int64{1, 0} {
		s.gets.Store(0)
		s.calls.Store(0)
		s.edgeCalls.Store(0)
		if status, _, body := s.view(path); status != 200 || body != "rendition" {
			t.Errorf("hit %d: got %d %q", i, status, body)
		}
		if s.gets.Load() != want || s.calls.Load() != want || s.edgeCalls.Load() != 0 {
			t.Errorf("hit %d: %d GETs, %d calls of the store, %d of the edge, want %d, %d and 0", i, s.gets.Load(), s.calls.Load(), s.edgeCalls.Load(), want, want)
		}
	}
	if jobs := s.enqueued(); jobs != "" {
		t.Errorf("hits became jobs: %s", jobs)
	}
}

// Nothing under the renditions' prefix is served by its name, however it is spelled.
func TestFolderIsHidden(t *testing.T) {
	s := newSite(t, edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized"})
	s.put("kitty.jpg", "original", calotype.JPEG)
	s.put("resized/M/kitty.jpg", "secret", calotype.JPEG)
	s.put("resized/.failed/kitty.jpg", "secret", calotype.JPEG)
	for _, path := range []string{
		"/resized/M/kitty.jpg", "/%72esized/M/kitty.jpg", "/resized%2FM%2Fkitty.jpg", "//resized/M/kitty.jpg", "/resized//M/kitty.jpg", "/./resized/M/kitty.jpg", "/a/../resized/M/kitty.jpg",
		"/%2e/resized/M/kitty.jpg", "/a/%2e%2e/resized/M/kitty.jpg", "/%2Fresized/M/kitty.jpg", "/resized/./M/kitty.jpg", "/resized/.failed/kitty.jpg", "/resized", "/resized/", "/%72%65%73%69%7A%65%64/M/kitty.jpg", "/resized/M/kitty.j%70g",
	} {
		for _, query := range []string{"", "?size=M", "?size=M&format=webp", "?undecided=1", "?format=auto", "?size=Q"} {
			for _, guess := range []string{"", "guessed-by-a-viewer-somehow"} {
				if status, _, body := s.view(path+query, origin.SecretHeader, guess); status != 404 && status != 400 || strings.Contains(body, "secret") {
					t.Errorf("%s%s: got %d %q, want 404", path, query, status, body)
				}
			}
		}
	}
	// A viewer's path that looks rewritten has another cache key than what was rewritten.
	s.put("M/kitty.jpg", "another picture", calotype.JPEG)
	for path, want := range map[string]string{"/M/kitty.jpg": "another picture", "/kitty.jpg?size=M": "secret", "/M/kitty.jpg?size=Q": "another picture"} {
		for range 2 {
			if _, _, body := s.view(path); body != want {
				t.Errorf("%s: got %q, want %q", path, body, want)
			}
		}
	}
}

// The parameters of a signed URL do not reach the cache key or an origin. CloudFront checks
// the signature of the viewer's URL, with its query, before it runs the function.
func TestSignedURLs(t *testing.T) {
	code, err := RewriteCode(calotype.DefaultPresets(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := viewertest.Start(t, code)
	for _, uri := range []string{"/kitty.jpg", "/a+b.jpg"} {
		plain := f.Handle(viewertest.Request{Method: "GET", URI: uri, Query: "size=M"})
		signed := f.Handle(viewertest.Request{Method: "GET", URI: uri, Query: "size=M&Expires=1796000000&Signature=a~b_-c&Key-Pair-Id=K2JCJMDEHXQW5F&Policy=eyJ"})
		if signed.URI != plain.URI || signed.Query.String() != plain.Query.String() {
			t.Errorf("%s: signed becomes %s?%s, plain %s?%s", uri, signed.URI, signed.Query, plain.URI, plain.Query)
		}
	}
}

// format=auto is WebP at first and then AVIF, one entry for each in the cache.
func TestAutoFromOutside(t *testing.T) {
	s := newSite(t, edge.Rules{Presets: calotype.WebPresets(), Prefix: "resized", Auto: edge.AutoFormats{calotype.AVIF, calotype.WebP}, Widths: true})
	etag := awstest.Put(t, s.bucket, "kitty.jpg", []byte("original"), awstest.Headers{ContentType: "image/jpeg"})
	const path, accept = "/kitty.jpg?w=320&dpr=2&format=auto", "image/avif,image/webp,*/*;q=0.8"
	if _, state, body := s.view(path, "Accept", accept); state != edge.StatePending || body != "original" {
		t.Errorf("got %q %q", state, body)
	}
	w640, _ := calotype.WebPresets().Lookup("w640")
	awstest.Put(t, s.bucket, "resized/w640.webp/kitty.jpg", []byte("webp"), awstest.Headers{ContentType: "image/webp",
		Metadata: calotype.Lineage{SourceETag: etag, Recipe: calotype.Recipe{Boxes: w640.Signature(), Format: calotype.WebP}}.Metadata()})
	if _, state, body := s.view(path, "Accept", accept); state != "nearest; pending; w640.webp" || body != "webp" {
		t.Errorf("got %q %q", state, body)
	}
	s.put("resized/w640.avif/kitty.jpg", "avif", calotype.AVIF)
	if _, _, body := s.view(path, "Accept", accept); body != "avif" {
		t.Errorf("got %q", body)
	}
	if _, _, body := s.view(path, "Accept", "image/webp"); body != "webp" {
		t.Errorf("got %q for a viewer without AVIF", body)
	}
	if jobs := s.enqueued(); jobs != "kitty.jpg w640.webp, kitty.jpg w640.avif" {
		t.Errorf("got jobs for %q", jobs)
	}
	// What the function does not decide is negotiated too.
	s.put("a+b.jpg", "original", calotype.JPEG)
	s.put("resized/w640.avif/a+b.jpg", "avif", calotype.AVIF)
	s.put("resized/w640/a+b.jpg", "jpeg", calotype.JPEG)
	for accept, want := range map[string]string{"image/avif": "avif", "*/*": "jpeg"} {
		if _, _, body := s.view("/a+b.jpg?w=640&format=auto", "Accept", accept); body != want {
			t.Errorf("%s: got %q, want %q", accept, body, want)
		}
	}
}
