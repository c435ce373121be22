package origin

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
)

// SecretHeader is the header of requests that the function at CloudFront has rewritten. A
// distribution's origin sets it, and replaces a viewer's.
const SecretHeader = "X-Calotype-Secret"

// minSecret is the minimum length of a secret, in characters.
const minSecret = 24

// ParseSecrets parses one or two secrets, separated by a comma, the current one first. Empty
// ones are ignored. The error does not contain them.
func ParseSecrets(text string) ([]string, error) {
	var secrets []string
	for secret := range strings.SplitSeq(text, ",") {
		if secret = strings.TrimSpace(secret); secret == "" {
			continue
		}
		if len(secret) < minSecret || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, errors.New("a secret needs at least 24 characters of ASCII, without spaces and commas")
		}
		secrets = append(secrets, secret)
	}
	if len(secrets) > 2 {
		return nil, errors.New("at most two secrets: the current and the previous one")
	}
	return secrets, nil
}

// isRewritten reports whether a request has one of the secrets. The time that it takes does
// not depend on how much of a wrong one is right.
func (o *Origin) isRewritten(r *http.Request) bool {
	valid := 0
	for _, secret := range o.secrets {
		valid |= subtle.ConstantTimeCompare([]byte(r.Header.Get(SecretHeader)), []byte(secret))
	}
	return valid == 1
}
