package page

import (
	"context"
	"time"
)

// watch lists the bucket repeatedly, in a goroutine. It runs while there are listeners: the
// first starts it, and the last waits for its end.
type watch struct {
	stop context.CancelFunc
	done chan struct{}
}

// listener receives changes. Changes that it has not taken yet are merged per picture, so a
// slow listener skips intermediate states.
type listener struct {
	wake    chan struct{} // Holds one token if there is something to take.
	changed map[string]*picture
	status  status
}

// status is the state of the listing.
type status struct {
	// Listed reports that every picture of the bucket was sent.
	Listed bool `json:"listed"`
	// Error is why the bucket cannot be listed.
	Error string `json:"error,omitempty"`
}

// join adds a listener, which first receives every known picture.
func (c *catalog) join(ctx context.Context) *listener {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &listener{wake: make(chan struct{}, 1), changed: map[string]*picture{}}
	for key, e := range c.entries {
		l.changed[key] = e.picture
	}
	l.rouse()
	c.listeners[l] = struct{}{}
	if len(c.listeners) == 1 {
		ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
		w := watch{stop, make(chan struct{})}
		c.watch = w
		go func() {
			defer close(w.done)
			c.keepInspecting(ctx)
		}()
	}
	return l
}

func (c *catalog) leave(l *listener) {
	c.mu.Lock()
	delete(c.listeners, l)
	w, last := c.watch, len(c.listeners) == 0
	c.mu.Unlock()
	if last {
		w.stop()
		<-w.done
	}
}

func (c *catalog) keepInspecting(ctx context.Context) {
	var before status
	for {
		start := time.Now()
		_, err := c.inspect(ctx)
		if ctx.Err() != nil {
			return
		}
		now := status{Listed: err == nil}
		if err != nil {
			now.Error = err.Error()
		}
		if err != nil && before != now {
			c.log.Warn().Err(err).Msg("watch bucket")
		}
		before = now
		c.reportStatus(now)
		select {
		case <-ctx.Done():
			return
		// Listing a large bucket takes at most half of the time.
		case <-time.After(max(inspectEvery, time.Since(start))):
		}
	}
}

// notify sends a change; nil means that the picture was removed. The caller holds mu.
func (c *catalog) notify(key string, p *picture) {
	for l := range c.listeners {
		l.changed[key] = p
		l.rouse()
	}
}

func (c *catalog) reportStatus(s status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for l := range c.listeners {
		if l.status != s {
			l.status = s
			l.rouse()
		}
	}
}

// take returns the changes since the last call, and the status.
func (c *catalog) take(l *listener) (map[string]*picture, status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed := l.changed
	l.changed = map[string]*picture{}
	return changed, l.status
}

func (l *listener) rouse() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
