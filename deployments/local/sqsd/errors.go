package sqsd

import (
	"errors"
	"fmt"
	"net/http"
)

var errClosed = errors.New("the server is closed")

// apiError is an error with a name in SQS. Clients of the JSON protocol recognise it by its
// shape, and by the code of the older query protocol, which is in a header.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
type apiError struct {
	shape   string // "com.amazonaws.sqs#QueueDoesNotExist"
	code    string // "AWS.SimpleQueueService.NonExistentQueue"
	status  int
	message string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

// fault is the side at fault, in the words of the query protocol.
func (e *apiError) fault() string {
	if e.status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

const (
	sqsShape    = "com.amazonaws.sqs#"
	commonShape = "com.amazon.coral.service#"
	queryPrefix = "AWS.SimpleQueueService."
)

func badRequest(shape, code, format string, args ...any) *apiError {
	return &apiError{shape, code, http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func forbidden(shape, code, format string, args ...any) *apiError {
	return &apiError{commonShape + shape, code, http.StatusForbidden, fmt.Sprintf(format, args...)}
}

// namespaced returns an error whose query code is its name with SQS's prefix.
func namespaced(name, format string, args ...any) *apiError {
	return badRequest(sqsShape+name, queryPrefix+name, format, args...)
}

func unsupported(format string, args ...any) *apiError {
	return namespaced("UnsupportedOperation", "the local SQS server does not support "+format, args...)
}

func queueDoesNotExist() *apiError {
	return badRequest(sqsShape+"QueueDoesNotExist", queryPrefix+"NonExistentQueue",
		"The specified queue does not exist.")
}

func queueNameExists(name string) *apiError {
	return badRequest(sqsShape+"QueueNameExists", "QueueAlreadyExists",
		"A queue already exists with the same name and a different value for an attribute: %s", name)
}

func invalidAddress(url string) *apiError {
	return badRequest(sqsShape+"InvalidAddress", "InvalidAddress",
		"The address %s is not valid for this endpoint.", url)
}

func invalidAttributeName(name string) *apiError {
	return badRequest(sqsShape+"InvalidAttributeName", "InvalidAttributeName", "Unknown Attribute %s.", name)
}

func invalidAttributeValue(name string) *apiError {
	return badRequest(sqsShape+"InvalidAttributeValue", "InvalidAttributeValue",
		"Invalid value for the parameter %s.", name)
}

func invalidParameter(format string, args ...any) *apiError {
	return badRequest(commonShape+"InvalidParameterValueException", "InvalidParameterValue", format, args...)
}

func missingParameter(name string) *apiError {
	return badRequest(commonShape+"MissingRequiredParameterException", "MissingParameter",
		"The request must contain the parameter %s.", name)
}

func invalidMessageContents(where string, r rune) *apiError {
	return badRequest(sqsShape+"InvalidMessageContents", "InvalidMessageContents",
		"Invalid binary character '#x%X' was found in the %s, the set of allowed characters is "+
			"#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF", r, where)
}

func receiptHandleIsInvalid(handle string) *apiError {
	return badRequest(sqsShape+"ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid",
		"The input receipt handle %q is not a valid receipt handle.", handle)
}

func internalFailure(err error) *apiError {
	e := &apiError{commonShape + "InternalFailure", "InternalFailure", http.StatusInternalServerError, err.Error()}
	if errors.Is(err, errClosed) {
		e.shape, e.code, e.status = commonShape+"ServiceUnavailable", "ServiceUnavailable", http.StatusServiceUnavailable
	}
	return e
}

// asAnswer returns the error's [apiError], if it is one.
func asAnswer(err error) (*apiError, bool) { return errors.AsType[*apiError](err) }
