package sqsd

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// redrive is a queue's redrive policy: a message that would be received more often than Max
// is moved to the queue Target (an ARN) instead. The zero redrive means no policy.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
type redrive struct {
	Target string
	Max    int
}

// parseRedrive reads {"deadLetterTargetArn":"arn:…","maxReceiveCount":5}; SQS also accepts
// the count as a string. An empty value removes the policy.
func parseRedrive(value string) (redrive, error) {
	if value == "" {
		return redrive{}, nil
	}
	var policy struct {
		Target string          `json:"deadLetterTargetArn"`
		Max    json.RawMessage `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(value), &policy); err != nil {
		return redrive{}, invalidRedrive(value, "Redrive policy is not a valid JSON map.")
	}
	if policy.Target == "" {
		return redrive{}, invalidRedrive(value, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
	}
	if policy.Max == nil {
		return redrive{}, invalidRedrive(value, "Redrive policy does not contain mandatory attribute: maxReceiveCount.")
	}
	count, err := strconv.Atoi(strings.Trim(string(policy.Max), `"`))
	if err != nil || count < 1 || count > 1000 {
		return redrive{}, invalidRedrive(value, "Invalid value for maxReceiveCount: %s, valid values are from 1 to 1000 both inclusive.", policy.Max)
	}
	return redrive{policy.Target, count}, nil
}

// String is the inverse of [parseRedrive].
func (r redrive) String() string {
	if r == (redrive{}) {
		return ""
	}
	// Marshalling a string and a number cannot fail.
	b, _ := json.Marshal(struct {
		Target string `json:"deadLetterTargetArn"`
		Max    int    `json:"maxReceiveCount"`
	}{r.Target, r.Max})
	return string(b)
}

func invalidRedrive(value, reason string, args ...any) error {
	return invalidParameter("Value "+strings.ReplaceAll(value, "%", "%%")+
		" for parameter RedrivePolicy is invalid. Reason: "+reason, args...)
}

// redriveAllow is the JSON with which a dead-letter queue restricts its source queues. The
// empty one allows all.
type redriveAllow string

type allowPolicy struct {
	Permission string   `json:"redrivePermission"`
	Sources    []string `json:"sourceQueueArns,omitempty"`
}

func parseRedriveAllow(value string) (redriveAllow, error) {
	if value == "" {
		return "", nil
	}
	var policy allowPolicy
	if err := json.Unmarshal([]byte(value), &policy); err != nil {
		return "", invalidAttributeValue("RedriveAllowPolicy")
	}
	switch policy.Permission {
	case "allowAll", "denyAll":
		if len(policy.Sources) > 0 {
			return "", invalidAttributeValue("RedriveAllowPolicy")
		}
	case "byQueue":
		if len(policy.Sources) == 0 || len(policy.Sources) > 10 {
			return "", invalidAttributeValue("RedriveAllowPolicy")
		}
	default:
		return "", invalidAttributeValue("RedriveAllowPolicy")
	}
	canonical, err := json.Marshal(policy)
	return redriveAllow(canonical), err
}

// admits reports whether messages of the queue with the ARN may be moved here.
func (a redriveAllow) admits(source string) bool {
	if a == "" {
		return true
	}
	var policy allowPolicy
	if err := json.Unmarshal([]byte(a), &policy); err != nil {
		return false
	}
	return policy.Permission == "allowAll" ||
		policy.Permission == "byQueue" && slices.Contains(policy.Sources, source)
}
