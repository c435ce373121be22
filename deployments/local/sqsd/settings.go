package sqsd

import (
	"slices"
	"strconv"
)

// settings are the configurable attributes of a queue, in seconds and bytes. The type is
// comparable.
type settings struct {
	Visibility int
	Delay      int
	Wait       int
	Retention  int
	MaxSize    int
	Redrive    redrive
	Allow      redriveAllow
}

// numbers are the settings with a range.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
var numbers = []struct {
	name            string
	preset          int
	lowest, highest int
	field           func(*settings) *int
}{
	{"VisibilityTimeout", 30, 0, maxVisibility, func(s *settings) *int { return &s.Visibility }},
	{"DelaySeconds", 0, 0, maxDelay, func(s *settings) *int { return &s.Delay }},
	{"ReceiveMessageWaitTimeSeconds", 0, 0, maxWait, func(s *settings) *int { return &s.Wait }},
	{"MessageRetentionPeriod", 4 * 86400, 60, 14 * 86400, func(s *settings) *int { return &s.Retention }},
	{"MaximumMessageSize", maxMessage, 1024, maxMessage, func(s *settings) *int { return &s.MaxSize }},
}

const (
	maxVisibility = 12 * 60 * 60
	maxDelay      = 15 * 60
	maxWait       = 20
	maxMessage    = 1 << 20
)

// refused are attributes of SQS that this server does not support. Accepting one would
// promise its behaviour.
var refused = []string{
	"ContentBasedDeduplication", "DeduplicationScope", "FifoQueue", "FifoThroughputLimit",
	"KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "Policy", "SqsManagedSseEnabled",
}

// readOnly are attributes that only the server sets.
var readOnly = []string{
	"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible",
	"CreatedTimestamp", "LastModifiedTimestamp", "QueueArn",
}

func defaultSettings() settings {
	var s settings
	for _, n := range numbers {
		*n.field(&s) = n.preset
	}
	return s
}

// with returns the settings, changed by attributes in the client's notation.
func (s settings) with(attributes map[string]string) (settings, error) {
	for name, value := range attributes {
		if err := s.set(name, value); err != nil {
			return settings{}, err
		}
	}
	return s, nil
}

func (s *settings) set(name, value string) (err error) {
	for _, n := range numbers {
		if n.name != name {
			continue
		}
		v, err := strconv.Atoi(value)
		if err != nil || v < n.lowest || v > n.highest {
			return invalidAttributeValue(name)
		}
		*n.field(s) = v
		return nil
	}
	switch {
	case name == "RedrivePolicy":
		s.Redrive, err = parseRedrive(value)
		return err
	case name == "RedriveAllowPolicy":
		s.Allow, err = parseRedriveAllow(value)
		return err
	case slices.Contains(refused, name):
		return unsupported("the queue attribute %s", name)
	default:
		return invalidAttributeName(name)
	}
}

// attributes is the inverse of [settings.with].
func (s settings) attributes() map[string]string {
	all := map[string]string{}
	for _, n := range numbers {
		all[n.name] = strconv.Itoa(*n.field(&s))
	}
	if s.Redrive != (redrive{}) {
		all["RedrivePolicy"] = s.Redrive.String()
	}
	if s.Allow != "" {
		all["RedriveAllowPolicy"] = string(s.Allow)
	}
	return all
}

// knownAttribute reports whether a client may request the attribute of a queue.
func knownAttribute(name string) bool {
	if name == "All" || name == "RedrivePolicy" || name == "RedriveAllowPolicy" {
		return true
	}
	for _, n := range numbers {
		if n.name == name {
			return true
		}
	}
	return slices.Contains(readOnly, name) || slices.Contains(refused, name)
}
