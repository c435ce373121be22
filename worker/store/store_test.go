package store

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"calotype"
	"calotype/internal/awstest"
	"calotype/worker/failure"
)

func TestMain(m *testing.M) { awstest.Main(m) }

func open(t *testing.T) *Bucket {
	return New(awstest.S3(t), awstest.Bucket(t))
}

func put(t *testing.T, b *Bucket, key, body, replaces string) string {
	t.Helper()
	etag, err := b.Put(t.Context(), key, []byte(body), Object{ContentType: "image/png"}, replaces)
	if err != nil {
		t.Fatal(err)
	}
	return etag
}

// listings responds as S3 does: its XML cannot be parsed if a key with a control character
// is not encoded.
func listings(r *http.Request) *http.Response {
	escape := func(key string) string {
		if r.URL.Query().Get("encoding-type") == "url" {
			return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
		}
		return strings.ReplaceAll(key, "\x01", "&#x1;")
	}
	listing := awstest.Response(http.StatusOK)
	listing.Body = io.NopCloser(strings.NewReader(`<ListBucketResult><EncodingType>` + r.URL.Query().Get("encoding-type") + `</EncodingType>` +
		`<Contents><Key>` + escape("a + b%\x01.jpg") + `</Key></Contents>` +
		`<CommonPrefixes><Prefix>` + escape("re sized/M.webp/") + `</Prefix></CommonPrefixes></ListBucketResult>`))
	return listing
}

func TestListOddKeys(t *testing.T) {
	b := New(awstest.S3(t, awstest.Hooks(listings)), "pictures")
	for o, err := range b.List(t.Context(), "", "") {
		if err != nil || o.Key != "a + b%\x01.jpg" {
			t.Errorf("got %q, %v", o.Key, err)
		}
	}
	variants, err := b.Variants(t.Context(), "re sized")
	if want := []calotype.Variant{{Preset: "M", Format: calotype.WebP}}; err != nil || !slices.Equal(variants, want) {
		t.Errorf("got %v, %v, want %v", variants, err, want)
	}
}

func TestPutGetHead(t *testing.T) {
	b := open(t)
	want := Object{ContentType: "image/webp", CacheControl: "public, max-age=300", Metadata: map[string]string{"calotype-kept": "corrupt"}}
	etag, err := b.Put(t.Context(), "resized/M.webp/été +1%.jpg", []byte("picture"), want, "")
	if err != nil {
		t.Fatal(err)
	}
	body, got, err := b.Get(t.Context(), "resized/M.webp/été +1%.jpg", 7)
	if err != nil || !bytes.Equal(body, []byte("picture")) {
		t.Fatalf("got %q, %v", body, err)
	}
	head, err := b.Head(t.Context(), "resized/M.webp/été +1%.jpg")
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]Object{"get": got, "head": head} {
		if o.ETag != etag || o.Size != 7 || o.ContentType != want.ContentType || o.CacheControl != want.CacheControl ||
			o.Metadata["calotype-kept"] != "corrupt" || o.Modified.IsZero() {
			t.Errorf("%s: got %+v", name, o)
		}
	}
}

func TestMissing(t *testing.T) {
	b := open(t)
	if _, err := b.Head(t.Context(), "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("head: got %v", err)
	}
	if _, _, err := b.Get(t.Context(), "none", 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("get: got %v", err)
	}
	if err := b.Delete(t.Context(), "none", `"etag"`); err != nil {
		t.Errorf("delete: got %v", err)
	}
}

// A missing bucket is the operator's mistake, not a missing picture.
func TestMissingBucket(t *testing.T) {
	b := New(awstest.S3(t), "no-such-bucket")
	if _, _, err := b.Get(t.Context(), "kitty.jpg", 10); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("get: got %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	b := open(t)
	put(t, b, "a", "12345678", "")
	if _, o, err := b.Get(t.Context(), "a", 7); !errors.Is(err, ErrTooLarge) || o.Size != 8 {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestConditions(t *testing.T) {
	b := open(t)
	first := put(t, b, "a", "one", "")
	second := put(t, b, "a", "two", first)
	for name, replaces := range map[string]string{"where there is none": "", "an older one": first} {
		if _, err := b.Put(t.Context(), "a", []byte("three"), Object{}, replaces); !errors.Is(err, ErrConflict) {
			t.Errorf("put %s: got %v, want %v", name, err, ErrConflict)
		}
	}
	if _, err := b.Put(t.Context(), "deleted", []byte("x"), Object{}, first); !errors.Is(err, ErrConflict) {
		t.Errorf("put over one that is gone: got %v, want %v", err, ErrConflict)
	}
	if err := b.Delete(t.Context(), "a", first); !errors.Is(err, ErrConflict) {
		t.Errorf("delete of an older one: got %v, want %v", err, ErrConflict)
	}
	if body, _, err := b.Get(t.Context(), "a", 10); err != nil || string(body) != "two" {
		t.Errorf("got %q, %v", body, err)
	}
	if err := b.Delete(t.Context(), "a", second); err != nil {
		t.Error(err)
	}
	if _, err := b.Head(t.Context(), "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v after the delete", err)
	}
}

// A 409 is a conflict, as is a 412: of two concurrent writers one starts over.
func TestConcurrentWriteIsAConflict(t *testing.T) {
	for _, status := range []int{http.StatusConflict, http.StatusPreconditionFailed} {
		b := New(awstest.S3(t, awstest.Hooks(func(r *http.Request) *http.Response {
			if r.Method == http.MethodPut || r.Method == http.MethodDelete {
				return awstest.Response(status)
			}
			return nil
		})), "pictures")
		if _, err := b.Put(t.Context(), "a", []byte("x"), Object{}, ""); !errors.Is(err, ErrConflict) {
			t.Errorf("put: %d: got %v, want %v", status, err, ErrConflict)
		}
		if err := b.Delete(t.Context(), "a", `"etag"`); !errors.Is(err, ErrConflict) {
			t.Errorf("delete: %d: got %v, want %v", status, err, ErrConflict)
		}
	}
}

// Each error response of a store has one kind.
func TestKindsOfErrors(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		kind   failure.Kind
		class  string
	}{
		{400, "KMS.DisabledException", failure.Permanent, failure.KMSKey},
		{400, "ExpiredToken", failure.Transient, ""},
		{400, "RequestTimeout", failure.Transient, ""},
		{400, "InvalidArgument", failure.Permanent, failure.Refused},
		{403, "AccessDenied", failure.Permanent, failure.Forbidden},
		{403, "InvalidObjectState", failure.Permanent, failure.Archived},
		{403, "SignatureDoesNotMatch", failure.Transient, ""},
		{405, "MethodNotAllowed", failure.Permanent, failure.Refused},
		{429, "TooManyRequests", failure.Transient, ""},
		{500, "InternalError", failure.Transient, ""},
		{501, "NotImplemented", failure.Permanent, failure.NotImplemented},
		{503, "SlowDown", failure.Transient, ""},
	} {
		b := New(awstest.S3(t, awstest.Hooks(func(*http.Request) *http.Response {
			r := awstest.Response(c.status)
			r.Body = io.NopCloser(strings.NewReader("<Error><Code>" + c.code + "</Code><Message>it is so</Message></Error>"))
			return r
		})), "pictures")
		_, _, getErr := b.Get(t.Context(), "kitty.jpg", 10)
		_, putErr := b.Put(t.Context(), "kitty.jpg", []byte("x"), Object{}, "")
		for verb, err := range map[string]error{"get": getErr, "put": putErr} {
			if got := failure.KindOf(err); got != c.kind {
				t.Errorf("%s: %d %s: got %v (%v), want %v", verb, c.status, c.code, got, err, c.kind)
			}
			var f *failure.Failure
			if errors.As(err, &f) && (f.Class != c.class || !strings.Contains(f.Detail, "kitty.jpg") || !strings.Contains(f.Detail, "; ")) {
				t.Errorf("%s: %d %s: got %v, want %s with the remedy", verb, c.status, c.code, f, c.class)
			}
		}
	}
}

// A response that cannot be an object's is an error, and does not count as an empty object.
func TestResponsesThatAreNotObjects(t *testing.T) {
	for name, c := range map[string]struct {
		header http.Header
		length int64 // -1 for none.
		kind   failure.Kind
	}{
		"no Content-Length": {http.Header{"Etag": {`"one"`}}, -1, failure.Transient},
		"a gateway's page":  {http.Header{"Content-Type": {"text/html; charset=utf-8"}}, 7, failure.Transient},
		"no ETag":           {http.Header{"Content-Type": {"image/jpeg"}}, 7, failure.Permanent},
		"a weak ETag":       {http.Header{"Etag": {`W/"one"`}}, 7, failure.Permanent},
	} {
		b := New(awstest.S3(t, awstest.Hooks(func(*http.Request) *http.Response {
			r := awstest.Response(http.StatusOK)
			r.Header, r.Body = c.header.Clone(), io.NopCloser(strings.NewReader("picture"))
			if r.ContentLength = c.length; c.length >= 0 {
				r.Header.Set("Content-Length", strconv.FormatInt(c.length, 10))
			}
			return r
		})), "pictures")
		_, headErr := b.Head(t.Context(), "kitty.jpg")
		_, _, getErr := b.Get(t.Context(), "kitty.jpg", 10)
		for verb, err := range map[string]error{"head": headErr, "get": getErr} {
			if err == nil || failure.KindOf(err) != c.kind || !strings.HasPrefix(err.Error(), verb+" kitty.jpg: ") && c.kind == failure.Transient {
				t.Errorf("%s: %s: got %v, want %v", name, verb, err, c.kind)
			}
		}
	}
}
