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
	r := responseOf(err)
	if r.code != "NoSuchBucket" {
		switch r.status {
		case http.StatusNotFound:
			return fmt.Errorf("%s %s: %w", verb, key, fs.ErrNotExist)
		case http.StatusPreconditionFailed, http.StatusConflict:
			return fmt.Errorf("%s %s: %w", verb, key, ErrConflict)
		}
	}
	class, remedy := r.permanent()
	var invalid *smithy.InvalidParamsError
	if errors.As(err, &invalid) {
		class, remedy, r.reason = failure.Refused, remedies[failure.Refused], invalid.Error()
	}
	if class == "" {
		return failure.MarkTransient(fmt.Errorf("%s %s: %w", verb, key, err))
	}
	if class == failure.Forbidden {
		err = fmt.Errorf("%w: %w", fs.ErrPermission, err)
	}
	return failure.New(class, "%s %s: %s; %s", verb, key, r.reason, remedy).Because(err)
}

// response is a store's response to a failed request. It is zero if there was no response.
type response struct {
	status int
	code   string // Empty for HEAD, whose responses have no body.
	reason string // One line.
}

func responseOf(err error) response {
	var r response
	var sdk *awshttp.ResponseError
	if errors.As(err, &sdk) {
		r.status = sdk.HTTPStatusCode()
		r.reason = fmt.Sprintf("%d %s", r.status, http.StatusText(r.status))
	}
	var api smithy.APIError
	if errors.As(err, &api) && r.status != 0 {
		r.code = api.ErrorCode()
		if message := strings.Join(strings.Fields(api.ErrorMessage()), " "); message != "" {
			r.reason = fmt.Sprintf("%d %s: %s", r.status, r.code, message)
		}
	}
	return r
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
func (r response) permanent() (class, remedy string) {
	switch {
	case transientCodes[r.code], r.status == http.StatusRequestTimeout, r.status == http.StatusTooManyRequests, r.status < 400:
		return "", ""
	case strings.HasPrefix(r.code, "KMS."):
		class = failure.KMSKey
	case r.code == "InvalidObjectState":
		class = failure.Archived
	case r.status == http.StatusNotImplemented, r.code == "NotImplemented":
		class = failure.NotImplemented
	case r.status == http.StatusForbidden:
		class = failure.Forbidden
	case r.status < 500:
		class = failure.Refused
	default:
		return "", ""
	}
	return class, remedies[class]
}
