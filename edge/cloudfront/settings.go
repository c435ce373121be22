package cloudfront

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"calotype"
	"calotype/edge"
)

// The roles of the origins in an origin group. A single origin has none.
const (
	// roleRendition is the primary origin: CloudFront requests the rendition from it
	// without a check.
	roleRendition = "rendition"
	// roleOriginal is the secondary origin, used if the primary has no rendition.
	roleOriginal = "original"
)

// settings are an operator's settings, read from the custom headers of an origin. A
// viewer's headers of the same names are in another part of the event and are ignored.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
type settings struct {
	role        string
	prefix      calotype.Prefix
	quality     int
	checkSource bool
	pending     edge.Pending
	auto        edge.AutoFormats
	widths      bool
	cacheTag    string // The header with a source's tag; empty for none.
	bucket      string
	region      string // The bucket's; empty if it is part of the domain.
	queueURL    string
	lowQueueURL string      // For jobs that no viewer waits for; empty for queueURL.
	limits      edge.Limits // Of the jobs that one instance sends.
}

// parseSettings parses the settings and reports every invalid one; invalid fields stay
// empty. An origin with the role of the rendition makes no calls and needs the prefix
// only.
func parseSettings(h headers) (s settings, err error) {
	var problems []error
	read := func(name string, parse func(string) error) {
		if err := parse(h.get(name)); err != nil {
			problems = append(problems, fmt.Errorf("origin header %s: %w", name, err))
		}
	}
	read("x-env-role", func(text string) (err error) { s.role, err = parseRole(text); return err })
	read("x-env-resized-path", func(text string) error { return s.prefix.UnmarshalText([]byte(text)) })
	read("x-env-quality", func(text string) (err error) { s.quality, err = parseQuality(text); return err })
	read("x-env-check-source", func(text string) (err error) { s.checkSource, err = parseSwitch(text); return err })
	read("x-env-pending", func(text string) error {
		err := s.pending.UnmarshalText([]byte(text))
		if err != nil {
			s.pending = edge.PendingNone // Rather no picture than one that must not be seen.
		}
		return err
	})
	read("x-env-auto", func(text string) error { return s.auto.UnmarshalText([]byte(text)) })
	read("x-env-cache-tag", func(text string) (err error) { s.cacheTag, err = parseHeader(text); return err })
	read("x-env-widths", func(text string) (err error) { s.widths, err = parseSwitch(text); return err })
	if s.role != roleRendition {
		read("x-env-bucket-name", func(text string) (err error) { s.bucket, err = parseBucket(text); return err })
		read("x-env-bucket-region", func(text string) (err error) { s.region, err = parseRegion(text); return err })
		read("x-env-queue-url", func(text string) (err error) { s.queueURL, err = parseQueueURL(text); return err })
		read("x-env-backfill-queue-url", func(text string) (err error) {
			if text != "" {
				s.lowQueueURL, err = parseQueueURL(text)
			}
			return err
		})
		read("x-env-max-source-jobs", func(text string) (err error) { s.limits.PerSource, err = parseLimit(text); return err })
		read("x-env-max-jobs", func(text string) (err error) { s.limits.Total, err = parseLimit(text); return err })
	}
	return s, errors.Join(problems...)
}

func parseRole(s string) (string, error) {
	switch s {
	case "", roleRendition, roleOriginal:
		return s, nil
	}
	return "", fmt.Errorf("%q: want rendition or original, or no such header", s)
}

func parseQuality(s string) (int, error) {
	if s == "" {
		return 0, nil // The workers choose it.
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 100 {
		return 0, fmt.Errorf("%q: want 1 to 100", s)
	}
	return n, nil
}

func parseLimit(s string) (int, error) {
	if s == "" {
		return 0, nil // The default.
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxLimit {
		return 0, fmt.Errorf("%q: want 1 to %d", s, maxLimit)
	}
	return n, nil
}

// maxLimit bounds what an instance may be set to send in a minute.
const maxLimit = 1_000_000

func parseSwitch(s string) (bool, error) {
	if s == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(s)
	if err != nil {
		return false, fmt.Errorf("%q: want true or false", s)
	}
	return on, nil
}

// parseHeader accepts the names of headers that a function may set.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-function-restrictions-all.html#function-restrictions-disallowed-headers
func parseHeader(s string) (string, error) {
	const allowed = "abcdefghijklmnopqrstuvwxyz-"
	name := strings.ToLower(s)
	if strings.Trim(name, allowed) != "" || strings.HasPrefix(name, "x-amz-") || strings.HasPrefix(name, "x-edge-") {
		return "", fmt.Errorf("%q: want the name of a header such as Cache-Tag", s)
	}
	return s, nil
}

// parseBucket accepts only names that are safe as a part of a host name.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
func parseBucket(s string) (string, error) {
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789.-"
	if len(s) < 3 || len(s) > 63 || strings.Trim(s, allowed) != "" || strings.Trim(s, ".-") != s {
		return "", fmt.Errorf("%q is not a bucket name", s)
	}
	return s, nil
}

func parseRegion(s string) (string, error) {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "", fmt.Errorf("%q is not a Region, such as eu-west-1", s)
	}
	return s, nil
}

// parseQueueURL does not quote a URL that it refuses, because it may hold credentials.
func parseQueueURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return "", errors.New("not a queue URL, such as https://sqs.us-east-1.amazonaws.com/123456789012/calotype")
	}
	if strings.HasSuffix(u.Path, ".fifo") {
		return "", errors.New("a FIFO queue: jobs need a standard queue")
	}
	return s, nil
}
