package edge

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

// maxOriginPath is CloudFront's bound, in characters.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html#DownloadDistValuesOriginPath
const maxOriginPath = 255

// event is an event of CloudFront, as far as it is read.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-event-structure.html
type event struct {
	Config struct {
		EventType string `json:"eventType"`
		RequestID string `json:"requestId"`
	} `json:"config"`
	Request  request  `json:"request"`
	Response response `json:"response"`
}

// request is a viewer's request, without its headers: those decide nothing.
type request struct {
	Method      string `json:"method"`
	URI         string `json:"uri"`
	Querystring string `json:"querystring"`
	Origin      struct {
		S3     *origin `json:"s3"`
		Custom *origin `json:"custom"`
	} `json:"origin"`
}

// origin is where a request goes to. In an origin-response event its path is the
// one that origin-request set.
type origin struct {
	CustomHeaders headers `json:"customHeaders"`
	DomainName    string  `json:"domainName"`
	Path          string  `json:"path"`
	Region        string  `json:"region"`
}

type response struct {
	Status  string  `json:"status"`
	Headers headers `json:"headers"`
}

// headers are the values of headers by their names in small letters.
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

// parseEvent reads an event of origin-request or origin-response.
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

// requestID is what CloudFront calls the request, for logs.
func (e event) requestID() string {
	const most = 128
	if len(e.Config.RequestID) > most {
		return ""
	}
	return e.Config.RequestID
}

// origin returns the request's origin, the zero one where it has none.
func (r request) origin() origin {
	switch {
	case r.Origin.S3 != nil:
		return *r.Origin.S3
	case r.Origin.Custom != nil:
		return *r.Origin.Custom
	}
	return origin{}
}

// originPath writes a folder of the bucket as the path of an origin.
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
