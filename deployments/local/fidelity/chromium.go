package fidelity

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"calotype/deployments/local/browsertest"
)

// Browser is a running browser with a page open that measures pictures.
type Browser interface {
	// Version is the browser's name and version.
	Version() string
	// evaluate runs a script that returns a string, or a promise of one.
	evaluate(ctx context.Context, script string) (string, error)
}

// chromium is a headless Chromium on an sRGB screen.
type chromium struct {
	tab     context.Context
	version string
}

// startChromium starts Chromium at a page's URL. The returned function stops it.
func startChromium(ctx context.Context, url string) (*chromium, func(), error) {
	path, err := browsertest.Find()
	if err != nil {
		return nil, nil, fmt.Errorf("the reference is a real browser: %w", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(time.Minute))
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	// chromedp does not know every event of a newer browser.
	tab, cancel := chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	c := &chromium{tab: tab}
	end := func() {
		_ = chromedp.Cancel(tab) // Waits until it has ended.
		cancel()
		stop()
	}
	version := func(ctx context.Context) error {
		_, product, _, _, _, err := browser.GetVersion().Do(ctx)
		c.version = "Chromium " + product[strings.Index(product, "/")+1:] + onDebian()
		return err
	}
	if err := chromedp.Run(tab, chromedp.Navigate(url), chromedp.ActionFunc(version)); err != nil {
		end()
		return nil, nil, fmt.Errorf("start %s: %w", path, err)
	}
	return c, end, nil
}

func (c *chromium) Version() string { return c.version }

func (c *chromium) evaluate(ctx context.Context, script string) (result string, err error) {
	stop := context.AfterFunc(ctx, func() { _ = chromedp.Cancel(c.tab) })
	defer stop()
	err = chromedp.Run(c.tab, chromedp.Evaluate(script, &result,
		func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return result, err
}

// asJSON formats a value as a literal of a script.
func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // Only strings and structs of them.
	}
	return string(text)
}
