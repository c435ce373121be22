package sqsd

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	maxSkew    = 15 * time.Minute
	amzDate    = "20060102T150405Z"
	algorithm  = "AWS4-HMAC-SHA256"
	scopeParts = 5 // key, date, region, service, "aws4_request"
)

// mustSign are the headers that bind a signature to the host, the time and the action.
var mustSign = []string{"host", "x-amz-date", "x-amz-target"}

// authorization is a parsed Authorization header.
type authorization struct {
	accessKey, date, region, service string
	headers                          []string // in lower case
	signature                        string
}

// parseAuthorization reads
// "AWS4-HMAC-SHA256 Credential=K/20260102/us-east-1/sqs/aws4_request, SignedHeaders=a;b, Signature=0f".
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
func parseAuthorization(header string) (authorization, *apiError) {
	incomplete := func(what string) (authorization, *apiError) {
		return authorization{}, forbidden("IncompleteSignatureException", "IncompleteSignature",
			"Authorization header requires %s.", what)
	}
	if header == "" {
		return authorization{}, forbidden("MissingAuthenticationTokenException", "MissingAuthenticationToken",
			"Request is missing Authentication Token")
	}
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return incomplete(algorithm)
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[name] = value
	}
	scope := strings.Split(fields["Credential"], "/")
	if len(scope) != scopeParts || scope[4] != "aws4_request" {
		return incomplete("'Credential' with key/date/region/service/aws4_request")
	}
	if fields["SignedHeaders"] == "" {
		return incomplete("'SignedHeaders'")
	}
	if fields["Signature"] == "" {
		return incomplete("'Signature'")
	}
	return authorization{
		accessKey: scope[0], date: scope[1], region: scope[2], service: scope[3],
		headers:   strings.Split(fields["SignedHeaders"], ";"),
		signature: fields["Signature"],
	}, nil
}

// verify signs the request again with the SDK's own signer, and compares.
func (s *Server) verify(r *http.Request, body []byte) error {
	auth, bad := parseAuthorization(r.Header.Get("Authorization"))
	if bad != nil {
		return bad
	}
	if auth.accessKey != s.credentials.AccessKeyID {
		return forbidden("UnrecognizedClientException", "InvalidClientTokenId",
			"The security token included in the request is invalid.")
	}
	if auth.region != s.region || auth.service != "sqs" {
		return signatureDoesNotMatch("Credential should be scoped to %s/sqs, not %s/%s.", s.region, auth.region, auth.service)
	}
	for _, h := range mustSign {
		if h == "x-amz-target" && isQuery(r) {
			continue // The action is in the body.
		}
		if !slices.Contains(auth.headers, h) {
			return signatureDoesNotMatch("'%s' must be a 'SignedHeader' in the AWS Authorization.", h)
		}
	}
	at, err := time.Parse(amzDate, r.Header.Get("X-Amz-Date"))
	if err != nil || at.Format("20060102") != auth.date {
		return signatureDoesNotMatch("X-Amz-Date %q is not a time on the credential's day %q.",
			r.Header.Get("X-Amz-Date"), auth.date)
	}
	now := time.Now().UTC()
	if at.Before(now.Add(-maxSkew)) {
		return signatureDoesNotMatch("Signature expired: %s is now earlier than %s (%s - 15 min.)",
			at.Format(amzDate), now.Add(-maxSkew).Format(amzDate), now.Format(amzDate))
	}
	if at.After(now.Add(maxSkew)) {
		return signatureDoesNotMatch("Signature not yet current: %s is still later than %s (%s + 15 min.)",
			at.Format(amzDate), now.Add(maxSkew).Format(amzDate), now.Format(amzDate))
	}
	want, err := s.sign(r, auth.headers, body, at)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(want.signature), []byte(auth.signature)) != 1 {
		return signatureDoesNotMatch("The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method.")
	}
	return nil
}

// sign returns the signature of the request's method, path, query, body and the named
// headers.
func (s *Server) sign(r *http.Request, headers []string, body []byte, at time.Time) (authorization, error) {
	url := *r.URL
	again := &http.Request{Method: r.Method, URL: &url, Host: r.Host, Header: http.Header{}}
	for _, h := range headers {
		switch name := http.CanonicalHeaderKey(h); name {
		case "Host":
		case "Content-Length":
			again.ContentLength = int64(len(body))
		default:
			again.Header[name] = r.Header[name]
		}
	}
	sum := sha256.Sum256(body)
	err := s.signer.SignHTTP(r.Context(), s.credentials, again, hex.EncodeToString(sum[:]), "sqs", s.region, at)
	if err != nil {
		return authorization{}, err
	}
	auth, bad := parseAuthorization(again.Header.Get("Authorization"))
	if bad != nil {
		return authorization{}, bad
	}
	return auth, nil
}

func signatureDoesNotMatch(format string, args ...any) *apiError {
	return forbidden("InvalidSignatureException", "SignatureDoesNotMatch", format, args...)
}
