package page_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/chromedp/chromedp"

	"calotype"
	"calotype/deployments/local/browsertest"
	"calotype/deployments/local/page"
)

// The tested fields of the page's JSON.
type (
	answered struct {
		Error    string
		Pictures []pictured
	}
	pictured struct {
		Key           string
		Bytes         int64
		Width, Height int
		Variants      []varied
	}
	varied struct {
		Name, State, Kept, Query string
		Format                   string
		Bytes                    int64
		Width                    int
	}
)

func (p pictured) variant(name string) varied {
	for _, v := range p.Variants {
		if v.Name == name {
			return v
		}
	}
	return varied{State: "not there"}
}

// call makes a request to the page; headers alternate names and values.
func (f *fixture) call(method, path string, body []byte, headers ...string) (*http.Response, answered) {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, bytes.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	var a answered
	_ = json.Unmarshal(text, &a) // Not every response is JSON.
	return response, a
}

func (f *fixture) pictures() map[string]pictured {
	f.t.Helper()
	_, a := f.call("GET", "/-/pictures", nil)
	found := map[string]pictured{}
	for _, p := range a.Pictures {
		found[p.Key] = p
	}
	return found
}

func TestPictures(t *testing.T) {
	s := serve(t)
	s.put("kitty.png", picture(400, 300), nil)
	s.put("a b/é +1 50%?#.webp", []byte("no picture"), nil)
	s.put("notes.txt", []byte("no picture"), nil)
	s.publish("kitty.png", "M", "")
	s.publish("kitty.png", "M.webp", "broken")
	s.publish("kitty.png", "S.avif", "")
	s.put("resized/L/kitty.png", picture(24, 18), calotype.Lineage{SourceETag: "an earlier one"}.Metadata())
	s.put("resized/M/gone.png", picture(24, 18), nil)

	found := s.pictures()
	if len(found) != 2 {
		t.Errorf("got %d pictures, want 2: %v", len(found), found)
	}
	kitty := found["kitty.png"]
	if kitty.Width != 400 || kitty.Height != 300 || kitty.Bytes == 0 {
		t.Errorf("kitty.png is %d x %d, %d bytes", kitty.Width, kitty.Height, kitty.Bytes)
	}
	for name, want := range map[string]varied{
		"M":      {State: "rendition", Query: "size=M", Width: 24},
		"S":      {State: "original", Query: "size=S"},
		"L":      {State: "outdated", Query: "size=L"},
		"M.webp": {State: "kept", Kept: "broken", Query: "size=M&to_webp=1", Width: 24},
		"S.avif": {State: "rendition", Query: "size=S&format=avif", Width: 24},
		"M.avif": {State: "original", Query: "size=M&format=avif"},
		"M.jpeg": {State: "not there"},
	} {
		got := kitty.variant(name)
		if got.State != want.State || got.Kept != want.Kept || got.Query != want.Query || got.Width != want.Width {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	odd := found["a b/é +1 50%?#.webp"]
	if len(odd.Variants) != len(s.presets) || odd.Width != 0 {
		t.Errorf("a WebP source that cannot be read: got %+v", odd)
	}
}

// Once everything is known, an update takes one call.
func TestPicturesCostOneListing(t *testing.T) {
	s := serve(t)
	s.put("kitty.png", picture(40, 30), nil)
	s.publish("kitty.png", "M", "")
	s.pictures()
	before := s.calls.Load()
	s.pictures()
	if got := s.calls.Load() - before; got != 1 {
		t.Errorf("got %d calls to S3, want 1", got)
	}
	s.publish("kitty.png", "S", "")
	before = s.calls.Load()
	if got := s.pictures()["kitty.png"].variant("S").State; got != "rendition" {
		t.Errorf("got %s", got)
	}
	if got := s.calls.Load() - before; got != 2 {
		t.Errorf("got %d calls to S3 for one new rendition, want 2", got)
	}
}

func TestPutRefuses(t *testing.T) {
	s := serve(t)
	for name, test := range map[string]struct {
		key    string
		body   []byte
		status int
		says   string
	}{
		"no picture's name":      {"notes.txt", []byte("x"), 400, "has no image file extension"},
		"no name":                {"", []byte("x"), 400, "empty key"},
		"under the prefix":       {"resized/M/kitty.jpg", []byte("x"), 400, "renditions only"},
		"the prefix in disguise": {"/resized//M/kitty.jpg", []byte("x"), 400, "renditions only"},
		"the page's own":         {"-/kitty.jpg", []byte("x"), 400, "belongs to the page"},
		"dots":                   {"a/%2e%2e/kitty.jpg", []byte("x"), 400, "segment"},
		"empty":                  {"kitty.jpg", nil, 400, "is empty"},
		"too large":              {"kitty.jpg", make([]byte, 100<<20+1), 413, "the maximum is 100 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			response, a := s.call("PUT", "/-/pictures/"+test.key, test.body)
			if response.StatusCode != test.status || !strings.Contains(a.Error, test.says) || strings.Contains(a.Error, "\n") {
				t.Errorf("got %d %q, want %d and %q", response.StatusCode, a.Error, test.status, test.says)
			}
		})
	}
}

func TestPut(t *testing.T) {
	s := serve(t)
	for key, want := range map[string]string{
		"kitty.JPG":                  "image/jpeg",
		"a b/é +1 50%?#&'.png":       "image/png",
		"日本/写真.webp":                 "image/webp",
		"folder/with/slashes.gif":    "image/gif",
		"percent%2Fencoded name.bmp": "image/bmp",
	} {
		response, a := s.call("PUT", "/-/pictures/"+url.PathEscape(key), picture(30, 20))
		if response.StatusCode != http.StatusOK {
			t.Errorf("put %s: %d %s", key, response.StatusCode, a.Error)
			continue
		}
		out, err := s.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: &key})
		if err != nil {
			t.Errorf("%s was not stored: %v", key, err)
		} else if got := aws.ToString(out.ContentType); got != want {
			t.Errorf("%s is stored as %s, want %s", key, got, want)
		}
		if got := s.pictures()[key].Width; got != 30 {
			t.Errorf("%s is %d wide, want 30", key, got)
		}
	}
}

// Renditions of a replaced picture are outdated until workers follow.
func TestReplace(t *testing.T) {
	s := serve(t)
	s.call("PUT", "/-/pictures/kitty.png", picture(40, 30))
	s.publish("kitty.png", "M", "")
	s.call("PUT", "/-/pictures/kitty.png", picture(40, 30))
	if got := s.pictures()["kitty.png"].variant("M").State; got != "rendition" {
		t.Errorf("after the same bytes again: got %s, want rendition", got)
	}
	s.call("PUT", "/-/pictures/kitty.png", picture(60, 50))
	kitty := s.pictures()["kitty.png"]
	if got := kitty.variant("M").State; got != "outdated" || kitty.Width != 60 {
		t.Errorf("after other bytes: got %s, %d wide", got, kitty.Width)
	}
}

func TestDelete(t *testing.T) {
	s := serve(t)
	s.put("a b.png", picture(40, 30), nil)
	if response, a := s.call("DELETE", "/-/pictures/a%20b.png", nil); response.StatusCode != http.StatusNoContent {
		t.Fatalf("got %d %s", response.StatusCode, a.Error)
	}
	if _, there := s.pictures()["a b.png"]; there {
		t.Error("it still exists")
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	s := serve(t)
	const local, own = "localhost:8080", "http://localhost:8080"
	for name, test := range map[string]struct {
		method  string
		headers []string
		status  int
	}{
		"another name":           {"GET", []string{"Host", "evil.example"}, 403},
		"another address":        {"GET", []string{"Host", "10.0.0.1:8080"}, 403},
		"a name like the page's": {"GET", []string{"Host", "localhost.evil.example"}, 403},
		"an address's name":      {"GET", []string{"Host", "127.0.0.1.evil.example"}, 403},
		"localhost":              {"GET", []string{"Host", local}, 200},
		"a name below":           {"GET", []string{"Host", "calotype.localhost:8080"}, 200},
		"IPv6":                   {"GET", []string{"Host", "[::1]:8080"}, 200},
		"curl":                   {"DELETE", []string{"Host", local}, 204},
		"the page":               {"DELETE", []string{"Host", local, "Origin", own, "Sec-Fetch-Site", "same-origin"}, 204},
		"another site":           {"DELETE", []string{"Host", local, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
		"an old browser":         {"DELETE", []string{"Host", local, "Origin", "https://evil.example"}, 403},
		"another port":           {"DELETE", []string{"Host", local, "Origin", "http://localhost:3000", "Sec-Fetch-Site", "same-site"}, 403},
		"no origin at all":       {"DELETE", []string{"Host", local, "Origin", "null"}, 403},
		"only a GET":             {"GET", []string{"Host", local, "Sec-Fetch-Site", "cross-site"}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			path := "/"
			if test.method == "DELETE" {
				path = "/-/pictures/kitty.png"
			}
			response, a := s.call(test.method, path, nil, test.headers...)
			if response.StatusCode != test.status || (test.status == 403) != (a.Error != "") {
				t.Errorf("got %d %q, want %d", response.StatusCode, a.Error, test.status)
			}
		})
	}
}

func TestServes(t *testing.T) {
	for path, want := range map[string]bool{
		"/": true, "/-/page.css": true, "/-/pictures/a.jpg": true, "/-/": true,
		"/kitty.jpg": false, "/-.jpg": false, "/a/-/b.jpg": false, "": false,
	} {
		if got := page.Serves(path); got != want {
			t.Errorf("%q: got %v", path, got)
		}
	}
}

func TestAssets(t *testing.T) {
	s := serve(t)
	for path, contentType := range map[string]string{
		"/": "text/html; charset=utf-8", "/-/main.js": "text/javascript; charset=utf-8",
		"/-/page.css": "text/css; charset=utf-8", "/-/icon.svg": "image/svg+xml",
	} {
		response, _ := s.call("GET", path, nil)
		h := response.Header
		if response.StatusCode != 200 || h.Get("Content-Type") != contentType || h.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: got %d %v", path, response.StatusCode, h)
		}
		if !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'self';") {
			t.Errorf("%s: policy %q", path, h.Get("Content-Security-Policy"))
		}
		if response, _ := s.call("GET", path, nil, "If-None-Match", h.Get("ETag")); response.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: got %d", path, response.StatusCode)
		}
	}
	for path, want := range map[string]int{"/-/": 404, "/-/nothing.js": 404, "/-/assets/main.js": 404, "/-/pictures/a.jpg": 405} {
		if response, a := s.call("GET", path, nil); response.StatusCode != want || a.Error == "" {
			t.Errorf("%s: got %d %q, want %d", path, response.StatusCode, a.Error, want)
		}
	}
}

// The page says what each preset does, and finds the one rendition of a preset with a format
// however it is asked for.
func TestPresetsWithOptions(t *testing.T) {
	presets, err := calotype.ParsePresets([]byte(`{"M": "1200x628", "hero": "1600x900/900x1200",
		"card": {"box": "600x400", "fit": "cover", "gravity": "smart", "format": "webp"}, "logo": {"box": "240x120", "fit": "pad", "background": "#fff"}}`))
	if err != nil {
		t.Fatal(err)
	}
	s := serveWith(t, presets)
	s.put("kitty.png", picture(2000, 1500), nil)
	s.publish("kitty.png", "card", "")
	kitty := s.pictures()["kitty.png"]
	if got := kitty.variant("card"); got.State != "rendition" || got.Format != "webp" {
		t.Errorf("card: got %+v", got)
	}
	if got := kitty.variant("card.webp"); got.State != "rendition" {
		t.Errorf("card.webp: got %+v", got)
	}
	ctx := browsertest.Start(t)
	do(t, ctx, "the presets", chromedp.Navigate(s.url), says("#status", "Live: 1 picture"), chromedp.Click("details:last-of-type summary"),
		says("#presets", "fits inside 1200 × 628"), says("#presets", "fits inside 1600 × 900, tall pictures 900 × 1200"),
		says("#presets", "fills 600 × 400, smart, webp"), says("#presets", "is padded to 240 × 120, #ffffff"),
		browsertest.Until(`document.getElementById('smallest').textContent === 'logo'`))
	do(t, ctx, "srcset has no crops", chromedp.Click(`.card [data-variant="card"]`), says(".snippets", "size=hero"),
		browsertest.Until(`!document.querySelector('.snippets').innerText.includes('size=logo')`))
}
