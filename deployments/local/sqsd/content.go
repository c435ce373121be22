package sqsd

import (
	"fmt"
	"regexp"
	"strings"
)

// traceHeader is the only system attribute that a sender may set.
const traceHeader = "AWSTraceHeader"

// check returns an error if SQS would refuse the message. [Server.send] checks the queue's
// own limit.
func (e entry) check() error {
	if e.MessageBody == "" {
		return missingParameter("MessageBody")
	}
	if e.size() > maxMessage {
		return messageTooLong(maxMessage)
	}
	if r, bad := forbiddenRune(e.MessageBody); bad {
		return invalidMessageContents("message body", r)
	}
	if _, err := within("DelaySeconds", e.DelaySeconds, 0, 0, maxDelay); err != nil {
		return err
	}
	if e.MessageDeduplicationID != "" {
		return invalidParameter("Value %s for parameter MessageDeduplicationId is invalid. "+
			"Reason: The request includes a parameter that is not valid for this queue type.", e.MessageDeduplicationID)
	}
	if len(e.MessageGroupID) > 128 || strings.ContainsFunc(e.MessageGroupID, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return invalidParameter("Value %s for parameter MessageGroupId is invalid. "+
			"Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.", e.MessageGroupID)
	}
	if len(e.MessageAttributes) > 10 {
		return invalidParameter("Number of message attributes [%d] exceeds the allowed maximum [10].", len(e.MessageAttributes))
	}
	for name, a := range e.MessageAttributes {
		if err := a.check(name); err != nil {
			return err
		}
	}
	for name, a := range e.MessageSystemAttributes {
		if name != traceHeader {
			return invalidParameter("Message system attribute name '%s' is invalid.", name)
		}
		if a.DataType != "String" || a.StringValue == "" {
			return invalidParameter("The message system attribute '%s' must have the type String and a value.", name)
		}
	}
	return nil
}

func messageTooLong(limit int) error {
	return invalidParameter("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", limit)
}

// forbiddenRune returns the first character that XML, and therefore SQS, cannot contain.
func forbiddenRune(s string) (rune, bool) {
	for _, r := range s {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return r, true
		}
	}
	return 0, false
}

// within returns an optional number of a request, or an error if it is out of range.
func within(parameter string, v *int, absent, lowest, highest int) (int, error) {
	if v == nil {
		return absent, nil
	}
	if *v < lowest || *v > highest {
		return 0, invalidParameter("Value %d for parameter %s is invalid. Reason: Must be >= %d and <= %d, if provided.",
			*v, parameter, lowest, highest)
	}
	return *v, nil
}

var (
	attributeName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	reservedName  = regexp.MustCompile(`^(?i)(aws|amazon)\.`)
	dataType      = regexp.MustCompile(`^(String|Number|Binary)(\.[^\x00-\x1f]+)?$`)
	number        = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)
)

// check returns an error if SQS would refuse the attribute with that name.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
func (a attribute) check(name string) error {
	bad := func(format string, args ...any) error {
		return invalidParameter("The message attribute '%.256s' is invalid: %s", name, fmt.Sprintf(format, args...))
	}
	switch {
	case len(name) > 256 || !attributeName.MatchString(name):
		return bad("a name has 1 to 256 letters, digits, hyphens, underscores and single periods between them")
	case reservedName.MatchString(name):
		return bad("a name must not begin with AWS. or Amazon.")
	case a.DataType == "":
		return bad("it must contain a non-empty message attribute type")
	case len(a.DataType) > 256 || !dataType.MatchString(a.DataType):
		return bad("the type %.256q is none of Binary, Number, String, each with an optional label after a period", a.DataType)
	case len(a.StringListValues) > 0 || len(a.BinaryListValues) > 0:
		return bad("list values are not supported")
	case a.StringValue != "" && len(a.BinaryValue) > 0:
		return bad("it has more than one value")
	case a.binary() && len(a.BinaryValue) == 0, !a.binary() && a.StringValue == "":
		return bad("it must contain a non-empty value of its type %s", a.DataType)
	case a.kind() == "Number" && !number.MatchString(a.StringValue):
		return bad("%.40q cannot be cast to a number", a.StringValue)
	}
	if r, found := forbiddenRune(a.StringValue); found {
		return invalidMessageContents("message attribute '"+name+"'", r)
	}
	return nil
}
