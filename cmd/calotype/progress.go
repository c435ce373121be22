package main

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress is a bar on a terminal for work of unknown length: the bar ends when the work
// does. It is nil if standard error is not a terminal.
type progress struct{ bar *progressbar.ProgressBar }

// watchProgress shows a bar if stderr is a terminal and the output is not JSON.
func watchProgress(stderr io.Writer, json bool, expected int, what string, more ...progressbar.Option) *progress {
	if json || !isTerminal(stderr) {
		return nil
	}
	options := append([]progressbar.Option{
		progressbar.OptionSetWriter(stderr),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100 * time.Millisecond),
		progressbar.OptionClearOnFinish(),
	}, more...)
	return &progress{progressbar.NewOptions(max(1, expected), options...)}
}

// expect sets the number of items known so far.
func (p *progress) expect(n int) { p.bar.ChangeMax(n + 1) }

// reached advances the bar by one, to n in total. n may exceed the expected number.
func (p *progress) reached(n int) {
	if p == nil {
		return
	}
	if n >= p.bar.GetMax() {
		p.expect(n)
	}
	_ = p.bar.Add(1)
}

// clear removes the bar, so that other output starts on an empty line.
func (p *progress) clear() {
	if p != nil {
		_ = p.bar.Clear()
	}
}
