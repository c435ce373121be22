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
	Yes bool `env:"-" help:"Do not ask. Required if standard input is not a terminal."`
}

func (c *dlqPurgeCommand) check() []error {
	errs := append(c.dlqFlags.check(), c.checkChosen(c.All)...)
	if !c.Yes && !term.IsTerminal(int(os.Stdin.Fd())) {
		errs = append(errs, errors.New("--yes is missing: standard input is not a terminal, so the command cannot ask"))
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
		return confirm(ctx, os.Stdin, stderr, fmt.Sprintf("Permanently delete %s? [y/N] ", plural(t.Total, "dead letter")))
	})
	s.words = []string{fmt.Sprintf("Deleted %s.", plural(s.Deleted, "dead letter"))}
	return d.end(ctx, s, err)
}

// confirm asks a question and waits for the answer until the context ends. Anything but
// y or yes means no.
func confirm(ctx context.Context, in io.Reader, out io.Writer, question string) (bool, error) {
	fmt.Fprint(out, question)
	answer := make(chan string, 1)
	go func() { // The goroutine ends with the process if no answer comes.
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
