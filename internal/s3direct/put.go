package s3direct

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// ErrPrecondition is the error of a write whose condition does not hold.
var ErrPrecondition = errors.New("the condition does not hold")

// maxPut bounds the body of a direct PUT, in bytes. For a larger one the SDK sends Expect:
// 100-continue first.
const maxPut = 2 << 20

// Put writes an object with headers, conditions among them, and returns its ETag. The body
// must not be changed afterwards, because the transport may still read it after a cancellation.
func (b *Bucket) Put(ctx context.Context, key string, body []byte, header http.Header) (etag string, err error) {
	if len(body) > maxPut {
		return "", ErrUnclear
	}
	if b.options.RequestChecksumCalculation != aws.RequestChecksumCalculationWhenRequired {
		header["X-Amz-Sdk-Checksum-Algorithm"] = []string{"CRC32"}
		header["X-Amz-Checksum-Crc32"] = []string{encode(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)))}
	}
	request, err := b.request(ctx, http.MethodPut, key, header, body)
	if err != nil {
		return "", err
	}
	response, err := b.options.HTTPClient.Do(request)
	if err != nil || response == nil {
		return "", ErrUnclear
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, maxProblem)); err != nil {
		return "", ErrUnclear
	}
	switch response.StatusCode {
	case http.StatusOK:
		return response.Header.Get("ETag"), nil
	case http.StatusPreconditionFailed:
		return "", ErrPrecondition
	}
	b.backOff(ctx, response.StatusCode)
	return "", ErrUnclear
}
