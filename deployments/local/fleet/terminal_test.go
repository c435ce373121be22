package fleet

import (
	"io"
	"testing"
	"time"

	"github.com/creack/pty"

	"calotype/internal/awstest"
)

// On a terminal the program shows its progress and asks before it deletes.
func TestFleetTerminal(t *testing.T) {
	const question = "Permanently delete 3 dead letters?"
	for name, c := range map[string]struct {
		answer string
		says   string
		code   int
		left   int
	}{
		"yes":    {"y\r", "Deleted 3 dead letters.", 0, 0},
		"no":     {"n\r", "Deleted 0 dead letters.", 0, 3},
		"ctrl-c": {"\x03", "stopped before the end", 130, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newFixture(t)
			s.deadLetter(t, jobFor("a.jpg"), jobFor("b.jpg"), jobFor("c.jpg"))
			p := s.command(t, "dlq", "purge", "--all")
			p.Stdout, p.Stderr = nil, nil
			terminal, err := pty.Start(p.Cmd)
			if err != nil {
				t.Fatal(err)
			}
			defer terminal.Close()
			read := make(chan struct{})
			go func() {
				defer close(read)
				_, _ = io.Copy(p.out, terminal) // The read ends with an error when the process does.
			}()
			awstest.Eventually(t, time.Minute, "it asks", func() bool { return p.out.Count(question) > 0 })
			if _, err := terminal.WriteString(c.answer); err != nil {
				t.Fatal(err)
			}
			_ = p.Wait()
			<-read
			if code := p.ProcessState.ExitCode(); code != c.code || p.out.Count(c.says) == 0 {
				t.Errorf("exit code %d, want %d and %q", code, c.code, c.says)
			}
			if p.out.Count("dead letters", "100%") == 0 && p.out.Count("/3)") == 0 {
				t.Error("no progress bar was shown")
			}
			s.wantDead(t, c.left)
		})
	}
}

// Without a terminal nothing is asked, and nothing is deleted.
func TestFleetNoTerminal(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.deadLetter(t, jobFor("a.jpg"))
	p := s.command(t, "dlq", "purge", "--all")
	_ = p.Run()
	if code := p.ProcessState.ExitCode(); code != 2 || p.log.Count("--yes is missing") != 1 {
		t.Errorf("exit code %d", code)
	}
	s.wantDead(t, 1)
}
