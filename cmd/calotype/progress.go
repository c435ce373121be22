package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress is a bar on a terminal for work whose end is not known for sure: only its end
// finishes it. It may be nil, for work that nobody watches.
type progress struct{ bar *progressbar.ProgressBar }

// watchProgress shows a bar where stderr is a terminal and people are told, not programs.
func watchProgress(stderr io.Writer, json bool, expected int, what string, more ...progressbar.Option) *progress {
	file, ok := stderr.(*os.File)
	if !ok || json || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	options := append([]progressbar.Option{
		progressbar.OptionSetWriter(file),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100 * time.Millisecond),
		progressbar.OptionClearOnFinish(),
	}, more...)
	return &progress{progressbar.NewOptions(max(1, expected), options...)}
}

// expect says how many there are, as far as is known.
func (p *progress) expect(n int) { p.bar.ChangeMax(n + 1) }

// reached moves the bar on by one, to so many in all. There may be more than expected.
func (p *progress) reached(n int) {
	if p == nil {
		return
	}
	if n >= p.bar.GetMax() {
		p.expect(n)
	}
	_ = p.bar.Add(1)
}

// clear takes the bar away, before other words.
func (p *progress) clear() {
	if p != nil {
		_ = p.bar.Clear()
	}
}
