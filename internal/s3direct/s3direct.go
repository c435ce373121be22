// Package s3direct reads and writes S3 objects with one signed request each. It uses the
// endpoint rules, the credentials, the signer and the HTTP client of an SDK client, but not
// the SDK's middleware stack, which is built for each call and takes several times the CPU
// time of the request. It understands success, a missing object and a
// condition that does not hold. For every other response it returns [ErrUnclear], and the
// caller repeats the call with the SDK, which retries, follows other Regions and knows all
// errors. After a throttled or failed call it waits as the SDK does before a retry, and
// leaves all calls to the SDK for a while.
package s3direct

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// ErrUnclear is the error of a call that only the SDK can make or explain.
var ErrUnclear = errors.New("the SDK has to make this call")

// Bucket is one bucket. Its methods may be called concurrently.
type Bucket struct {
	options  s3.Options
	signer   *v4.Signer
	endpoint func() (endpoint, bool)

	cooldownUntil atomic.Int64 // In nanoseconds since 1970; see throttle.go.
}

// New returns the bucket with a name, called with the client's options.
func New(client *s3.Client, name string) *Bucket {
	b := &Bucket{options: client.Options(), signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })}
	b.endpoint = sync.OnceValues(func() (endpoint, bool) { return findEndpoint(b.options, name) })
	return b
}

// Object is an object's metadata as its response has it.
type Object struct {
	Status   int
	Header   http.Header
	Size     int64             // -1 if the response does not say it.
	Modified time.Time         // Zero if it is unknown.
	Metadata map[string]string // Without "x-amz-meta-", in lower case.
	Body     io.ReadCloser     // Nil for a HEAD. At the end a read is ErrChecksum if the checksum differs.
}

// ObjectOf returns the object of a response that the SDK got, with its user metadata and the
// body of a GET.
func ObjectOf(response middleware.Metadata, metadata map[string]string, body io.ReadCloser) Object {
	raw, ok := awsmiddleware.GetRawResponse(response).(*smithyhttp.Response)
	if !ok {
		return Object{Header: http.Header{}, Size: -1, Metadata: metadata, Body: body}
	}
	return objectOf(raw.Response, metadata, body)
}

func objectOf(response *http.Response, metadata map[string]string, body io.ReadCloser) Object {
	o := Object{Status: response.StatusCode, Header: response.Header, Size: -1, Metadata: metadata, Body: body}
	if size, err := strconv.ParseInt(o.Header.Get("Content-Length"), 10, 64); err == nil {
		o.Size = size
	}
	o.Modified, _ = http.ParseTime(o.Header.Get("Last-Modified"))
	return o
}

// Get opens an object. A missing one is [fs.ErrNotExist], and one that may not be read is
// [fs.ErrPermission]: without s3:ListBucket that is also S3's response for a missing key.
func (b *Bucket) Get(ctx context.Context, key string) (Object, error) {
	return b.do(ctx, http.MethodGet, key)
}

// Head returns an object's metadata. A missing object is [fs.ErrNotExist].
func (b *Bucket) Head(ctx context.Context, key string) (Object, error) {
	return b.do(ctx, http.MethodHead, key)
}

func (b *Bucket) do(ctx context.Context, method, key string) (Object, error) {
	header := http.Header{}
	if method == http.MethodGet && b.options.ResponseChecksumValidation != aws.ResponseChecksumValidationWhenRequired {
		header["X-Amz-Checksum-Mode"] = []string{"ENABLED"}
	}
	request, err := b.request(ctx, method, key, header, nil)
	if err != nil {
		return Object{}, err
	}
	response, err := b.options.HTTPClient.Do(request)
	if err != nil || response == nil {
		return Object{}, ErrUnclear
	}
	if response.StatusCode != http.StatusOK {
		err := problem(method, response)
		response.Body.Close()
		b.backOff(ctx, response.StatusCode)
		return Object{}, err
	}
	o := objectOf(response, metadata(response.Header), nil)
	if o.Size < 0 {
		response.Body.Close()
		return Object{}, ErrUnclear
	}
	if method == http.MethodHead {
		response.Body.Close()
		return o, nil
	}
	o.Body = verified(response)
	return o, nil
}

// noBody is the SHA-256 of an empty body.
const noBody = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// request returns a signed request.
func (b *Bucket) request(ctx context.Context, method, key string, header http.Header, body []byte) (*http.Request, error) {
	target, ok := b.endpoint()
	if !ok || b.coolingDown() {
		return nil, ErrUnclear
	}
	credentials, err := b.options.Credentials.Retrieve(ctx)
	if err != nil || !credentials.HasKeys() {
		return nil, ErrUnclear
	}
	hash := noBody
	if len(body) > 0 {
		sum := sha256.Sum256(body)
		hash = hex.EncodeToString(sum[:])
	}
	header["X-Amz-Content-Sha256"] = []string{hash} // S3 requires it.
	r := (&http.Request{Method: method, URL: target.url(key), Host: target.base.Host, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(ctx)
	if len(body) > 0 {
		r.ContentLength = int64(len(body)) // Signed too.
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		r.Body, _ = r.GetBody()
	}
	if err := b.signer.SignHTTP(ctx, credentials, r, hash, target.service, target.region, time.Now()); err != nil {
		return nil, ErrUnclear
	}
	// Unsigned, because proxies change it. Without it Go would ask for gzip.
	header["Accept-Encoding"] = []string{"identity"}
	return r, nil
}

// maxProblem is how much of an error's body is read, in bytes.
const maxProblem = 4096

// problem returns the error of a response that is not an object. To a HEAD, S3 answers
// without a code; to a GET, 404 may also mean that there is no bucket, and 403 that the
// credentials are refused.
func problem(method string, response *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxProblem))
	code := func(code string) bool { return strings.Contains(string(body), "<Code>"+code+"</Code>") }
	switch status := response.StatusCode; {
	case err != nil:
	case status == http.StatusNotFound && (method == http.MethodHead || code("NoSuchKey")):
		return fs.ErrNotExist
	case status == http.StatusForbidden && method == http.MethodGet && code("AccessDenied"):
		return fs.ErrPermission
	}
	return ErrUnclear
}

// metadata returns the object's user metadata.
func metadata(h http.Header) map[string]string {
	const prefix = "X-Amz-Meta-"
	found := map[string]string{}
	for name, values := range h {
		if len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) && len(values) > 0 {
			found[strings.ToLower(name[len(prefix):])] = values[0]
		}
	}
	return found
}
