package edge

import "slices"

// refusals are S3's error codes for credentials that it does not accept, and for a
// bucket that does not exist. AccessDenied is not one of them: it is about one key or
// action, and without s3:ListBucket it is the response for a missing key.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var refusals = []string{
	"AccountProblem", "AllAccessDisabled", "AuthFailure", "ExpiredToken", "ExpiredTokenException",
	"InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSecurity", "InvalidToken", "NoSuchBucket",
	"NotSignedUp", "RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch",
	"TokenRefreshRequired", "UnrecognizedClientException",
}

// Refused reports whether an error code of S3 means that no key can be read: the store
// refuses the credentials, or there is no bucket.
func Refused(code string) bool { return slices.Contains(refusals, code) }
