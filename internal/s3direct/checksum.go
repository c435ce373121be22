package s3direct

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strings"
	"sync"
)

// ErrChecksum is the error of a body that is not the one that was stored.
var ErrChecksum = errors.New("the object's checksum differs")

// nvme is the table of the CRC-64 that S3 calls NVME, with the polynomial reversed.
var nvme = sync.OnceValue(func() *crc64.Table { return crc64.MakeTable(0x9a6c_9329_ac4b_c9b5) })

// checksums are the checksums that S3 keeps, the fastest first.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
var checksums = []struct {
	header string
	new    func() hash.Hash
}{
	{"X-Amz-Checksum-Crc32", func() hash.Hash { return crc32.NewIEEE() }},
	{"X-Amz-Checksum-Crc32c", func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }},
	{"X-Amz-Checksum-Crc64nvme", func() hash.Hash { return crc64.New(nvme()) }},
	{"X-Amz-Checksum-Sha1", sha1.New},
	{"X-Amz-Checksum-Sha256", sha256.New},
}

// verified returns a response's body. If the response has a checksum of the whole object,
// the body's end is [ErrChecksum] unless they agree. That of an object uploaded in parts has
// a "-" and is not the body's.
func verified(response *http.Response) io.ReadCloser {
	for _, c := range checksums {
		if want := response.Header.Get(c.header); want != "" && !strings.Contains(want, "-") {
			return &verifier{response.Body, c.new(), want}
		}
	}
	return response.Body
}

type verifier struct {
	io.ReadCloser
	hash hash.Hash
	want string
}

func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.ReadCloser.Read(p)
	v.hash.Write(p[:n])
	if errors.Is(err, io.EOF) {
		if got := encode(v.hash.Sum(nil)); got != v.want {
			return n, fmt.Errorf("%w: %s instead of %s", ErrChecksum, got, v.want)
		}
	}
	return n, err
}

func encode(sum []byte) string { return base64.StdEncoding.EncodeToString(sum) }
