package page_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"calotype"
	"calotype/deployments/local/browsertest"
	"calotype/worker/thumbhash"
)

// do runs one step; its name describes what failed.
func do(t *testing.T, ctx context.Context, step string, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(ctx, actions...); err != nil {
		var text string
		_ = chromedp.Run(ctx, chromedp.Evaluate("document.body.innerText", &text))
		t.Fatalf("%s: %v; the page says:\n%s", step, err, text)
	}
}

// says waits until an element's text contains a string.
func says(selector, text string) chromedp.Action {
	return browsertest.Until(fmt.Sprintf("document.querySelector(%s)?.innerText.includes(%s)", strconv.Quote(selector), strconv.Quote(text)))
}

func call(f func() error) chromedp.Action {
	return chromedp.ActionFunc(func(context.Context) error { return f() })
}

func TestBrowser(t *testing.T) {
	s := serve(t)
	ctx := browsertest.Start(t)
	do(t, ctx, "an empty bucket", chromedp.EmulateViewport(1400, 900), chromedp.Navigate(s.url),
		says("#empty", "No pictures yet"), says("#status", "Live: 0 pictures"))

	const odd = "é +1 50%25#?'.png"
	do(t, ctx, "drop a picture", chromedp.SetUploadFiles("#choose", []string{file(t, odd)}),
		says(".sentence", "pending"), says(".response", "public, max-age=1, s-maxage=5, stale-if-error=86400"),
		says("#viewer .address", "/%C3%A9%20%2B1%2050%2525%23%3F%27.png?size=M&to_webp=1"))
	do(t, ctx, "its rendition appears", call(func() error { return s.work(odd, "M.webp") }),
		says(".sentence", "rendition"), says(".sentence", "from the first request"),
		browsertest.Until(`document.querySelector('.stage img').naturalWidth === 24`), says(`.card [data-variant="M.webp"]`, "24 × 18"))
	do(t, ctx, "close it by the keyboard", chromedp.KeyEvent(kb.Escape), browsertest.Until(`!document.querySelector('dialog').open`))

	s.put("folder/kitty.png", picture(400, 300), nil)
	kitty := `.card[data-key="folder/kitty.png"] `
	do(t, ctx, "another appears", says(kitty, "400 × 300"), says("#status", "Live: 2 pictures"),
		says(kitty+`[data-variant="M.webp"]`, "original"))
	do(t, ctx, "its thumbnail was requested", call(func() error { return s.work("folder/kitty.png", "XS.webp") }),
		browsertest.Until(`document.querySelector('`+kitty+`img').naturalWidth === 24`))
	s.publish("folder/kitty.png", "S", "broken")
	do(t, ctx, "a kept copy", says(kitty+`[data-variant="S"]`, "kept"), says(kitty+`[data-variant="S"]`, "broken"))
	s.publish("folder/kitty.png", "XS", "corrupt")
	do(t, ctx, "its reason, and what to do", says(kitty+`[data-variant="XS"]`, "corrupt"), chromedp.Click(kitty+`[data-variant="XS"]`),
		says(".reason", "Kept: corrupt"), says(".reason", "Upload the picture again"), chromedp.KeyEvent(kb.Escape))
	do(t, ctx, "format=auto", chromedp.Click(kitty+`[data-variant="M"]`), chromedp.Click(`#viewer [title^="the best that"]`),
		says("#viewer .address", "format=auto"), says(".sentence", "no rendition exists yet"), chromedp.KeyEvent(kb.Escape))
	s.publish("folder/kitty.png", "M", "")
	do(t, ctx, "the original beside the rendition", says(kitty+`[data-variant="M"]`, "24 × 18"), chromedp.Click(kitty+`[data-variant="M"]`),
		chromedp.WaitVisible(".compare input"), chromedp.Focus(".compare input"), chromedp.KeyEvent(kb.End),
		browsertest.Until(`document.querySelector('.compare .pictures').style.getPropertyValue('--share') === '0%'`),
		says(".snippets", `<img src="`), says(".snippets", "320w"), chromedp.KeyEvent(kb.Escape),
		says("#saved", "saved"))

	etag := calotype.TrimETag(s.put("folder/blue.png", picture(30, 60), nil))
	blue := calotype.Info{Source: "folder/blue.png", State: calotype.InfoReady, Bytes: 9, Type: "image/gif", Width: 50, Height: 100, Frames: 7, Colour: "#0000ff",
		ThumbHash: thumbhash.Encode(1, 2, []byte{0, 0, 255, 255, 0, 0, 255, 255}), Focal: &calotype.Point{X: 0.25, Y: 0.75}}
	do(t, ctx, "a picture that no worker has decoded", says(`.card[data-key="folder/blue.png"]`, "30 × 60"), chromedp.Click(`.card[data-key="folder/blue.png"] [data-variant="M"]`),
		says(".description", "No worker has decoded"), call(func() error {
			blue.ETag = "another version"
			s.describe("folder/blue.png", blue)
			blue.ETag = etag
			s.describe("folder/blue.png", blue)
			return nil
		}))
	do(t, ctx, "its description", says(".description", "50 × 100"), says(".description", "image/gif"), says(".description", "#0000ff"), says(".description", "0.25, 0.75"),
		browsertest.Until(`[50, 100].join() === (({ width, height }) => [width * 50 / 16, height * 50 / 16])(document.querySelector('.description canvas')).join()`),
		browsertest.Until(`(([r, g, b, a]) => r < 40 && g < 40 && b > 215 && a === 255)(document.querySelector('.description canvas').getContext('2d').getImageData(8, 16, 1, 1).data)`),
		browsertest.Until(`document.querySelector('.description a').getAttribute('href').endsWith('/folder/blue.png?info=1')`), chromedp.KeyEvent(kb.Escape),
		says(`.card[data-key="folder/blue.png"]`, "7 frames"), browsertest.Until(`document.querySelector('.card[data-key="folder/blue.png"] .thumbnail canvas') !== null`),
		browsertest.Until(`getComputedStyle(document.querySelector('.card[data-key="folder/blue.png"] .placeholder')).visibility === 'hidden'`), // Its thumbnail is there.
		call(func() error { s.call(http.MethodDelete, "/-/pictures/folder/blue.png", nil); return nil }), browsertest.Until(`document.querySelectorAll('.card').length === 2`))

	s.deadLetter("folder/kitty.png", "too-many-pixels", "300 megapixels")
	do(t, ctx, "a dead letter is replayed by the keyboard", says("#dead-count", "1 dead letter"), chromedp.Focus("#dead summary"), chromedp.KeyEvent(kb.Enter),
		says("#letters", "300 megapixels"), says("#letters", "--max-pixels"), chromedp.Focus("#letters button"), chromedp.KeyEvent(kb.Enter),
		says("#dead-count", "0 dead letters"), says("#letters", "No dead letters"),
		browsertest.Until(`document.activeElement === document.querySelector('#dead summary')`))
	do(t, ctx, "a cell by the keyboard", chromedp.Focus(kitty+`[data-variant="L"]`),
		says(kitty+".path", "GET /folder/kitty.png?size=L"),
		chromedp.KeyEvent(kb.Enter), says(".sentence", "pending"), chromedp.KeyEvent(kb.Escape))

	do(t, ctx, "not a picture", chromedp.SetUploadFiles("#choose", []string{file(t, "notes.txt")}),
		says("#uploads", "has no image file extension"))
	do(t, ctx, "several uploads open no panel", chromedp.SetUploadFiles("#choose", []string{file(t, "one.png"), file(t, "two.png")}),
		says("#status", "Live: 4 pictures"), browsertest.Until(`!document.querySelector('dialog').open`))
	do(t, ctx, "remove", chromedp.Click(kitty+".remove"), says(kitty+".remove", "Really"),
		browsertest.Until(`document.querySelector('`+kitty+`.remove').getAttribute('aria-label') === 'Really remove folder/kitty.png'`), chromedp.Click(kitty+".remove"),
		browsertest.Until(`document.querySelectorAll('.card').length === 3`))
	do(t, ctx, "on a phone", chromedp.EmulateViewport(390, 844), browsertest.Until(`document.documentElement.scrollWidth <= 390`))

	address := s.server.Listener.Addr().String()
	s.server.Listener.Close()
	s.server.CloseClientConnections()
	do(t, ctx, "the server is stopped", says("#status", "The server does not respond"))
	s.put("new.png", picture(40, 30), nil)
	s.restart(address)
	do(t, ctx, "it is back", says("#status", "Live: 4 pictures"))
}

// file writes a picture's file with a name.
func file(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, picture(1200, 900), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// restart serves again at the previous address.
func (f *fixture) restart(address string) {
	f.t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		f.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(f.server.Config.Handler)
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	f.t.Cleanup(func() {
		f.page.Drain()
		server.Close()
	})
}
