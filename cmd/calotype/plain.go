package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"

	"github.com/aws/smithy-go"
	"github.com/rs/zerolog"
)

// plain returns an error's message on one line. It replaces the AWS SDK's description of a
// call with one sentence: which call, what happened, and where.
func plain(err error) string {
	text := err.Error()
	var call *smithy.OperationError
	if errors.As(err, &call) {
		text = strings.Replace(text, call.Error(), fmt.Sprintf("%s %s: %s", call.ServiceID, call.OperationName, reason(call.Err)), 1)
	}
	return printable(text)
}

// Errors in the log are plain too. An event without an error has a nil error.
func init() {
	zerolog.ErrorMarshalFunc = func(err error) any {
		if err == nil {
			return nil
		}
		return plain(err)
	}
}

// remedies maps the API errors that an operator can fix to what to do.
var remedies = map[string]string{
	"AccessDenied":                            "the credentials lack the permission",
	"AccessDeniedException":                   "the credentials lack the permission",
	"Forbidden":                               "refused (403): the credentials are wrong or lack the permission",
	"InvalidAccessKeyId":                      "the access key does not exist",
	"InvalidClientTokenId":                    "the access key does not exist",
	"UnrecognizedClientException":             "the access key does not exist",
	"SignatureDoesNotMatch":                   "the secret access key is wrong",
	"InvalidSignatureException":               "the secret access key is wrong, or the clock is",
	"ExpiredToken":                            "the credentials have expired",
	"ExpiredTokenException":                   "the credentials have expired",
	"RequestTimeTooSkewed":                    "the clock of this machine is wrong",
	"NotImplemented":                          "the service does not implement this call",
	"AWS.SimpleQueueService.NonExistentQueue": "the queue does not exist",
	"QueueDoesNotExist":                       "the queue does not exist",
	"NoSuchBucket":                            "the bucket does not exist",
}

// reason explains in one sentence why a call failed.
func reason(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		code, message := api.ErrorCode(), strings.TrimSpace(api.ErrorMessage())
		if remedy := remedies[code]; remedy != "" {
			return strings.TrimSuffix(remedy+": "+message, ": ")
		}
		if message == "" || message == code {
			return fmt.Sprintf("%s (%d)", code, statusOf(err))
		}
		return fmt.Sprintf("%s (%d): %s", code, statusOf(err), message)
	}
	if text := err.Error(); strings.Contains(text, "get credentials: ") || strings.Contains(text, "static credentials are empty") {
		return "no AWS credentials found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run it with a role"
	}
	where := ""
	var request *url.Error
	if errors.As(err, &request) {
		where = " at " + hostOf(request.URL)
	}
	var name *net.DNSError
	var dialled *net.OpError
	switch {
	case errors.As(err, &name):
		return fmt.Sprintf("the host %s was not found", name.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused" + where
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &dialled) && dialled.Timeout():
		return "no response in time" + where
	case errors.Is(err, syscall.ECONNRESET):
		return "the connection was reset" + where
	}
	if request != nil {
		return request.Err.Error() + where
	}
	return err.Error()
}

// hostOf returns a URL without its path and query, which hold keys and signatures.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "an invalid URL"
	}
	return u.Scheme + "://" + u.Host
}

// causes splits joined errors, so that each is one line.
func causes(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var parts []error
	var texts []string
	for _, part := range joined.Unwrap() {
		if part != nil && part.Error() != "" {
			parts, texts = append(parts, part), append(texts, part.Error())
		}
	}
	if err.Error() != strings.Join(texts, "\n") {
		return []error{err} // The wrapper adds its own text.
	}
	var all []error
	for _, part := range parts {
		all = append(all, causes(part)...)
	}
	return all
}
