package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"calotype/deployments/local/browsertest"
	"calotype/internal/awstest"
)

// A picture of a page with format=auto: Chromium shows the original at once, then WebP, and
// then AVIF, whose job is sent when the WebP is shown.
func TestAutoInChromium(t *testing.T) {
	p := start(t)
	source := awstest.Photo(t, 2000, 1500, 0)
	p.putFile(t, "auto.jpg", source)
	ctx := browsertest.Start(t)
	if err := chromedp.Run(ctx, chromedp.Navigate(p.url+"/")); err != nil {
		t.Fatal(err)
	}
	loads := 0
	// load returns the bytes of the picture, under an address that Chromium has not stored, or
	// 0: a store that takes longer than the edge waits is a 502, and this machine may be busy.
	load := func() (size int64) {
		t.Helper()
		loads++
		script := fmt.Sprintf(`(async () => {
			const picture = new Image();
			picture.src = '/auto.jpg?size=M&format=auto&load=%d';
			try { await picture.decode(); } catch { return 0; }
			return performance.getEntriesByName(picture.src).at(-1).encodedBodySize;
		})()`, loads)
		if err := chromedp.Run(ctx, chromedp.Evaluate(script, &size, func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) })); err != nil {
			t.Fatal(err)
		}
		return size
	}
	stored := func(variant string) int64 {
		bucket, key := bucketName, "resized/"+variant+"/auto.jpg"
		out, err := p.s3.HeadObject(context.Background(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			return 0
		}
		return *out.ContentLength
	}
	first := load()
	for first == 0 {
		first = load() // Until the browser's context ends.
	}
	if first != int64(len(source)) {
		t.Errorf("first: %d bytes, want the original's %d", first, len(source))
	}
	for _, variant := range []string{"M.webp", "M.avif"} {
		awstest.Eventually(t, 2*time.Minute, variant+" is shown", func() bool {
			size := load()
			return size > 0 && size == stored(variant)
		})
	}
	t.Logf("bytes: original %d, WebP %d, AVIF %d", len(source), stored("M.webp"), stored("M.avif"))
	if stored("M.avif") >= stored("M.webp") || stored("M.webp") >= int64(len(source)) {
		t.Error("a later step is not lighter")
	}
}
