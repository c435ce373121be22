package page

import (
	"context"
	"time"
)

// watch lists the bucket repeatedly, in a goroutine. It runs while
// there are listeners: the first starts it, the last waits for its end.
type watch struct {
	stop context.CancelFunc
	done chan struct{}
}

// listener receives changes. What it does not take in time is kept for it, as far
// as it still holds: a slow one skips what came in between.
type listener struct {
	wake    chan struct{} // Holds one token if there is something to take.
	changed map[string]*picture
	status  status
}

// status is how the watching goes.
type status struct {
	// Listed reports that every picture of the bucket was sent.
	Listed bool `json:"listed"`
	// Error is why the bucket cannot be looked at.
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
			c.keepLooking(ctx)
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

func (c *catalog) keepLooking(ctx context.Context) {
	var before status
	for {
		start := time.Now()
		_, err := c.look(ctx)
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
		c.tellStatus(now)
		select {
		case <-ctx.Done():
			return
		// A large bucket is listed no more than half of the time.
		case <-time.After(max(lookEvery, time.Since(start))):
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

func (c *catalog) tellStatus(s status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for l := range c.listeners {
		if l.status != s {
			l.status = s
			l.rouse()
		}
	}
}

// take returns what changed since the last time, and how it goes.
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
