package cloudfront

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"calotype"
	"calotype/edge"
)

// eventOf returns an origin-request event with settings or, if response is not empty, an
// origin-response event.
func eventOf(uri, query, role, response string) string {
	kind := originRequest
	if response != "" {
		kind, response = originResponse, `,"response":`+response
	}
	return `{"Records":[{"cf":{"config":{"eventType":"` + kind + `","requestId":"r1"},"request":{"method":"GET","uri":"` + uri +
		`","querystring":"` + query + `","origin":{"s3":{"path":"","domainName":"b.s3.eu-west-1.amazonaws.com","customHeaders":{` +
		`"x-env-bucket-name":[{"value":"pictures"}],"x-env-resized-path":[{"value":"/resized/"}],"x-env-role":[{"value":"` + role +
		`"}],"x-env-queue-url":[{"value":"https://sqs.us-east-1.amazonaws.com/1/q"}]}}}}` + response + `}}]}`
}

// steps runs an event with the given statuses and returns the requested calls. code is the
// error code that S3 returns to a GET.
func steps(f *Function, event, code string, statuses ...int) string {
	var said []string
	for step := f.Start([]byte(event)); ; {
		switch {
		case step.Heads != nil && step.Heads[0].Code:
			said = append(said, "code "+step.Heads[0].Key)
			step = step.Next(Result{Status: 403, Code: code})
			continue
		case step.Heads != nil:
			said = append(said, "head "+step.Heads[0].Region+" "+step.Heads[0].Key)
		case step.Send != nil:
			said = append(said, "send "+step.Send.Body)
		default:
			return strings.Join(append(said, strings.TrimSpace("answer "+step.Answer.Fault)), ", ")
		}
		step, statuses = step.Next(Result{Status: statuses[0]}), statuses[1:]
	}
}

func TestFunctionSteps(t *testing.T) {
	const job = `send {"v":1,"source":"a.jpg","variants":["M"],"request":"r1"}`
	const rendition, source = "head eu-west-1 resized/M/a.jpg", "head eu-west-1 a.jpg"
	for name, c := range map[string]struct {
		role     string
		statuses []int
		want     string
	}{
		"found":               {"", []int{200}, rendition + ", answer"},
		"missing":             {"", []int{404, 200, 200}, rendition + ", " + source + ", " + job + ", answer"},
		"403 is missing":      {"", []int{403, 200, 200}, rendition + ", " + source + ", " + job + ", answer"},
		"no source":           {"", []int{404, 404}, rendition + ", " + source + ", answer"},
		"source denied":       {"", []int{403, 403}, rendition + ", " + source + ", code a.jpg, answer source"},
		"bad request":         {"", []int{400}, rendition + ", code resized/M/a.jpg, answer rendition"},
		"rendition fails":     {"", []int{0}, rendition + ", answer rendition"},
		"redirected":          {"", []int{301}, rendition + ", answer rendition"},
		"source fails":        {"", []int{404, 500}, rendition + ", " + source + ", answer source"},
		"send fails":          {"", []int{404, 200, 0}, rendition + ", " + source + ", " + job + ", answer enqueue"},
		"group, first pass":   {"rendition", nil, "answer"},
		"group, second pass":  {"original", []int{200, 200}, source + ", " + job + ", answer"},
		"an unknown role":     {"boss", nil, "answer settings"},
		"group, no originals": {"original", []int{404}, source + ", answer"},
	} {
		f := &Function{Presets: calotype.DefaultPresets()}
		if got := steps(f, eventOf("/a.jpg", "size=M", c.role, ""), "AccessDenied", c.statuses...); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// With X-Env-Check-Source a rendition is the response only if it was made from the current
// source.
func TestFunctionChecksSource(t *testing.T) {
	event := strings.Replace(eventOf("/a.jpg", "size=M", "", ""), `"x-env-role":[{"value":""}]`, `"x-env-check-source":[{"value":"true"}]`, 1)
	lineage := func(etag, boxes string) map[string]string {
		return calotype.Lineage{SourceETag: etag, Recipe: calotype.Recipe{Boxes: boxes}}.Metadata()
	}
	current := Result{Status: 200, Metadata: lineage("v2", "1200x628")}
	source := Result{Status: 200, ETag: `"v2"`}
	for name, c := range map[string]struct {
		rendition, source Result
		want              string
	}{
		"current":              {current, source, "rendition"},
		"of an older version":  {Result{Status: 200, Metadata: lineage("v1", "1200x628")}, source, "send"},
		"in another box":       {Result{Status: 200, Metadata: lineage("v2", "100x100")}, source, "send"},
		"no lineage":           {Result{Status: 200}, source, "send"},
		"missing":              {Result{Status: 404}, source, "send"},
		"of a removed source":  {current, Result{Status: 404}, "untouched"},
		"neither":              {Result{Status: 404}, Result{Status: 404}, "untouched"},
		"of a source unread":   {current, Result{Status: 403}, "rendition"},
		"the source fails":     {current, Result{}, "rendition"},
		"the rendition fails":  {Result{Status: 500}, source, "rendition fault"},
		"missing, source down": {Result{Status: 404}, Result{Status: 503}, "source fault"},
	} {
		f := &Function{Presets: calotype.DefaultPresets()}
		step := f.Start([]byte(event))
		if len(step.Heads) != 2 || !step.Heads[0].Version || step.Heads[0].Key != "resized/M/a.jpg" || !step.Heads[1].Version || step.Heads[1].Key != "a.jpg" {
			t.Fatalf("%s: got %+v, want two HEADs", name, step.Heads)
		}
		got := "untouched"
		switch step = step.Next(c.rendition, c.source); {
		case step.Send != nil:
			got = "send"
		case step.Answer.Fault != "":
			got = step.Answer.Fault + " fault"
		case step.Answer.OriginPath == "/resized/M":
			got = "rendition"
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestFunctionEnqueuesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &Function{Presets: calotype.DefaultPresets()}
		event := eventOf("/a.jpg", "size=M", "", "")
		for i, sends := range []bool{true, false, true} {
			if got := strings.Contains(steps(f, event, "", 404, 200, 200), "send"); got != sends {
				t.Errorf("event %d: sends %v, want %v", i, got, sends)
			}
			time.Sleep(31 * time.Second)
		}
	})
}

func TestWhatChanges(t *testing.T) {
	for name, c := range map[string]struct {
		event string
		want  Answer
	}{
		"a path":   {eventOf("/a.jpg", "size=M", "rendition", ""), Answer{OriginPath: "/resized/M"}},
		"a plus":   {eventOf("/a+b.jpg", "size=M", "rendition", ""), Answer{}},
		"own plus": {strings.Replace(eventOf("/a.jpg", "size=M", "rendition", ""), `"path":""`, `"path":"/b+c"`, 1), Answer{OriginPath: "/resized/M/b%2Bc"}},
		"nothing":  {eventOf("/a+b.jpg", "", "rendition", ""), Answer{}},
		"pending":  {eventOf("/a.jpg", "size=M", "", `{"status":"200","headers":{"x-amz-meta-a":[],"etag":[]}}`), Answer{Remove: []string{"x-amz-meta-a"}, Set: []Header{noSniff, {edge.StateHeader, edge.StatePending}, {"Cache-Control", edge.PendingCacheControl}}}},
		"a page":   {eventOf("/a.jpg", "size=M", "", `{"status":"200","headers":{"content-type":[{"value":"text/html"}]}}`), Answer{Set: []Header{noSniff, {edge.StateHeader, edge.StatePending}, {"Cache-Control", edge.PendingCacheControl}, {"Content-Type", "application/octet-stream"}}}},
		"a type":   {eventOf("/a.jpg", "size=M", "", `{"status":"200","headers":{"content-type":[{"value":"image/jpeg"}]}}`), Answer{Set: []Header{noSniff, {edge.StateHeader, edge.StatePending}, {"Cache-Control", edge.PendingCacheControl}}}},
		"missing":  {eventOf("/a.jpg", "size=M", "", `{"status":"404","headers":{}}`), Answer{Set: []Header{noSniff, {"Cache-Control", edge.NotFoundCacheControl}, {edge.StateHeader, edge.StateNone}}}},
		"an error": {eventOf("/a.jpg", "size=M", "", `{"status":"503","headers":{}}`), Answer{Set: []Header{noSniff}}},
		"a copied rendition": {eventOf("/a.jpg", "size=M", "", `{"status":"200","headers":{"x-amz-meta-calotype-source-etag":[{"value":"v1"}]}}`),
			Answer{Remove: []string{"x-amz-meta-calotype-source-etag"}, Set: []Header{noSniff, {edge.StateHeader, edge.StateUntouched}}}},
	} {
		step := (&Function{Presets: calotype.DefaultPresets()}).Start([]byte(c.event))
		if step.Answer == nil || !reflect.DeepEqual(*step.Answer, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, step.Answer, c.want)
		}
	}
}

// Every response of a picture has its tag, which is the key's, whatever the path is.
func TestCacheTag(t *testing.T) {
	for name, event := range map[string]string{
		"the original":       eventOf("/a.jpg", "", "", `{"status":"200","headers":{}}`),
		"a pending original": eventOf("/a.jpg", "size=M", "", `{"status":"200","headers":{}}`),
		"a rendition":        strings.Replace(eventOf("/%61.jpg", "size=M", "", `{"status":"304","headers":{}}`), `"path":""`, `"path":"/resized/M"`, 1),
	} {
		event = strings.Replace(event, `"customHeaders":{`, `"customHeaders":{"x-env-cache-tag":[{"value":"Cache-Tag"}],`, 1)
		step := (&Function{Presets: calotype.DefaultPresets()}).Start([]byte(event))
		if want := (Header{"Cache-Tag", calotype.CacheTag("a.jpg")}); step.Answer == nil || !slices.Contains(step.Answer.Set, want) {
			t.Errorf("%s: got %+v, want %v", name, step.Answer, want)
		}
	}
}

// S3 reads "+" in a path as a space. A request that is resized has its plus signs
// escaped on the way to S3; others pass unchanged.
func TestPlusSigns(t *testing.T) {
	for name, c := range map[string]struct {
		uri, query, role string
		statuses         []int
		want             Answer
	}{
		"found":              {"/a+b.jpg", "size=M", "", []int{200}, Answer{OriginPath: "/resized/M", URI: "/a%2Bb.jpg"}},
		"missing":            {"/a+b.jpg", "size=M", "", []int{404, 200, 200}, Answer{URI: "/a%2Bb.jpg"}},
		"escaped":            {"/a%2Bb.jpg", "size=M", "", []int{200}, Answer{OriginPath: "/resized/M"}},
		"not resized":        {"/a+b.jpg", "", "", nil, Answer{}},
		"group, first pass":  {"/a+b.jpg", "size=M", "rendition", nil, Answer{}},
		"group, second pass": {"/a+b.jpg", "size=M", "original", []int{200, 200}, Answer{URI: "/a%2Bb.jpg"}},
	} {
		step := (&Function{Presets: calotype.DefaultPresets()}).Start([]byte(eventOf(c.uri, c.query, c.role, "")))
		for _, status := range c.statuses {
			for _, head := range step.Heads {
				if !strings.HasSuffix(head.Key, "a+b.jpg") {
					t.Errorf("%s: got the key %q, want a plus sign", name, head.Key)
				}
			}
			step = step.Next(Result{Status: status})
		}
		if step.Answer == nil || !reflect.DeepEqual(*step.Answer, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, step, c.want)
		}
	}
}

// A rendition cannot be requested by its key, even if other settings are wrong.
func TestHiddenWithoutOtherSettings(t *testing.T) {
	event := strings.Replace(eventOf("/resized/M/a.jpg", "", "", ""), `"pictures"`, `"no bucket!"`, 1)
	step := (&Function{Presets: calotype.DefaultPresets()}).Start([]byte(event))
	if step.Answer == nil || step.Answer.Response == nil || step.Answer.Response.Status != "404" {
		t.Errorf("got %+v, want 404", step.Answer)
	}
}

// Without s3:ListBucket a missing source is 403, which is logged once a minute.
func TestForbiddenIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &Function{Presets: calotype.DefaultPresets()}
		for i, says := range []bool{true, false, true} {
			if got := strings.Contains(steps(f, eventOf("/a.jpg", "size=M", "", ""), "AccessDenied", 403, 403), "answer source"); got != says {
				t.Errorf("event %d: logged %v, want %v", i, got, says)
			}
			time.Sleep(31 * time.Second)
		}
	})
}

// Wrong credentials are named in the log, once a minute. The viewer gets the original:
// CloudFront's own access may be right.
func TestRefusedCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for status, code := range map[int]string{403: "InvalidAccessKeyId", 400: "ExpiredToken"} {
			f := &Function{Presets: calotype.DefaultPresets()}
			for i, logs := range []bool{true, false, true} {
				if got := strings.Contains(steps(f, eventOf("/a.jpg", "size=M", "", ""), code, status, status), "answer credentials"); got != logs {
					t.Errorf("%s: event %d: logs it %v, want %v", code, i, got, logs)
				}
				time.Sleep(31 * time.Second)
			}
		}
	})
}

// A rendition, perhaps of another prefix, never becomes a source.
func TestRenditionIsNotASource(t *testing.T) {
	step := (&Function{Presets: calotype.DefaultPresets()}).Start([]byte(eventOf("/thumbs/M/a.jpg", "size=M", "", "")))
	step = step.Next(Result{Status: 404})
	if len(step.Heads) != 1 || !step.Heads[0].Version {
		t.Fatalf("got %+v, want a HEAD with metadata", step)
	}
	step = step.Next(Result{Status: 200, Metadata: calotype.Lineage{SourceETag: "v1"}.Metadata()})
	if step.Answer == nil || !reflect.DeepEqual(*step.Answer, Answer{}) {
		t.Errorf("got %+v, want the request unchanged and no job", step)
	}
}

// Beyond the budget of a source the original is the response, without a job.
func TestJobBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &Function{Presets: calotype.DefaultPresets()}
		limited := func(size string) string {
			const role = `"x-env-role":`
			return strings.Replace(eventOf("/a.jpg", "size="+size, "", ""), role, `"x-env-max-source-jobs":[{"value":"2"}],`+role, 1)
		}
		for i, want := range []string{"send", "send", "answer budget", "answer"} {
			size := []string{"M", "S", "L", "XS"}[i]
			got := steps(f, limited(size), "", 404, 200, 200)
			if !strings.Contains(got, want) || want != "send" && !strings.HasSuffix(got, want) {
				t.Errorf("job %d: got %s, want %s", i, got, want)
			}
		}
		time.Sleep(time.Minute)
		if got := steps(f, eventOf("/a.jpg", "size=L", "", ""), "", 404, 200, 200); !strings.Contains(got, "send") {
			t.Errorf("a minute later: got %s, want the job sent", got)
		}
	})
}

// FuzzFunction looks for panics, endless events and invalid paths.
func FuzzFunction(f *testing.F) {
	f.Add([]byte(eventOf("/a%20b.jpg", "size=M&to_webp=1", "", "")), 404)
	f.Add([]byte(eventOf("/a.jpg", "size=M", "original", "")), 200)
	f.Add([]byte(eventOf("/a.jpg", "size=M", "", `{"status":"200","headers":{"x-amz-meta-a":[]}}`)), 0)
	f.Add([]byte(strings.Replace(eventOf("/a.jpg", "size=M", "", ""), "x-env-role", "x-env-check-source", 1)), 200)
	f.Add([]byte(`{"Records":[{"cf":null}]}`), 0)
	f.Fuzz(func(t *testing.T, event []byte, status int) {
		f := &Function{Presets: calotype.DefaultPresets()}
		step := f.Start(event)
		for n := 0; step.Answer == nil; n++ {
			if n == 4 {
				t.Fatal("more than four calls")
			}
			step = step.Next(Result{Status: status}, Result{Status: status})
		}
		if a := step.Answer; a.Response == nil && a.OriginPath != "" && !strings.HasPrefix(a.OriginPath, "/") {
			t.Errorf("origin path %q", a.OriginPath)
		}
	})
}
