package sqsd

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// attribute is a message attribute, in requests, in the file and in responses.
type attribute struct {
	DataType    string
	StringValue string `json:",omitempty"`
	BinaryValue []byte `json:",omitempty"`

	// SQS has never implemented it, and this server refuses it.
	StringListValues []string `json:",omitempty"`
	BinaryListValues [][]byte `json:",omitempty"`
}

// kind returns the data type without its label: "Number" of "Number.int".
func (a attribute) kind() string {
	kind, _, _ := strings.Cut(a.DataType, ".")
	return kind
}

func (a attribute) binary() bool { return a.kind() == "Binary" }

func (a attribute) size() int { return len(a.DataType) + len(a.StringValue) + len(a.BinaryValue) }

// digestAttributes returns the MD5 with which SDKs verify the attributes, or "" for none:
// ordered by name, each part after its length.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
func digestAttributes(attributes map[string]attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	const transportString, transportBinary = 1, 2
	var b []byte
	part := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		part(name)
		part(a.DataType)
		if a.binary() {
			b = append(b, transportBinary)
			part(string(a.BinaryValue))
		} else {
			b = append(b, transportString)
			part(a.StringValue)
		}
	}
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// wantedAttributes returns the attributes of a message (in JSON, "" for none) that a
// receiver requested: by name, "All", ".*", or "prefix.*".
func wantedAttributes(stored string, asked []string) (map[string]attribute, error) {
	if stored == "" || len(asked) == 0 {
		return nil, nil
	}
	var attributes map[string]attribute
	if err := json.Unmarshal([]byte(stored), &attributes); err != nil {
		return nil, fmt.Errorf("read message attributes: %w", err)
	}
	maps.DeleteFunc(attributes, func(name string, _ attribute) bool {
		return !slices.ContainsFunc(asked, func(a string) bool {
			prefix, wild := strings.CutSuffix(a, ".*")
			return a == name || a == "All" || wild && strings.HasPrefix(name, prefix)
		})
	})
	return attributes, nil
}
