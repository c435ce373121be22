package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"calotype/deployments/local/browsertest"
	"calotype/internal/awstest"
)

// shoot takes a screenshot if CALOTYPE_SCREENSHOTS names a folder for it.
func shoot(name string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		dir := os.Getenv("CALOTYPE_SCREENSHOTS")
		if dir == "" {
			return nil
		}
		var png []byte
		if err := chromedp.FullScreenshot(&png, 100).Do(ctx); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)
	})
}

// cell is the cell on the page for one variant of a picture.
func cell(key, variant, state string) string {
	return `.card[data-key="` + key + `"] a[href$="` + variant + `"][data-state="` + state + `"]`
}

// The page shows every picture, turns its cells from original into rendition while workers
// finish, accepts an upload, and shows how renditions follow when it is replaced.
func TestPage(t *testing.T) {
	p := start(t, "--samples")
	mine := filepath.Join(t.TempDir(), "my photo +1.jpg")
	if err := os.WriteFile(mine, awstest.Photo(t, 3000, 2000, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.jpg")
	if err := os.WriteFile(broken, awstest.Photo(t, 900, 600, 0)[:400], 0o600); err != nil {
		t.Fatal(err)
	}
	replacement := filepath.Join(t.TempDir(), "my photo +1.jpg")
	if err := os.WriteFile(replacement, awstest.Photo(t, 1600, 2400, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := browsertest.Start(t)
	var described, failures, followed string
	err := chromedp.Run(ctx,
		chromedp.EmulateViewport(1400, 1000),
		chromedp.Navigate(p.url+"/"),
		// Opening the page requests the thumbnail, as any viewer would, and its siblings
		// are made too.
		chromedp.WaitVisible(cell("kitty.jpg", "size=XS&to_webp=1", "rendition")),
		chromedp.WaitVisible(cell("kitty.jpg", "size=M&to_webp=1", "rendition")),
		chromedp.WaitVisible(cell("kitty.jpg", "size=M", "original")),
		shoot("sheet"),
		chromedp.Click(cell("kitty.jpg", "size=M", "original")),
		chromedp.WaitVisible(cell("kitty.jpg", "size=M", "rendition")),
		shoot("viewer"),
		chromedp.Evaluate(`document.querySelector('dialog').close()`, nil),

		chromedp.SetUploadFiles("#choose", []string{mine}),
		chromedp.WaitVisible(cell("my photo +1.jpg", "size=M&to_webp=1", "rendition")),
		shoot("uploaded"),
		browsertest.Until(`/rendition.*942 × 628/.test(document.querySelector('#viewer .response')?.textContent)`),
		chromedp.Text("#viewer", &described),
		shoot("rendered"),

		// The panel is closed and opened again before the next frame: it follows the new request.
		chromedp.WaitVisible(cell("my photo +1.jpg", "size=M", "original")),
		chromedp.Evaluate("document.querySelector('dialog').close(); document.querySelector(`"+cell("my photo +1.jpg", "size=M", "original")+"`).click()", nil),
		browsertest.Until(`/^rendition/.test(document.querySelector('#viewer .response .state')?.textContent) && document.querySelector('#viewer .address').textContent.endsWith('size=M')`),
		chromedp.Evaluate(`document.querySelector('dialog').close()`, nil),

		// The picture is replaced: its renditions follow.
		chromedp.SetUploadFiles("#choose", []string{replacement}),
		browsertest.Until(`document.querySelector('.card[data-key="my photo +1.jpg"]').textContent.includes('1600')`),
		browsertest.Until(`document.querySelectorAll('.card[data-key="my photo +1.jpg"] [data-state=outdated]').length === 0`),
		chromedp.WaitVisible(cell("my photo +1.jpg", "size=M&to_webp=1", "rendition")),
		chromedp.Text(`.card[data-key="my photo +1.jpg"]`, &followed),
		shoot("replaced"),
		chromedp.Evaluate(`document.querySelector('dialog').close()`, nil),

		chromedp.SetUploadFiles("#choose", []string{broken}),
		chromedp.WaitVisible(cell("broken.jpg", "size=M&to_webp=1", "kept")),
		chromedp.Evaluate(`document.querySelector('dialog').close()`, nil),
		chromedp.Text(`.card[data-key="broken.jpg"]`, &failures),
		shoot("broken"),

		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}),
		chromedp.EmulateViewport(390, 844),
		shoot("narrow-dark"),
	)
	if err != nil {
		var text string
		_ = chromedp.Run(ctx, chromedp.Evaluate(`document.querySelector('#viewer').innerText`, &text))
		t.Fatalf("%v; the viewer says:\n%s", err, text)
	}
	if !strings.Contains(described, "size=M&to_webp=1") || !strings.Contains(described, "942 × 628") {
		t.Errorf("the viewer says %q", described)
	}
	if !strings.Contains(followed, "628 × 942") {
		t.Errorf("the replaced picture's card says %q", followed)
	}
	if !strings.Contains(failures, "kept") {
		t.Errorf("the broken picture's card says %q", failures)
	}
}
