package cloudfront

import (
	"strings"
	"testing"

	"calotype"
	"calotype/edge"
)

// withSetting returns an event with one more setting in its origin's headers.
func withSetting(event, header, value string) string {
	const role = `"x-env-role":`
	return strings.Replace(event, role, `"`+header+`":[{"value":"`+value+`"}],`+role, 1)
}

func lineageOf(etag, boxes string, format calotype.Format) map[string]string {
	return calotype.Lineage{SourceETag: etag, Recipe: calotype.Recipe{Boxes: boxes, Format: format}}.Metadata()
}

// With X-Env-Pending: best, a miss inspects the source and the nearest renditions in one step.
func TestFunctionServesNearest(t *testing.T) {
	webp := Result{Status: 200, Metadata: lineageOf("v2", "1200x628", calotype.WebP)}
	jpeg := Result{Status: 200, Metadata: lineageOf("v2", "1200x628", calotype.JPEG)}
	source, missing := Result{Status: 200, ETag: `"v2"`}, Result{Status: 404}
	for name, c := range map[string]struct {
		role    string
		results []Result
		path    string
		sends   bool
	}{
		"WebP":         {"", []Result{webp, jpeg, source}, "/resized/M.webp", true},
		"JPEG":         {"", []Result{missing, jpeg, source}, "/resized/M", true},
		"none":         {"", []Result{missing, missing, source}, "", true},
		"in a group":   {"original", []Result{webp, missing, source}, "/resized/M.webp", true},
		"nearest fail": {"", []Result{{}, {Status: 500}, source}, "", true},
		"no source":    {"", []Result{webp, jpeg, missing}, "", false},
	} {
		f := &Function{Presets: calotype.DefaultPresets()}
		step := f.Start([]byte(withSetting(eventOf("/a.jpg", "size=M&format=avif", c.role, ""), "x-env-pending", "best")))
		if c.role == "" {
			step = step.Next(missing)
		}
		var keys []string
		for _, h := range step.Heads {
			keys = append(keys, h.Key)
			if !h.Version {
				t.Errorf("%s: %s: the HEAD asks for no metadata", name, h.Key)
			}
		}
		if got := strings.Join(keys, " "); got != "resized/M.webp/a.jpg resized/M/a.jpg a.jpg" {
			t.Errorf("%s: it inspects %s", name, got)
		}
		step = step.Next(c.results...)
		if sends := step.Send != nil; sends != c.sends {
			t.Errorf("%s: sends %v, want %v", name, sends, c.sends)
		}
		if c.sends {
			step = step.Next(Result{Status: 200})
		}
		if step.Answer == nil || step.Answer.OriginPath != c.path {
			t.Errorf("%s: got %+v, want the path %q", name, step.Answer, c.path)
		}
	}
}

// The response to a redirected request says which rendition is the nearest, whether or not the
// event contains the path.
func TestResponseOfNearest(t *testing.T) {
	response := func(path, format string) Answer {
		meta := `"x-amz-meta-calotype-source-etag":[{"value":"v2"}],"x-amz-meta-calotype-boxes":[{"value":"1200x628"}],"x-amz-meta-calotype-format":[{"value":"` + format + `"}]`
		event := withSetting(eventOf("/a.jpg", "size=M&format=avif", "", `{"status":"200","headers":{`+meta+`}}`), "x-env-pending", "best")
		step := (&Function{Presets: calotype.DefaultPresets()}).Start([]byte(strings.Replace(event, `"path":""`, `"path":"`+path+`"`, 1)))
		return *step.Answer
	}
	for name, c := range map[string]struct{ path, format, state string }{
		"by its path":         {"/resized/M.webp", "webp", "nearest; pending; M.webp"},
		"by its lineage":      {"", "webp", "nearest; pending; M.webp"},
		"JPEG by its lineage": {"", "jpeg", "nearest; pending; M"},
		"the rendition":       {"/resized/M.avif", "avif", "rendition"},
		"its lineage":         {"", "avif", "rendition"},
	} {
		a := response(c.path, c.format)
		set := map[string]string{}
		for _, h := range a.Set {
			set[h.Name] = h.Value
		}
		short := set["Cache-Control"] == edge.PendingCacheControl
		if set[edge.StateHeader] != c.state || short != strings.HasPrefix(c.state, "nearest") {
			t.Errorf("%s: got %v, want %q", name, set, c.state)
		}
	}
}

// With X-Env-Pending: none, no original leaves: origin-request answers 404 where it can,
// and origin-response makes every other one a 404, also if the settings are wrong.
func TestNoOriginals(t *testing.T) {
	none := func(event string) Step {
		return (&Function{Presets: calotype.DefaultPresets()}).Start([]byte(withSetting(event, "x-env-pending", "none")))
	}
	missing := Result{Status: 404}
	for name, step := range map[string]Step{
		"no size":            none(eventOf("/a.jpg", "", "", "")),
		"an unknown size":    none(eventOf("/a.jpg", "size=Q", "", "")),
		"no picture":         none(eventOf("/a.txt", "size=M", "", "")),
		"pending":            none(eventOf("/a.jpg", "size=M", "", "")).Next(missing).Next(Result{Status: 200, ETag: `"v2"`}).Next(Result{Status: 200}),
		"a fallback copy":    none(eventOf("/a.jpg", "size=M", "", "")).Next(Result{Status: 200, Metadata: map[string]string{"calotype-source-etag": "v2", "calotype-kept": "corrupt"}}),
		"response: no size":  none(eventOf("/a.jpg", "", "", `{"status":"200","headers":{}}`)),
		"response: 304":      none(eventOf("/a.jpg", "size=M", "", `{"status":"304","headers":{}}`)),
		"response: range":    none(eventOf("/a.txt", "", "", `{"status":"206","headers":{}}`)),
		"response: a copy":   none(strings.Replace(eventOf("/a.jpg", "size=M", "", `{"status":"200","headers":{"x-amz-meta-calotype-kept":[{"value":"corrupt"}]}}`), `"path":""`, `"path":"/resized/M"`, 1)),
		"response: settings": none(strings.Replace(eventOf("/a.jpg", "size=M", "", `{"status":"200","headers":{}}`), `"/resized/"`, `"/"`, 1)),
		"response: misspelt": (&Function{Presets: calotype.DefaultPresets()}).Start([]byte(withSetting(eventOf("/a.jpg", "", "", `{"status":"200","headers":{}}`), "x-env-pending", "nnone"))),
	} {
		if step.Answer == nil || step.Answer.Response == nil || step.Answer.Response.Status != "404" {
			t.Errorf("%s: got %+v, want 404", name, step)
		}
	}
	found := none(strings.Replace(eventOf("/a.jpg", "size=M", "", `{"status":"200","headers":{}}`), `"path":""`, `"path":"/resized/M"`, 1))
	if found.Answer.Response != nil {
		t.Errorf("a rendition: got %+v, want it served", found.Answer)
	}
}

// format=auto at CloudFront reads the parameter that the viewer function adds.
func TestFunctionAuto(t *testing.T) {
	auto := func(query, response string) string {
		event := withSetting(eventOf("/a.jpg", query, "", response), "x-env-auto", "avif,webp")
		return withSetting(event, "x-env-backfill-queue-url", "https://sqs.us-east-1.amazonaws.com/1/low")
	}
	f := &Function{Presets: calotype.DefaultPresets()}
	missing, source := Result{Status: 404}, Result{Status: 200, ETag: `"v2"`}
	webp := Result{Status: 200, Metadata: lineageOf("v2", "1200x628", calotype.WebP)}
	step := f.Start([]byte(auto("size=M&format=auto&auto=avif", ""))).Next(missing)
	if len(step.Heads) != 2 || step.Heads[0].Key != "resized/M.webp/a.jpg" || step.Heads[1].Key != "a.jpg" {
		t.Fatalf("got %+v, want the first step and the source inspected", step)
	}
	if step = step.Next(missing, source); step.Send == nil || !strings.Contains(step.Send.Body, `["M.webp"]`) || strings.HasSuffix(step.Send.QueueURL, "low") {
		t.Errorf("got %+v, want the job of the first step", step.Send)
	}
	step = f.Start([]byte(auto("size=M&format=auto&auto=avif", ""))).Next(missing).Next(webp, source)
	if step.Send == nil || !strings.Contains(step.Send.Body, `["M.avif"]`) || !strings.HasSuffix(step.Send.QueueURL, "low") {
		t.Errorf("got %+v, want the job of the second step, at low priority", step.Send)
	}
	if step = step.Next(Result{Status: 200}); step.Answer.OriginPath != "/resized/M.webp" {
		t.Errorf("got %+v, want the first step served", step.Answer)
	}
	if step := f.Start([]byte(auto("size=M&format=auto", ""))); len(step.Heads) != 1 || step.Heads[0].Key != "resized/M/a.jpg" {
		t.Errorf("got %+v, want the picture's own format", step)
	}
	meta := `"x-amz-meta-calotype-source-etag":[{"value":"v2"}],"x-amz-meta-calotype-boxes":[{"value":"1200x628"}],"x-amz-meta-calotype-format":[{"value":"webp"}]`
	event := strings.Replace(auto("size=M&format=auto&auto=avif", `{"status":"200","headers":{`+meta+`}}`), `"path":""`, `"path":"/resized/M.webp"`, 1)
	set := map[string]string{}
	for _, h := range (&Function{Presets: calotype.DefaultPresets()}).Start([]byte(event)).Answer.Set {
		set[h.Name] = h.Value
	}
	if set["Vary"] != "Accept" || set[edge.StateHeader] != "nearest; pending; M.webp" || set["Cache-Control"] != edge.UpgradeCacheControl {
		t.Errorf("got %v", set)
	}
}
