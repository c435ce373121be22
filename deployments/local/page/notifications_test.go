package page_test

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/rs/zerolog"

	"calotype/deployments/local/browsertest"
	"calotype/internal/awstest"
)

const announced = `{"version":1,"type":"ready","id":"m","time":"2026-11-28T10:00:00Z","bucket":"b","key":"kitty.jpg","etag":"e","variants":[{"name":"M.webp","bytes":5,"type":"image/webp"}]}`

// The page receives notifications, shows them, and deletes them from their queue.
func TestNotifications(t *testing.T) {
	s := serve(t)
	stream := s.events()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.page.Notifications.Receive(ctx, s.jobs, zerolog.New(zerolog.NewTestWriter(t)))
	}()
	for _, body := range []string{"not JSON", announced} {
		if err := s.jobs.Send(t.Context(), body, 0); err != nil {
			t.Fatal(err)
		}
	}
	var got []struct{ Type, Key string }
	if stream.next("notifications", &got); len(got) != 1 || got[0].Type != "ready" || got[0].Key != "kitty.jpg" {
		t.Errorf("got %+v", got)
	}
	awstest.Eventually(t, time.Minute, "the queue is empty", func() bool {
		count, err := s.jobs.Count(t.Context())
		return err == nil && count.Visible+count.Leased == 0
	})
	cancel()
	<-ended
	if s.events().next("notifications", &got); len(got) != 1 {
		t.Errorf("a new page gets %+v", got)
	}
	ctx = browsertest.Start(t)
	do(t, ctx, "the list", chromedp.Navigate(s.url), says("#notified", "kitty.jpg: ready"))
}
