//go:build cgo

package render

// #include <vips/vips.h>
import "C"

import (
	"sync"
	"sync/atomic"
)

// errorLog keeps the messages of pictures apart. libvips has one list of messages for the
// whole process, which also collects those of concurrent decoding. If a step fails while
// others run, it is therefore repeated alone. Its error, and the class that follows from
// it, is then the same however busy the process is.
type errorLog struct {
	exclusive sync.RWMutex
	running   atomic.Int64
	started   atomic.Int64
}

var vipsErrors errorLog

// run runs a step that decodes in libvips, and runs it a second time if necessary. A step
// must not call run.
func (l *errorLog) run(step func() error) error {
	err, alone := l.runShared(step)
	if err == nil || alone {
		return err
	}
	l.exclusive.Lock()
	defer l.exclusive.Unlock()
	C.vips_error_clear()
	return step()
}

// runShared reports whether no other step ran at the same time.
func (l *errorLog) runShared(step func() error) (err error, alone bool) {
	l.exclusive.RLock()
	defer l.exclusive.RUnlock()
	defer l.running.Add(-1)
	alone = l.running.Add(1) == 1
	number := l.started.Add(1)
	if alone {
		C.vips_error_clear()
	}
	err = step()
	return err, alone && l.started.Load() == number
}
