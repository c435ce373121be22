package cloudfront

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The types of the events that the function is attached to.
const (
	originRequest  = "origin-request"
	originResponse = "origin-response"
)

// maxOriginPath is the maximum length of an origin path at CloudFront, in characters.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html#DownloadDistValuesOriginPath
const maxOriginPath = 255

// event holds the fields of a CloudFront event that the decision reads.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-event-structure.html
type event struct {
	Config struct {
		EventType string `json:"eventType"`
		RequestID string `json:"requestId"`
	} `json:"config"`
	Request  eventRequest  `json:"request"`
	Response eventResponse `json:"response"`
}

// eventRequest is a viewer's request without its headers, which the decision ignores.
type eventRequest struct {
	Method      string `json:"method"`
	URI         string `json:"uri"`
	Querystring string `json:"querystring"`
	Origin      struct {
		S3     *eventOrigin `json:"s3"`
		Custom *eventOrigin `json:"custom"`
	} `json:"origin"`
}

// eventOrigin is the origin of a request. In an origin-response event, Path is the one
// that origin-request set.
type eventOrigin struct {
	CustomHeaders headers `json:"customHeaders"`
	DomainName    string  `json:"domainName"`
	Path          string  `json:"path"`
	Region        string  `json:"region"`
}

type eventResponse struct {
	Status  string  `json:"status"`
	Headers headers `json:"headers"`
}

// headers maps the names of headers, in lower case, to their values.
type headers map[string][]struct {
	Value string `json:"value"`
}

// get returns the first value of a header.
func (h headers) get(name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0].Value
	}
	return ""
}

// parseEvent parses an origin-request or origin-response event.
func parseEvent(data []byte) (event, error) {
	var all struct {
		Records []struct {
			CF event `json:"cf"`
		} `json:"Records"`
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return event{}, fmt.Errorf("parse event: %w", err)
	}
	if n := len(all.Records); n != 1 {
		return event{}, fmt.Errorf("parse event: %d records: want 1", n)
	}
	e := all.Records[0].CF
	switch e.Config.EventType {
	case originRequest, originResponse:
		return e, nil
	}
	return event{}, fmt.Errorf("event type %.64q: attach the function to origin-request and origin-response", e.Config.EventType)
}

// requestID returns CloudFront's id of the request, for logs.
func (e event) requestID() string {
	const maxLength = 128
	if len(e.Config.RequestID) > maxLength {
		return ""
	}
	return e.Config.RequestID
}

// origin returns the request's origin, or the zero value if it has none.
func (r eventRequest) origin() eventOrigin {
	switch {
	case r.Origin.S3 != nil:
		return *r.Origin.S3
	case r.Origin.Custom != nil:
		return *r.Origin.Custom
	}
	return eventOrigin{}
}

// originPath encodes a folder of the bucket as the path of an origin.
func originPath(folder string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.WriteByte('/')
	for _, c := range []byte(folder) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~/", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
