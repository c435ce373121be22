package store

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"calotype/worker/failure"
)

// failed names what was attempted and classifies the error. A missing object is
// [fs.ErrNotExist], a condition that does not hold is [ErrConflict]. An error that lasts
// until an operator acts is a [failure.Failure] with the remedy; every other one is
// [failure.MarkTransient]. GET and HEAD report a missing key by different types, so the status
// decides.
func failed(verb, key string, err error) error {
	a := answerOf(err)
	if a.code != "NoSuchBucket" {
		switch a.status {
		case http.StatusNotFound:
			return fmt.Errorf("%s %s: %w", verb, key, fs.ErrNotExist)
		case http.StatusPreconditionFailed, http.StatusConflict:
			return fmt.Errorf("%s %s: %w", verb, key, ErrConflict)
		}
	}
	class, remedy := a.permanent()
	var invalid *smithy.InvalidParamsError
	if errors.As(err, &invalid) {
		class, remedy, a.reason = failure.Refused, remedies[failure.Refused], invalid.Error()
	}
	if class == "" {
		return failure.MarkTransient(fmt.Errorf("%s %s: %w", verb, key, err))
	}
	if class == failure.Forbidden {
		err = fmt.Errorf("%w: %w", fs.ErrPermission, err)
	}
	return failure.New(class, "%s %s: %s; %s", verb, key, a.reason, remedy).Because(err)
}

// answer is a store's response to a failed request. It is zero if there was no response.
type answer struct {
	status int
	code   string // Empty for HEAD, whose responses have no body.
	reason string // One line.
}

func answerOf(err error) answer {
	var a answer
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		a.status = response.HTTPStatusCode()
		a.reason = fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
	}
	var api smithy.APIError
	if errors.As(err, &api) && a.status != 0 {
		a.code = api.ErrorCode()
		if message := strings.Join(strings.Fields(api.ErrorMessage()), " "); message != "" {
			a.reason = fmt.Sprintf("%d %s: %s", a.status, a.code, message)
		}
	}
	return a
}

// remedies map codes to what an operator does about a permanent failure.
var remedies = map[string]string{
	failure.Forbidden:      "workers need s3:GetObject and s3:ListBucket, and s3:PutObject and s3:DeleteObject under the prefix",
	failure.Archived:       "restore the object, or move it to a storage class that can be read at once",
	failure.KMSKey:         "enable the object's KMS key, and let the worker's role use it (kms:Decrypt, kms:GenerateDataKey)",
	failure.NotImplemented: "the store must have conditional PUT and DELETE and strong ETags; for one without S3's checksums set AWS_REQUEST_CHECKSUM_CALCULATION=when_required",
	failure.Refused:        "the same request will be refused again: see the store's reason, then replay",
}

// transientCodes are codes with a 4xx status for failures that may end by themselves: damage
// and delays in transfer, and credentials that expire and are renewed.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var transientCodes = map[string]bool{
	"RequestTimeout": true, "RequestTimeTooSkewed": true, "IncompleteBody": true, "BadDigest": true, "InvalidDigest": true,
	"XAmzContentSHA256Mismatch": true, "XAmzContentChecksumMismatch": true,
	"ExpiredToken": true, "TokenRefreshRequired": true, "InvalidToken": true, "InvalidAccessKeyId": true, "SignatureDoesNotMatch": true,
	"SlowDown": true, "Throttling": true, "ThrottlingException": true, "TooManyRequests": true, "KMS.ThrottlingException": true,
	"NoSuchBucket": true,
}

// permanent returns the class of a response that does not change by itself, and the remedy.
// Both are empty for a response that may change.
func (a answer) permanent() (class, remedy string) {
	switch {
	case transientCodes[a.code], a.status == http.StatusRequestTimeout, a.status == http.StatusTooManyRequests, a.status < 400:
		return "", ""
	case strings.HasPrefix(a.code, "KMS."):
		class = failure.KMSKey
	case a.code == "InvalidObjectState":
		class = failure.Archived
	case a.status == http.StatusNotImplemented, a.code == "NotImplemented":
		class = failure.NotImplemented
	case a.status == http.StatusForbidden:
		class = failure.Forbidden
	case a.status < 500:
		class = failure.Refused
	default:
		return "", ""
	}
	return class, remedies[class]
}
