package edge

import (
	"strings"
	"testing"

	"calotype"
)

var rules = Rules{Presets: calotype.DefaultPresets(), Prefix: "resized", Quality: 70}

func TestDecide(t *testing.T) {
	const untouched = "" // Or else the rendition's key.
	for name, c := range map[string]struct {
		path, query string
		want        string
	}{
		"own format":             {"/kitty.jpg", "size=M", "resized/M/kitty.jpg"},
		"webp":                   {"/kitty.jpg", "size=M&to_webp=1", "resized/M.webp/kitty.jpg"},
		"any order":              {"/kitty.jpg", "to_webp=1&v=7&size=M", "resized/M.webp/kitty.jpg"},
		"to_webp=TRUE":           {"/kitty.jpg", "size=M&to_webp=TRUE", "resized/M.webp/kitty.jpg"},
		"to_webp=yes":            {"/kitty.jpg", "size=M&to_webp=yes", "resized/M/kitty.jpg"},
		"TO_WEBP=1":              {"/kitty.jpg", "size=M&TO_WEBP=1", "resized/M/kitty.jpg"}, // No cache has it in its key.
		"format in any case":     {"/kitty.jpg", "size=M&format=WebP", "resized/M.webp/kitty.jpg"},
		"format jpg":             {"/kitty.png", "size=M&format=JPG", "resized/M.jpeg/kitty.png"},
		"to_webp=0":              {"/kitty.jpg", "size=M&to_webp=0", "resized/M/kitty.jpg"},
		"to_webp of a webp":      {"/kitty.webp", "size=M&to_webp=1", "resized/M/kitty.webp"},
		"format":                 {"/kitty.jpg", "size=M&format=avif", "resized/M.avif/kitty.jpg"},
		"format wins":            {"/kitty.jpg", "size=M&to_webp=1&format=png", "resized/M.png/kitty.jpg"},
		"format its own":         {"/kitty.JPG", "size=M&format=jpeg&to_webp=1", "resized/M/kitty.JPG"},
		"empty format":           {"/kitty.jpg", "size=M&format=&to_webp=1", "resized/M.webp/kitty.jpg"},
		"first counts":           {"/kitty.jpg", "size=M&size=L", "resized/M/kitty.jpg"},
		"first counts, unknown":  {"/kitty.jpg", "size=Q&size=L", untouched},
		"folders":                {"/a/b/kitty.jpg", "size=XS", "resized/XS/a/b/kitty.jpg"},
		"space":                  {"/a%20b.jpg", "size=M", "resized/M/a b.jpg"},
		"plus is a plus":         {"/a+b.jpg", "size=M", "resized/M/a+b.jpg"},
		"encoded plus":           {"/a%2Bb.jpg", "size=M", "resized/M/a+b.jpg"},
		"encoded slash":          {"/a%2Fb.jpg", "size=M", "resized/M/a/b.jpg"},
		"encoded percent":        {"/a%2520b.jpg", "size=M", "resized/M/a%20b.jpg"},
		"question mark":          {"/a%3Fb.jpg", "size=M", "resized/M/a?b.jpg"},
		"unicode":                {"/%C3%A9t%C3%A9.jpg", "size=M", "resized/M/été.jpg"},
		"unicode as it is":       {"/été.jpg", "size=M", "resized/M/été.jpg"},
		"two slashes":            {"//kitty.jpg", "size=M", "resized/M//kitty.jpg"},
		"no size":                {"/kitty.jpg", "", untouched},
		"no size but webp":       {"/kitty.jpg", "to_webp=1", untouched},
		"unknown size":           {"/kitty.jpg", "size=XXL", untouched},
		"size in small letters":  {"/kitty.jpg", "size=m", untouched},
		"unknown format":         {"/kitty.jpg", "size=M&format=svg", untouched},
		"unknown format, webp":   {"/kitty.jpg", "size=M&format=svg&to_webp=1", untouched},
		"no picture":             {"/kitty.txt", "size=M", untouched},
		"no extension":           {"/kitty", "size=M", untouched},
		"a folder":               {"/", "size=M", untouched},
		"bad escape":             {"/kitty%zz.jpg", "size=M", untouched},
		"bad query":              {"/kitty.jpg", "size=%zz", untouched},
		"not UTF-8":              {"/kitty%ff.jpg", "size=M", untouched},
		"NUL":                    {"/kitty%00.jpg", "size=M", untouched},
		"dots":                   {"/a/../kitty.jpg", "size=M", untouched},
		"rendition key too long": {"/" + strings.Repeat("a", 1015) + ".jpg", "size=M", untouched},
	} {
		d := rules.Decide(Request{Method: "GET", Path: c.path, Query: c.query})
		if d.Rendition != c.want || (d.Verdict == Resize) != (c.want != untouched) {
			t.Errorf("%s: %s?%s: got %v %q, want %q", name, c.path, c.query, d.Verdict, d.Rendition, c.want)
		}
		if d.Verdict == NotFound {
			t.Errorf("%s: hidden", name)
		}
	}
}

func TestDecideMethods(t *testing.T) {
	for method, want := range map[string]Verdict{
		"GET": Resize, "HEAD": Resize, "POST": Passthrough, "PUT": Passthrough, "OPTIONS": Passthrough, "": Passthrough,
	} {
		if got := rules.Decide(Request{Method: method, Path: "/kitty.jpg", Query: "size=M"}).Verdict; got != want {
			t.Errorf("%s: got %v, want %v", method, got, want)
		}
	}
}

func TestRenditionsAreHidden(t *testing.T) {
	for _, path := range []string{
		"/resized/M.webp/kitty.jpg", "/resized", "/resized/", "/resized%2FM/kitty.jpg", "/%72esized/M/kitty.jpg",
		"/resized/M/a%2.jpg", "/%72esized/M/a%2.jpg", "/resized%2fM/%zz.jpg", "/%/%2e./resized/M/a%.jpg", "//resized/M/kitty.jpg", "/a/../resized/M/kitty.jpg", "/./resized/M/kitty.jpg", "/%2e%2e/resized/M/kitty.jpg",
	} {
		for _, query := range []string{"", "size=M"} {
			if d := rules.Decide(Request{Method: "GET", Path: path, Query: query}); d.Verdict != NotFound || d.Source != "" {
				t.Errorf("%s?%s: got %+v, want it not found", path, query, d)
			}
		}
	}
}

// S3 reads "+" in a path as a space, so a plus sign must not open a prefix with a space.
func TestPlusDoesNotOpenThePrefix(t *testing.T) {
	spaced := rules
	spaced.Prefix = "made for us"
	for path, want := range map[string]Verdict{
		"/made+for+us/M/kitty.jpg":       NotFound,
		"/made%20for+us/M/kitty.jpg":     NotFound,
		"/made%20for%20us/M/kitty.jpg":   NotFound,
		"/a/../made+for+us/M/kitty.jpg":  NotFound,
		"/made%2Bfor%2Bus/M/kitty.jpg":   Resize, // A folder with plus signs in its name.
		"/cats/made+for+us/M/kitty.jpg":  Resize,
		"/made+for+us+too/M/a+kitty.jpg": Resize,
	} {
		if got := spaced.Decide(Request{Method: "GET", Path: path, Query: "size=M"}).Verdict; got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	if got := rules.Decide(Request{Method: "GET", Path: "/resized+/M/kitty.jpg", Query: "size=M"}).Verdict; got != Resize {
		t.Errorf("a plus sign and a prefix without a space: got %v, want %v", got, Resize)
	}
}

func TestDecisionJob(t *testing.T) {
	d := rules.Decide(Request{Method: "GET", Path: "/cats/kitty.jpg", Query: "size=M&to_webp=1"})
	want := `{"v":1,"source":"cats/kitty.jpg","variants":["M.webp"],"quality":70,"request":"r1"}`
	if got := d.Job(false, "r1").Encode(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzDecide(f *testing.F) {
	f.Add("/cats/kitty.jpg", "size=M&to_webp=1")
	f.Add("/resized%2FM/kitty.jpg", "size=M")
	f.Add("/a%20b+c.PNG", "size=XS&format=avif&size=L")
	f.Fuzz(func(t *testing.T, path, query string) {
		d := rules.Decide(Request{Method: "GET", Path: path, Query: query})
		if d.Verdict != Resize {
			if d.Rendition != "" {
				t.Errorf("%v with a rendition %q", d.Verdict, d.Rendition)
			}
			return
		}
		variant, source, err := rules.Prefix.ParseRenditionKey(d.Rendition)
		if err != nil || source != d.Source || variant != d.Variant {
			t.Errorf("rendition %q of %q: %v", d.Rendition, d.Source, err)
		}
		job, err := calotype.ParseJob(d.Job(false, "").Encode())
		if err != nil || job.Source != d.Source {
			t.Errorf("job of %q: %v", d.Source, err)
		}
	})
}

// The state reports an unknown format, and does not for any other request that passes.
func TestUnknownFormat(t *testing.T) {
	for query, want := range map[string]string{
		"size=M&format=svg": StateUnknownFormat, "size=M&format=svg&to_webp=1": StateUnknownFormat, "size=M&format=unknown": StateUnknownFormat,
		"size=M&format=%ff": StateUnknownFormat, "size=Q&format=svg": StateUntouched, "format=svg": StateUntouched, "": StateUntouched, "size=Q": StateUntouched,
	} {
		d := rules.Decide(Request{Method: "GET", Path: "/kitty.jpg", Query: query})
		r := rules.Resolve(d, Observation{}, Observation{Status: Found})
		if d.Verdict != Passthrough || r.Serve != ServeSource || r.State != want || r.Enqueue || r.CacheControl != "" {
			t.Errorf("%s: got %+v, want the source and %q", query, r, want)
		}
	}
}
