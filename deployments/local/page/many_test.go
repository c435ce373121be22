//go:build axe

package page_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"golang.org/x/sync/errgroup"

	"calotype/deployments/local/browsertest"
)

// TestManyPictures shows 500 pictures at three sizes, light and dark, and logs how long it
// takes until all are there. Then axe-core looks at the page, without most of the cards: with
// all of them it takes minutes.
func TestManyPictures(t *testing.T) {
	const many = 500
	script, err := os.ReadFile(filepath.Join(here, axe))
	if err != nil {
		t.Fatalf("axe-core is not installed, run make check-page: %v", err)
	}
	s := serve(t)
	var puts errgroup.Group
	puts.SetLimit(8)
	for i := range many {
		puts.Go(func() error {
			key := fmt.Sprintf("folder %d/kitty %03d.png", i%7, i)
			s.put(key, picture(400+i, 300), nil)
			if i%3 == 0 {
				s.publish(key, "M", "")
			}
			return nil
		})
	}
	_ = puts.Wait()
	ctx := browsertest.Start(t)
	do(t, ctx, "the first look", chromedp.EmulateViewport(1400, 900), chromedp.Navigate(s.url), says("#status", fmt.Sprintf("Live: %d pictures", many)))
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1400, 800, 390} {
			var busy float64
			started := time.Now()
			do(t, ctx, fmt.Sprintf("%s, %d", scheme, width),
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
				chromedp.EmulateViewport(width, 900), chromedp.Navigate(s.url), says("#status", fmt.Sprintf("Live: %d pictures", many)))
			all := time.Since(started)
			do(t, ctx, "the filter, and the end of the list",
				chromedp.Evaluate(`(() => { const start = performance.now(); const box = document.getElementById('filter'); box.value = 'kitty 499'; box.dispatchEvent(new Event('input')); document.body.offsetHeight; return performance.now() - start; })()`, &busy),
				browsertest.Until(`[...document.querySelectorAll('.card')].filter((c) => !c.hidden).length === 1`),
				chromedp.Evaluate(`(() => { const box = document.getElementById('filter'); box.value = ''; box.dispatchEvent(new Event('input')); })()`, nil),
				call(func() error { shoot(t, ctx, fmt.Sprintf("many-%s-%d", scheme, width)); return nil }),
				chromedp.Evaluate(`document.querySelector('.card:last-child').scrollIntoView()`, nil),
				browsertest.Until(`document.querySelector('.card:last-child .matrix').getBoundingClientRect().height > 0`),
				browsertest.Until(fmt.Sprintf("document.documentElement.scrollWidth <= %d", width)),
				call(func() error { shoot(t, ctx, fmt.Sprintf("many-end-%s-%d", scheme, width)); return nil }),
				chromedp.Evaluate(`document.querySelectorAll('.card:nth-child(n+7):not(:last-child)').forEach((card) => card.remove())`, nil),
				chromedp.Evaluate(string(script), nil),
				call(func() error { check(t, ctx, fmt.Sprintf("many, %s, %d", scheme, width)); return nil }))
			t.Logf("%s, %d wide: all %d pictures after %v, the filter takes %.0f ms", scheme, width, many, all.Round(time.Millisecond), busy)
		}
	}
}
