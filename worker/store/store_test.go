package store

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"calotype"
	"calotype/internal/awstest"
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

// listings answers as S3 does, whose XML cannot be read where a key is not encoded that
// has a control character.
func listings(r *http.Request) *http.Response {
	escape := func(key string) string {
		if r.URL.Query().Get("encoding-type") == "url" {
			return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
		}
		return strings.ReplaceAll(key, "\x01", "&#x1;")
	}
	answer := awstest.Answer(http.StatusOK)
	answer.Body = io.NopCloser(strings.NewReader(`<ListBucketResult><EncodingType>` + r.URL.Query().Get("encoding-type") + `</EncodingType>` +
		`<Contents><Key>` + escape("a + b%\x01.jpg") + `</Key></Contents>` +
		`<CommonPrefixes><Prefix>` + escape("re sized/M.webp/") + `</Prefix></CommonPrefixes></ListBucketResult>`))
	return answer
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

// A bucket that is missing is a mistake of the operator, not a picture that is gone.
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
