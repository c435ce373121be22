package viewer

import (
	"regexp"
	"strings"
	"testing"

	"calotype"
	"calotype/edge"
	"calotype/internal/awstest"
	"calotype/internal/viewertest"
)

func TestMain(m *testing.M) { awstest.Main(m) }

// normalise runs the function for a table of presets over queries. The viewer sends the
// Accept headers.
func normalise(t *testing.T, presets calotype.Presets, options Options, queries []string, accept ...string) []viewertest.Parameters {
	t.Helper()
	code, err := Code(presets, options)
	if err != nil {
		t.Fatal(err)
	}
	function := viewertest.Start(t, code)
	var answers []viewertest.Parameters
	for _, query := range queries {
		answers = append(answers, function.Handle(viewertest.Request{Method: "GET", URI: "/kitty.jpg", Query: query, Accept: accept}).Query)
	}
	return answers
}

var queries = []string{
	"", "size=M", "size=XS&to_webp=1", "to_webp=1&size=M", "size=M&format=avif", "size=M&format=JXL", "size=M&format=webp&to_webp=1",
	"size=M&format=jpeg", "size=M&format=jpg", "size=M&format=", "size=M&format=&to_webp=1", "size=M&format=WEBP", "size=M&format=JPG", "size=M&format=Avif&to_webp=1",
	"size=M&format=av%C4%B0f", "size=M&format=%E2%84%AApeg", "size=M&format=jpg%20",
	"size=m", "size=", "size", "size=Q", "size=M&to_webp=0", "size=M&to_webp=true", "size=M&to_webp=TRUE", "size=M&to_webp=tr%C3%BCe", "size=M&to_webp=true%0A", "size=M&format=svg&to_webp=1", "size=M&to_webp=01", "to_webp=1", "format=png",
	"size=M&size=S", "size=Q&size=M", "size=M&size=Q", "size=M&format=gif&format=webp", "size=M&to_webp=0&to_webp=1", "size=&size=M",
	"size=%4D", "%73ize=M", "siz%65=S&size=M", "size=M%20", "size=M+", "size=+M", "size=%ZZ&size=M", "size=%4&size=S", "size=M&format=%FF&format=png",
	"size=%FF&size=M", "size=M;to_webp=1", "size=M;&size=S", "size=M&format=webp;", "si;ze=M", "size=M&v=123", "utm_source=x&size=M&fbclid=abc",
	"__proto__=M", "constructor=M&size=M", "size=__proto__", "size=constructor", "size=M&format=constructor", "size=hasOwnProperty",
	"size=M=S", "=M", "&&size=M&&", "size=M&to_webp=%31", "size=M%00", "size=%C3%A9", "size=é", "size=M&format=web%70", "SIZE=M", "size[]=M", "0=1&size=L&1=2",
	"size=M&format=auto", "size=M&format=AUTO&to_webp=1", "size=M&format=auto&auto=avif", "size=M&auto=avif", "format=auto", "size=w640&format=auto&auto=svg", "size=M&format=aut%C3%B6",
	"w=640", "w=641&format=auto", "w=320&dpr=2", "w=320&dpr=1.501", "w=1280&dpr=0.333", "w=99999", "w=0", "w=-1", "w=640px", "w=64.0", "w=100000", "w=+640", "dpr=2", "size=&w=640", "size=Q&w=640", "w=640&size=M",
	"w=640&dpr=1.", "w=640&dpr=.5", "w=640&dpr=1.0001", "w=640&dpr=0", "w=640&dpr=100", "w=%36%34%30", "w=%ZZ&w=320", "w=00640&dpr=01.5", "w=827&dpr=1.001&to_webp=1", "w=%D9%A3", "W=640",
	"size=M&size=", "to_webp=1&to_webp=0&size=S", "format=png&format=avif&size=SXS", "size=SL&format=png%20",
}

// TestDecisionIsTheSame compares the decisions of package edge for the original query and
// for the function's result.
func TestDecisionIsTheSame(t *testing.T) {
	own, err := calotype.ParsePresets([]byte(`{"__proto__": "10x10", "constructor": "20x20", "0": "30x30", "hero-2_x": "1600x900"}`))
	if err != nil {
		t.Fatal(err)
	}
	everything := Options{Auto: edge.AutoFormats{calotype.AVIF, calotype.WebP}, Widths: true}
	for name, c := range map[string]struct {
		presets calotype.Presets
		options Options
		accept  []string
	}{
		"default presets":       {calotype.DefaultPresets(), Options{}, nil},
		"odd presets":           {own, Options{}, []string{"image/avif"}},
		"AVIF":                  {calotype.WebPresets(), everything, []string{"image/avif,image/webp,*/*;q=0.8"}},
		"AVIF alone":            {calotype.DefaultPresets(), everything, []string{"IMAGE/avif ; q=0.5"}},
		"WebP":                  {calotype.WebPresets(), everything, []string{"image/webp,*/*"}},
		"no AVIF":               {calotype.WebPresets(), everything, []string{"image/avif; q = 0.00,image/webp;q=0.1"}},
		"odd weights":           {calotype.WebPresets(), everything, []string{"image/avif;q=,image/webp;q=x;q=0"}},
		"neither":               {calotype.WebPresets(), everything, []string{"image/*,*/*"}},
		"rubbish":               {calotype.WebPresets(), everything, []string{";;,=,image/avif-x,\timage/web p"}},
		"two headers":           {calotype.WebPresets(), everything, []string{"image/png", "image/webp"}},
		"no header":             {calotype.WebPresets(), everything, nil},
		"WebP first":            {calotype.DefaultPresets(), Options{Auto: edge.AutoFormats{calotype.WebP, calotype.AVIF}}, []string{"image/avif"}},
		"widths without such":   {calotype.DefaultPresets(), everything, nil},
		"such but switched off": {calotype.WebPresets(), Options{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			presets := c.presets
			rules := edge.Rules{Presets: presets, Prefix: "resized", Auto: c.options.Auto, Widths: c.options.Widths}
			queries := queries
			for _, p := range presets {
				queries = append(queries, "size="+p.Name, "to_webp=1&size="+p.Name, "format=avif&size="+p.Name, "format=auto&size="+p.Name)
			}
			for i, answer := range normalise(t, presets, c.options, queries, c.accept...) {
				for _, path := range []string{"/kitty.jpg", "/kitty.webp", "/kitty.gif", "/notes.txt", "/resized/M/kitty.jpg"} {
					want := rules.Decide(edge.Request{Method: "GET", Path: path, Query: queries[i], Accept: strings.Join(c.accept, ",")})
					got := rules.Decide(edge.Request{Method: "GET", Path: path, Query: answer.String(), Accept: edge.AcceptOf(answer.String())})
					if got != want {
						t.Errorf("%s?%s became ?%s: decided %+v, want %+v", path, queries[i], answer.String(), got, want)
					}
				}
			}
		})
	}
}

// TestFewCacheKeys counts the distinct results for queries that nearly all differ: at most
// one without a size, and seven for each size.
func TestFewCacheKeys(t *testing.T) {
	presets := calotype.DefaultPresets()
	allowed := map[string]bool{"": true}
	for _, p := range presets {
		allowed["size="+p.Name] = true
		allowed["size="+p.Name+"&to_webp=1"] = true
		for _, format := range []string{"webp", "avif", "jxl", "jpeg", "png", "unknown"} {
			allowed["format="+format+"&size="+p.Name] = true
		}
	}
	for i, answer := range normalise(t, presets, Options{}, queries, "image/avif") {
		if !allowed[answer.String()] {
			t.Errorf("?%s became ?%s, which is a cache key without use", queries[i], answer.String())
		}
	}
}

// TestFormats checks that the function's formats are those that a viewer may request.
func TestFormats(t *testing.T) {
	for _, f := range []calotype.Format{calotype.JPEG, calotype.PNG, calotype.GIF, calotype.WebP, calotype.AVIF, calotype.BMP, calotype.TIFF, calotype.HEIC, calotype.JXL} {
		name, want := calotype.ParseFormat(string(f))
		answer := normalise(t, calotype.DefaultPresets(), Options{}, []string{"size=M&format=" + string(f)})[0]
		if got := answer["format"].Value; want && got != string(name) || !want && got != "unknown" {
			t.Errorf("format %s: let through %q, known: %v", f, got, want)
		}
	}
}

// A preset has at most three entries for format=auto, whatever viewers accept or ask for.
func TestFewCacheKeysOfAuto(t *testing.T) {
	options := Options{Auto: edge.AutoFormats{calotype.AVIF, calotype.WebP}, Widths: true}
	allowed := map[string]bool{"format=auto&size=w640": true, "auto=avif&format=auto&size=w640": true, "auto=webp&format=auto&size=w640": true}
	queries := []string{"size=w640&format=auto", "w=640&format=auto&auto=png", "w=320&dpr=2&format=auto&v=1", "w=600&format=AUTO&auto=avif"}
	for _, accept := range []string{"image/jxl,image/avif,image/webp", "image/avif", "image/webp", "", "*/*", "image/gif"} {
		for i, answer := range normalise(t, calotype.WebPresets(), options, queries, accept) {
			if query := answer.String(); query != "" && !allowed[query] {
				t.Errorf("%s, ?%s became ?%s", accept, queries[i], query)
			}
		}
	}
}

func TestTooManyPresets(t *testing.T) {
	var presets calotype.Presets
	for range 300 {
		presets = append(presets, calotype.Preset{Name: strings.Repeat("x", 32)})
	}
	for _, write := range []func(calotype.Presets, Options) (string, error){Code, RewriteCode} {
		if _, err := write(presets, Options{}); err == nil || !strings.Contains(err.Error(), "use fewer presets") {
			t.Errorf("got %v, want an error that says what to do", err)
		}
	}
}

// newSyntax finds what ECMAScript 5.1 does not have. The checks of the templates parse the
// code; this is for who changes it.
var newSyntax = regexp.MustCompile("=>|`|\\.\\.\\.|\\?\\.|\\?\\?|\\b(let|const|class|async|await|yield)\\b|\\bfor \\(.* of ")

func TestSyntax(t *testing.T) {
	options := Options{Auto: edge.AutoFormats{calotype.AVIF, calotype.WebP}, Widths: true}
	for _, write := range []func(calotype.Presets, Options) (string, error){Code, RewriteCode} {
		code, err := write(append(calotype.DefaultPresets(), calotype.WebPresets()...), options)
		if err != nil {
			t.Fatal(err)
		}
		code = regexp.MustCompile(`(?m)//.*$`).ReplaceAllString(code, "")
		if found := newSyntax.FindString(code); found != "" {
			t.Errorf("%q is newer than ECMAScript 5.1", found)
		}
		if len(code) > 7<<10 {
			t.Errorf("%d bytes: want room for more presets", len(code))
		}
	}
}
