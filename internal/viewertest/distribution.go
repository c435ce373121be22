package viewertest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Distribution emulates a CloudFront distribution: its cache, its function, and origins by
// their ids. It is a [http.Handler] for viewers. It knows no lifetimes: it stores each 200
// whose s-maxage is not that of a pending response. It serves one request at a time.
type Distribution struct {
	T        testing.TB
	Function *Function
	// Parameters and Headers are those of the cache key, which origins get.
	Parameters, Headers []string
	// Default serves what the function leaves at the distribution's default origin.
	Default http.Handler
	// Origins have ids, a path that is put before the viewer's, and headers.
	Origins map[string]Origin
	// Short is the Cache-Control of what is not stored.
	Short []string

	stored map[string]*httptest.ResponseRecorder
}

// Origin is an origin of a distribution.
type Origin struct {
	http.Handler
	Path   string
	Header http.Header
}

// ServeHTTP responds from the cache, or from an origin.
func (d *Distribution) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	uri, query, _ := strings.Cut(r.RequestURI, "?")
	result := d.Function.Handle(Request{Method: r.Method, URI: uri, Query: query, Accept: r.Header.Values("Accept")})
	sent := Parameters{}
	for name, value := range result.Query {
		if slices.Contains(d.Parameters, name) {
			sent[name] = value
		}
	}
	accept := ""
	if slices.Contains(d.Headers, "Accept") {
		accept = result.Accept
	}
	key := result.URI + "?" + sent.String() + " " + accept
	response, hit := d.stored[key]
	if !hit {
		response = d.fetch(r, result, sent.String(), accept)
		cacheControl := response.Header().Get("Cache-Control")
		if response.Code == http.StatusOK && r.Method == http.MethodGet && !slices.Contains(d.Short, cacheControl) {
			if d.stored == nil {
				d.stored = map[string]*httptest.ResponseRecorder{}
			}
			d.stored[key] = response
		}
	}
	for name, values := range response.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(response.Code)
	if _, err := w.Write(response.Body.Bytes()); err != nil && r.Method != http.MethodHead {
		d.T.Error(err)
	}
}

// fetch asks the default origin, or the origins of the function's group in turn.
func (d *Distribution) fetch(viewer *http.Request, result Result, query, accept string) *httptest.ResponseRecorder {
	if result.Group == nil {
		return d.ask(viewer, Origin{Handler: d.Default}, result.URI, query, accept)
	}
	var response *httptest.ResponseRecorder
	for _, one := range result.Group.OriginIDs {
		origin, ok := d.Origins[one.OriginID]
		if !ok {
			d.T.Errorf("the function names the origin %q, which the distribution does not have", one.OriginID)
		}
		response = d.ask(viewer, origin, result.URI, query, accept)
		if !slices.Contains(result.Group.FailoverCriteria.StatusCodes, response.Code) {
			break
		}
	}
	return response
}

func (d *Distribution) ask(viewer *http.Request, origin Origin, uri, query, accept string) *httptest.ResponseRecorder {
	response := httptest.NewRecorder()
	u, err := url.ParseRequestURI(origin.Path + uri)
	if err != nil {
		response.Code = http.StatusBadRequest
		return response
	}
	u.RawQuery = query
	header := viewer.Header.Clone() // As with the widest origin request policy.
	header.Del("Accept")
	if accept != "" {
		header.Set("Accept", accept)
	}
	for name, values := range origin.Header {
		header[name] = values
	}
	origin.ServeHTTP(response, (&http.Request{Method: viewer.Method, URL: u, Header: header}).WithContext(viewer.Context()))
	return response
}
