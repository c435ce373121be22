package lambdaedge

import (
	"encoding/json"
	"strings"
	"testing"

	"calotype"
	"calotype/internal/awstest"
)

func TestOriginRequest(t *testing.T) {
	onNodes(t, func(t *testing.T, f *function) {
		f.put("hit.jpg", "resized/M.webp/hit.jpg", "miss.jpg", "a b%2F?é.jpg", "a+b.jpg", "photos/own.jpg", "resized/M/photos/own.jpg", "group.jpg")
		for name, c := range map[string]struct {
			uri, query, own, role string
			path, sent            string // The new origin path and URI, if they change.
			job                   string // The job's source, if there is a job.
			calls                 int
		}{
			"hit":                  {uri: "/hit.jpg", query: "size=M&to_webp=1", path: "/resized/M.webp", calls: 1},
			"miss":                 {uri: "/miss.jpg", query: "size=M", job: "miss.jpg", calls: 3},
			"missing source":       {uri: "/none.jpg", query: "size=M", calls: 2},
			"odd key":              {uri: "/a%20b%252F%3F%C3%A9.jpg", query: "size=M", job: "a b%2F?é.jpg", calls: 3},
			"a plus":               {uri: "/a+b.jpg", query: "size=M", sent: "/a%2Bb.jpg", job: "a+b.jpg", calls: 3},
			"an origin's own path": {uri: "/own.jpg", query: "size=M", own: "/photos", path: "/resized/M/photos", calls: 1},
			"untouched":            {uri: "/miss.jpg"},
			"group, first pass":    {uri: "/group.jpg", query: "size=M", role: "rendition", path: "/resized/M"},
			"group, second pass":   {uri: "/group.jpg", query: "size=M", role: "original", job: "group.jpg", calls: 2},
			"group, no source":     {uri: "/none.jpg", query: "size=M", role: "original", calls: 1},
		} {
			f.aws.reset()
			event := request(c.uri, c.query, f.settings("X-Env-Role", c.role))
			want := inner(event)["request"].(object)
			s3 := want["origin"].(object)["s3"].(object)
			s3["path"] = c.own
			got := f.handle(event)
			if c.path != "" {
				s3["path"] = c.path
			}
			if c.sent != "" {
				want["uri"] = c.sent
			}
			same(t, name, got, want)
			if calls := f.aws.seen(); len(calls) != c.calls {
				t.Errorf("%s: calls %v, want %d", name, calls, c.calls)
			}
			jobs := f.enqueued()
			if (c.job != "") != (len(jobs) == 1) || c.job != "" && (jobs[0].Source != c.job || jobs[0].Quality != 70 || jobs[0].Request != "r1==") {
				t.Errorf("%s: jobs %+v, want %q", name, jobs, c.job)
			}
			if log := f.log.take(); log != "" {
				t.Errorf("%s: logged %s", name, log)
			}
		}
	})
}

// An origin may also be a custom one, such as a bucket's website.
func TestCustomOrigin(t *testing.T) {
	onNodes(t, func(t *testing.T, f *function) {
		f.put("hit.jpg", "resized/M/hit.jpg")
		event := request("/hit.jpg", "size=M", f.settings())
		origin := inner(event)["request"].(object)["origin"].(object)
		custom := origin["s3"].(object)
		delete(origin, "s3")
		delete(custom, "authMethod")
		custom["domainName"], custom["port"], custom["protocol"] = "pictures.s3-website-us-east-1.amazonaws.com", 80, "http"
		custom["readTimeout"], custom["keepaliveTimeout"], custom["sslProtocols"] = 30, 5, []any{"TLSv1.2"}
		origin["custom"] = custom
		got := f.handle(event)
		custom["path"] = "/resized/M"
		same(t, "hit", got, inner(event)["request"])
		if calls := f.aws.seen(); len(calls) != 1 {
			t.Errorf("calls %v, want 1", calls)
		}
	})
}

func TestRenditionsAreHidden(t *testing.T) {
	onNodes(t, func(t *testing.T, f *function) {
		for _, role := range []string{"", "rendition", "original"} {
			got := f.handle(request("/resized%2FM/kitty.jpg", "", f.settings("X-Env-Role", role)))
			if headers, _ := json.Marshal(got["headers"]); got["status"] != "404" || !strings.Contains(string(headers), "s-maxage=5") || !strings.Contains(string(headers), "nosniff") {
				t.Errorf("role %q: got %v, want 404", role, got)
			}
		}
	})
}

// TestCheckSource compares renditions with their sources: a rendition of an older version
// is not served, and is made again.
func TestCheckSource(t *testing.T) {
	onNodes(t, func(t *testing.T, f *function) {
		m, _ := calotype.DefaultPresets().Lookup("M")
		for key, current := range map[string]bool{"current.jpg": true, "replaced.jpg": false} {
			etag := awstest.Put(t, f.bucket, key, []byte("source"), awstest.Headers{ContentType: "image/jpeg"})
			if !current {
				etag = "older"
			}
			lineage := calotype.Lineage{SourceETag: etag, Recipe: calotype.Recipe{Boxes: m.Signature()}}
			awstest.Put(t, f.bucket, "resized/M/"+key, []byte("rendition"), awstest.Headers{ContentType: "image/jpeg", Metadata: lineage.Metadata()})
			f.aws.reset()
			path := originPath(f.handle(request("/"+key, "size=M", f.settings("X-Env-Check-Source", "true"))))
			calls, jobs := f.aws.seen(), f.enqueued()
			if current && (path != "/resized/M" || len(calls) != 2 || len(jobs) != 0) {
				t.Errorf("%s: path %q, calls %v, jobs %v: want the rendition", key, path, calls, jobs)
			}
			if !current && (path != "" || len(calls) != 3 || len(jobs) != 1) {
				t.Errorf("%s: path %q, calls %v, jobs %v: want the source and a job", key, path, calls, jobs)
			}
		}
	})
}

func TestEnqueueOnce(t *testing.T) {
	onNodes(t, func(t *testing.T, f *function) {
		f.put("kitty.jpg")
		for range 3 {
			f.handle(request("/kitty.jpg", "size=M", f.settings()))
		}
		if jobs := f.enqueued(); len(jobs) != 1 {
			t.Errorf("got %d jobs, want 1", len(jobs))
		}
	})
}

func TestOriginResponse(t *testing.T) {
	const pending, own = "public, max-age=1, s-maxage=5, stale-if-error=86400", "public, max-age=77"
	onNodes(t, func(t *testing.T, f *function) {
		for name, c := range map[string]struct {
			uri, query, path, status, kept string
			state, cacheControl            string
		}{
			"rendition":           {"/k.jpg", "size=M", "/resized/M", "200", "", "rendition", own},
			"rendition, 304":      {"/k.jpg", "size=M", "/resized/M", "304", "", "rendition", own},
			"kept":                {"/k.jpg", "size=M", "/resized/M", "200", "corrupt", "rendition; kept", own},
			"pending original":    {"/k.jpg", "size=M", "", "200", "", "original; pending", pending},
			"pending, range":      {"/k.jpg", "size=M", "", "206", "", "original; pending", pending},
			"pending, 304":        {"/k.jpg", "size=M", "", "304", "", "original; pending", pending},
			"another's rendition": {"/k.jpg", "size=L", "/resized/M", "200", "", "", own},
			"own path":            {"/k.jpg", "size=M", "/resized/M/photos", "200", "", "rendition", own},
			"untouched":           {"/k.jpg", "", "", "200", "", "original; untouched", own},
			"no picture":          {"/k.txt", "size=M", "", "200", "", "", own},
		} {
			headers := map[string]string{"Cache-Control": own, "ETag": `"x"`, "x-amz-meta-mine": "secret"}
			if c.kept != "" {
				headers["x-amz-meta-calotype-kept"] = c.kept
			}
			h := f.handle(response(request(c.uri, c.query, f.settings()), c.path, c.status, headers))["headers"].(object)
			value := func(name string) string {
				if h[name] == nil {
					return ""
				}
				return h[name].([]any)[0].(object)["value"].(string)
			}
			if value("x-content-type-options") != "nosniff" {
				t.Errorf("%s: no nosniff in %v", name, h)
			}
			if value("x-calotype") != c.state || value("cache-control") != c.cacheControl || value("etag") != `"x"` {
				t.Errorf("%s: got %v, want %q and %q", name, h, c.state, c.cacheControl)
			}
			if h["x-amz-meta-mine"] != nil || h["x-amz-meta-calotype-kept"] != nil {
				t.Errorf("%s: metadata is left: %v", name, h)
			}
		}
		for _, status := range []string{"403", "404", "500", "301"} {
			event := response(request("/k.jpg", "size=M", f.settings()), "", status, map[string]string{"Cache-Control": own})
			want := inner(event)["response"]
			headers := want.(object)["headers"].(object)
			headers["x-content-type-options"] = []any{object{"key": "X-Content-Type-Options", "value": "nosniff"}}
			if status == "403" || status == "404" {
				headers["cache-control"] = []any{object{"key": "Cache-Control", "value": "public, max-age=1, s-maxage=5"}}
				headers["x-calotype"] = []any{object{"key": "X-Calotype", "value": "none"}}
			}
			same(t, status, f.handle(event), want)
		}
		if calls := f.aws.seen(); len(calls) > 0 {
			t.Errorf("calls %v: want none", calls)
		}
	})
}
