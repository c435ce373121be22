package sqsd

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
)

// receiptHandle identifies a received message: the message, its queue, and the receive. A
// later receive has another receipt and invalidates this handle.
type receiptHandle struct{ queue, message, receipt int64 }

const handleSize = 3*8 + 4

// String formats the handle with a checksum, so that garbage can be distinguished from a
// handle whose message is deleted.
func (h receiptHandle) String() string {
	b := make([]byte, 0, handleSize)
	for _, n := range []int64{h.queue, h.message, h.receipt} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseHandle is the inverse of [receiptHandle.String]; its error is
// ReceiptHandleIsInvalid.
func parseHandle(s string) (receiptHandle, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != handleSize || binary.BigEndian.Uint32(b[24:]) != crc32.ChecksumIEEE(b[:24]) {
		return receiptHandle{}, receiptHandleIsInvalid(s)
	}
	n := func(i int) int64 { return int64(binary.BigEndian.Uint64(b[i:])) }
	return receiptHandle{n(0), n(8), n(16)}, nil
}
