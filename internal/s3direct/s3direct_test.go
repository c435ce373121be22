package s3direct

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype/internal/awstest"
)

func TestMain(m *testing.M) { awstest.Main(m) }

// The server verifies the signature of every key, and the bytes and metadata are those that
// the SDK put.
func TestKeys(t *testing.T) {
	client, name := awstest.S3(t), awstest.Bucket(t)
	bucket := New(client, name)
	for _, key := range []string{"kitty.jpg", "a b/c+d.jpg", "été/猫.jpg", "100%25.jpg", "q?x=1&y=2#z.jpg", "(a)[b]{c}'!*~$,;:@=.jpg"} {
		body := []byte("picture " + key)
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: &name, Key: &key, Body: bytes.NewReader(body), ContentType: aws.String("image/jpeg"), Metadata: map[string]string{"calotype-size": "3x4"},
		})
		if err != nil {
			t.Fatal(err)
		}
		head, err := bucket.Head(t.Context(), key)
		if err != nil || head.Size != int64(len(body)) || head.Body != nil {
			t.Errorf("HEAD %s: got %+v, %v", key, head, err)
		}
		o, err := bucket.Get(t.Context(), key)
		if err != nil {
			t.Errorf("GET %s: %v", key, err)
			continue
		}
		got, err := io.ReadAll(o.Body)
		o.Body.Close()
		if err != nil || !bytes.Equal(got, body) || o.Header.Get("Content-Type") != "image/jpeg" || o.Header.Get("ETag") == "" || o.Modified.IsZero() ||
			!maps.Equal(o.Metadata, map[string]string{"calotype-size": "3x4"}) {
			t.Errorf("GET %s: got %q, %v, %+v", key, got, err, o)
		}
	}
	if _, err := bucket.Head(t.Context(), "none.jpg"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("HEAD of a missing object: %v", err)
	}
	if _, err := bucket.Get(t.Context(), "none.jpg"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("GET of a missing object: %v", err)
	}
	if _, err := New(client, "no-such-bucket").Get(t.Context(), "kitty.jpg"); !errors.Is(err, ErrUnclear) {
		t.Errorf("GET of a missing bucket: %v, want the SDK to say that", err)
	}
}

// responder answers every request and records the last one.
type responder struct {
	response func() (*http.Response, error)
	last     *http.Request
}

func (r *responder) Do(request *http.Request) (*http.Response, error) {
	r.last = request
	return r.response()
}

func respond(status int, body string, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		r := &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return r, nil
	}
}

func client(r *responder, options ...func(*s3.Options)) *s3.Client {
	return s3.New(s3.Options{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "token"), HTTPClient: r,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported, Retryer: aws.NopRetryer{},
	}, options...)
}

// The URL is the SDK's, for every kind of address.
func TestPlaces(t *testing.T) {
	for name, c := range map[string]struct {
		bucket string
		option func(*s3.Options)
	}{
		"virtual host":    {"pictures", func(*s3.Options) {}},
		"dots":            {"pictures.example.com", func(*s3.Options) {}},
		"path":            {"pictures", func(o *s3.Options) { o.UsePathStyle = true }},
		"accelerate":      {"pictures", func(o *s3.Options) { o.UseAccelerate = true }},
		"FIPS":            {"pictures", func(o *s3.Options) { o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled }},
		"IPv6":            {"pictures", func(o *s3.Options) { o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled }},
		"another store":   {"pictures", func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = aws.String("http://127.0.0.1:7070/s3"), true }},
		"an access point": {"arn:aws:s3:eu-west-1:123456789012:accesspoint/pictures", func(*s3.Options) {}},
	} {
		t.Run(name, func(t *testing.T) {
			r := &responder{response: respond(200, "picture", "Content-Length", "7", "ETag", `"x"`)}
			key := "a b/é+(1)//x.jpg"
			if _, err := client(r, c.option).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &c.bucket, Key: &key}); err != nil {
				t.Fatal(err)
			}
			want := *r.last.URL
			want.RawQuery = "" // The SDK adds x-id, which is for logs.
			if _, err := New(client(r, c.option), c.bucket).Get(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			if got := r.last.URL.String(); got != want.String() {
				t.Errorf("got %s, want %s", got, want.String())
			}
			if got, scope := r.last.Header.Get("Authorization"), "/eu-west-1/s3/aws4_request"; !strings.Contains(got, scope) {
				t.Errorf("Authorization %q, want %s", got, scope)
			}
		})
	}
}

// What needs more than one signed request of the usual kind is the SDK's.
func TestPlacesForTheSDK(t *testing.T) {
	for name, c := range map[string]struct {
		bucket string
		option func(*s3.Options)
	}{
		"directory bucket": {"pictures--use1-az4--x-s3", func(*s3.Options) {}},
		"several Regions":  {"arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap", func(*s3.Options) {}},
		"no credentials":   {"pictures", func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} }},
		"no Region":        {"pictures", func(o *s3.Options) { o.Region = "" }},
	} {
		r := &responder{response: respond(200, "picture", "Content-Length", "7")}
		if _, err := New(client(r, c.option), c.bucket).Get(t.Context(), "kitty.jpg"); !errors.Is(err, ErrUnclear) || r.last != nil {
			t.Errorf("%s: got %v and request %v, want none", name, err, r.last)
		}
	}
}

func TestResponses(t *testing.T) {
	code := func(c string) string { return "<?xml version=\"1.0\"?>\n<Error><Code>" + c + "</Code></Error>" }
	for name, c := range map[string]struct {
		method   string
		response func() (*http.Response, error)
		want     error
	}{
		"object":                {"GET", respond(200, "picture", "Content-Length", "7"), nil},
		"its metadata":          {"HEAD", respond(200, "", "Content-Length", "7"), nil},
		"missing":               {"GET", respond(404, code("NoSuchKey")), fs.ErrNotExist},
		"missing, HEAD":         {"HEAD", respond(404, ""), fs.ErrNotExist},
		"no bucket":             {"GET", respond(404, code("NoSuchBucket")), ErrUnclear},
		"a page for a missing":  {"GET", respond(404, "<html>not found"), ErrUnclear},
		"may not list":          {"GET", respond(403, code("AccessDenied")), fs.ErrPermission},
		"may not list, HEAD":    {"HEAD", respond(403, ""), ErrUnclear},
		"expired":               {"GET", respond(403, code("ExpiredToken")), ErrUnclear},
		"another Region":        {"GET", respond(301, code("PermanentRedirect")), ErrUnclear},
		"throttled":             {"GET", respond(503, code("SlowDown")), ErrUnclear},
		"not a length":          {"GET", respond(200, "picture"), ErrUnclear},
		"part":                  {"GET", respond(206, "pic", "Content-Length", "3"), ErrUnclear},
		"no response":           {"GET", func() (*http.Response, error) { return nil, errors.New("connection refused") }, ErrUnclear},
		"right checksum":        {"GET", respond(200, "picture", "Content-Length", "7", "x-amz-checksum-crc32", "FttPiQ=="), nil},
		"wrong checksum":        {"GET", respond(200, "picture", "Content-Length", "7", "x-amz-checksum-crc32", "AAAAAA=="), ErrChecksum},
		"checksum of its parts": {"GET", respond(200, "picture", "Content-Length", "7", "x-amz-checksum-sha256", "AAAA-2"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			bucket := New(client(&responder{response: c.response}), "pictures")
			if c.method == "HEAD" {
				if o, err := bucket.Head(t.Context(), "kitty.jpg"); !errors.Is(err, c.want) || err == nil && o.Size != 7 {
					t.Errorf("got %+v, %v, want %v", o, err, c.want)
				}
				return
			}
			o, err := bucket.Get(t.Context(), "kitty.jpg")
			if err == nil {
				_, err = io.ReadAll(o.Body)
				o.Body.Close()
			}
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// The checksums are S3's: the SDK accepts them too.
func TestChecksums(t *testing.T) {
	for _, c := range checksums {
		h := c.new()
		h.Write([]byte("picture"))
		for _, damaged := range []bool{false, true} {
			body := "picture"
			if damaged {
				body = "picTure"
			}
			r := &responder{response: respond(200, body, "Content-Length", "7", c.header, encode(h.Sum(nil)))}
			out, err := client(r).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("pictures"), Key: aws.String("kitty.jpg")})
			if err != nil {
				t.Fatal(err)
			}
			_, sdk := io.ReadAll(out.Body)
			o, err := New(client(r), "pictures").Get(t.Context(), "kitty.jpg")
			if err != nil {
				t.Fatal(err)
			}
			_, ours := io.ReadAll(o.Body)
			if (sdk != nil) != damaged || (ours != nil) != damaged {
				t.Errorf("%s, damaged %v: the SDK's error is %v, ours %v", c.header, damaged, sdk, ours)
			}
		}
	}
}
