// Package browsertest finds and runs the browser in which the page and renditions are tested.
package browsertest

import (
	"context"
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Find returns the path of Chromium.
func Find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("install chromium (Debian and Ubuntu: apt-get install chromium)")
}

// Start starts a headless browser for a test. Exceptions in scripts and violations of the
// content security policy fail the test.
func Start(t *testing.T) context.Context {
	t.Helper()
	chromium, err := Find()
	if err != nil {
		t.Fatalf("the page is tested in a real browser: %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"), chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf)) // chromedp does not know every event of a newer browser.
	browser := ctx
	t.Cleanup(func() { // Waits until it has ended.
		if err := chromedp.Cancel(browser); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("a script threw: %v", e.ExceptionDetails)
		case *log.EventEntryAdded:
			if e.Entry.Source == log.SourceSecurity {
				t.Errorf("the browser forbids: %s", e.Entry.Text)
			}
		}
	})
	return ctx
}

// Until waits until an expression is true on the page. It asks at intervals: a busy machine
// draws few frames, which is when chromedp asks by default.
func Until(expression string) chromedp.Action {
	return chromedp.Poll(expression, nil, chromedp.WithPollingInterval(100*time.Millisecond), chromedp.WithPollingTimeout(time.Minute))
}
