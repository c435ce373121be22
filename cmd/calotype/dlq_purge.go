package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"calotype/worker/deadletter"
)

type dlqPurgeCommand struct {
	dlqFlags
	All bool `env:"-" help:"All dead letters."`
	Yes bool `env:"-" help:"Do not ask. Without a terminal there is nobody to ask, and this is needed."`
}

func (c *dlqPurgeCommand) check() []error {
	errs := append(c.dlqFlags.check(), c.checkChosen(c.All)...)
	if !c.Yes && !term.IsTerminal(int(os.Stdin.Fd())) {
		errs = append(errs, errors.New("--yes is missing: standard input is no terminal, so there is nobody to ask"))
	}
	return errs
}

func (c *dlqPurgeCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	d, err := c.open(ctx, stdout, stderr)
	if err != nil {
		return err
	}
	var s summary
	s.Deleted, err = d.dead.Purge(ctx, c.filter(), func(t *deadletter.Tally) (bool, error) {
		d.pause()
		s.Chosen = t.Total
		if err := d.table(t); err != nil || c.Yes {
			return c.Yes, err
		}
		return confirm(ctx, os.Stdin, stderr, fmt.Sprintf("Delete %d dead letters for ever? [y/N] ", t.Total))
	})
	s.words = []string{fmt.Sprintf("Deleted %d dead letters.", s.Deleted)}
	return d.end(ctx, s, err)
}

// confirm asks, and waits for the answer no longer than the context. Nothing but a
// yes is one.
func confirm(ctx context.Context, in io.Reader, out io.Writer, question string) (bool, error) {
	fmt.Fprint(out, question)
	answer := make(chan string, 1)
	go func() { // Reads until the process ends, where nobody answers.
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case a := <-answer:
		return a == "y" || a == "yes", nil
	case <-ctx.Done():
		fmt.Fprintln(out)
		return false, context.Cause(ctx)
	}
}
