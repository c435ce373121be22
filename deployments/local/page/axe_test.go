//go:build axe

package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/deployments/local/browsertest"
	"calotype/worker/thumbhash"
)

// axe is where "make check-page" installs axe-core.
const axe = "check/node_modules/axe-core/axe.min.js"

// TestAccessible runs axe-core on the page and its panels, at three sizes, light and dark.
// CALOTYPE_SCREENSHOTS names a folder for what it looks like.
func TestAccessible(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(here, axe))
	if err != nil {
		t.Fatalf("axe-core is not installed, run make check-page: %v", err)
	}
	s := serve(t)
	for i := range 9 {
		s.put(fmt.Sprintf("folder/kitty %d.png", i), picture(400+i, 300), nil)
	}
	s.publish("folder/kitty 0.png", "M", "")
	s.publish("folder/kitty 0.png", "S", "corrupt")
	s.publish("folder/kitty 1.png", "L", "as-is")
	s.deadLetter("folder/kitty 2.png", "too-many-pixels", "300 megapixels, the limit is 268")
	if _, err := s.journal.Write([]byte(`{"message":"job","time":"2026-11-28T07:00:00Z","outcome":"done","queue":"jobs","source":"folder/kitty 0.png","renditions":8,"bytes_out":120000,"ms":312}`)); err != nil {
		t.Fatal(err)
	}
	s.announce(announced)
	info := calotype.Info{Source: "folder/kitty 0.png", State: calotype.InfoReady, Type: "image/png", Width: 400, Height: 300, Frames: 12, Colour: "#7f6f5f",
		ThumbHash: thumbhash.Encode(2, 1, []byte{200, 100, 50, 255, 30, 60, 90, 255}), Focal: &calotype.Point{X: 0.25, Y: 0.75}}
	for i := range 3 {
		key := fmt.Sprintf("folder/kitty %d.png", i)
		info.ETag = calotype.TrimETag(s.put(key, picture(400+i, 300), nil))
		s.describe(key, info)
	}
	ctx := browsertest.Start(t)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1400, 800, 390} {
			look := func(name string) chromedp.Action {
				return chromedp.ActionFunc(func(ctx context.Context) error {
					shoot(t, ctx, fmt.Sprintf("%s-%s-%d", name, scheme, width))
					check(t, ctx, fmt.Sprintf("%s, %s, %d", name, scheme, width))
					return nil
				})
			}
			do(t, ctx, fmt.Sprintf("%s, %d", scheme, width),
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}),
				chromedp.EmulateViewport(width, 900), chromedp.Navigate(s.url), says("#status", "Live: 9 pictures"), says("#dead-count", "1 dead letter"),
				chromedp.Evaluate(string(script), nil),
				look("sheet"),
				browsertest.Until(fmt.Sprintf("document.documentElement.scrollWidth <= %d", width)),
				chromedp.Evaluate(`document.querySelectorAll('details').forEach((d) => { d.open = true; })`, nil), says("#letters", "--max-pixels"), says("#jobs", "done"), says("#notifications", "ready"),
				look("workers"),
				chromedp.Click(`.card[data-key="folder/kitty 0.png"] [data-variant="S"]`), says(".reason", "What to do"),
				look("kept"),
				chromedp.Evaluate(`document.querySelector('dialog').close()`, nil),
				chromedp.Click(`.card[data-key="folder/kitty 0.png"] [data-variant="M"]`), says(".sentence", "rendition"), chromedp.WaitVisible(".compare .slide input"),
				look("rendition"),
				chromedp.ScrollIntoView(".snippets"), says(".description", "12"),
				look("description"),
			)
		}
	}
}

func check(t *testing.T, ctx context.Context, what string) {
	t.Helper()
	var found string
	script := `(async () => JSON.stringify((await axe.run({ resultTypes: ['violations'] })).violations.map((v) => ({ id: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + ' ' + n.failureSummary) }))))()`
	if err := chromedp.Run(ctx, chromedp.Evaluate(script, &found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) })); err != nil {
		t.Fatal(err)
	}
	var violations []struct {
		ID, Help string
		Nodes    []string
	}
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Errorf("%s: %s: %s\n%s", what, v.ID, v.Help, v.Nodes)
	}
}

func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("CALOTYPE_SCREENSHOTS")
	if dir == "" {
		return
	}
	var png []byte
	if err := chromedp.Run(ctx, chromedp.CaptureScreenshot(&png)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}

// announce sends a notification to the page.
func (f *fixture) announce(body string) {
	f.t.Helper()
	if err := f.jobs.Send(f.t.Context(), body, 0); err != nil {
		f.t.Fatal(err)
	}
	stream := f.events()
	ctx, cancel := context.WithCancel(f.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.page.Notifications.Receive(ctx, f.jobs, zerolog.New(zerolog.NewTestWriter(f.t)))
	}()
	var got []any
	stream.next("notifications", &got)
	cancel()
	<-ended
}
