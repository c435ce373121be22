// Command calotype serves and makes resized pictures. "calotype edge" serves viewers,
// "calotype worker" makes renditions, "calotype render" makes them from files, and
// "calotype dlq" handles dead letters.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"calotype/worker/render"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // The work failed.
	exitUsage   = 2 // Wrong usage: a flag is invalid, or what it names does not exist.
	exitStuck   = 3 // A job did not return after it was cancelled: restart the process.

	exitInterrupted = 130 // Ctrl-C ended work that was not done; shells expect 128 + SIGINT.
)

func main() {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		received := <-signals
		signal.Stop(signals) // The first signal starts an orderly stop; a second one kills the process.
		if received == os.Interrupt {
			cancel(errInterrupted)
		}
		cancel(context.Canceled)
	}()
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	render.Stop() // Only if it was started: see calotype render --in-process.
	os.Exit(code)
}

const description = `Resizes pictures on the way to the viewer, without making the viewer wait.

Most flags can also be set in the environment: --queue-url is CALOTYPE_QUEUE_URL.
Region, credentials and endpoints are those of the AWS SDK: AWS_REGION,
AWS_PROFILE, AWS_ENDPOINT_URL and so on.`

// commands is the command line.
type commands struct {
	Edge    edgeCommand    `cmd:"" help:"Serve pictures over HTTP: the rendition if it exists, otherwise the original, and enqueue a job."`
	Worker  workerCommand  `cmd:"" help:"Receive jobs from the queue and make renditions."`
	DLQ     dlqCommands    `cmd:"" name:"dlq" help:"List, show, replay and purge dead letters: jobs that failed for good."`
	Warm    warmCommand    `cmd:"" help:"Make renditions in advance: send jobs for all that are missing or outdated."`
	Explain explainCommand `cmd:"" help:"Show how a URL or key is handled, and why."`
	Info    infoCommand    `cmd:"" help:"Show what is known of a picture: size, ThumbHash, main colour, focal point and presets."`
	Srcset  srcsetCommand  `cmd:"" help:"Print the HTML that lets a browser choose among the widths of a picture."`
	Status  statusCommand  `cmd:"" help:"Show queues, workers, dead letters and permissions at a glance."`
	Smoke   smokeCommand   `cmd:"" help:"Test a deployment as its viewers use it, with pictures of its own."`
	Remove  removeCommand  `cmd:"" help:"Delete all renditions of one picture (--source: the picture too), and invalidate it."`
	Again   againCommand   `cmd:"" help:"Make all renditions of one picture again."`
	Render  renderCommand  `cmd:"" help:"Make renditions of local files, without S3 or a queue."`
	Health  healthCommand  `cmd:"" help:"Check a worker or an edge on this machine: 0 if it is healthy."`
	Version versionCommand `cmd:"" help:"Print the versions of the program and of its libraries."`

	Completion completionCommand `cmd:"" help:"Print the completion for a shell: bash, zsh or fish."`
	Man        manCommand        `cmd:"" help:"Write the man pages into a folder."`

	ShowVersion versionFlag `name:"version" env:"-" help:"Print the version."`
}

// command validates its flags and runs.
type command interface {
	check() []error
	run(ctx context.Context, stdout, stderr io.Writer) error
}

// errUsage and errStuck select the exit codes exitUsage and exitStuck. errInterrupted is the
// cause of the context's end after Ctrl-C.
var (
	errUsage       = errors.New("usage")
	errStuck       = errors.New("stuck")
	errInterrupted = errors.New("interrupted")
)

// versionFlag is --version.
type versionFlag bool

// BeforeReset prints the version before anything else is looked at.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	fmt.Fprintln(app.Stdout, version())
	app.Exit(exitOK)
	return nil
}

// newParser returns the parser of a command line.
func newParser(cli *commands, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(cli, append([]kong.Option{
		kong.Name("calotype"),
		kong.Description(description),
		kong.DefaultEnvars("CALOTYPE"),
		workerDefaults(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	}, options...)...)
}

// run runs the program and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var cli commands
	var problems problems
	helped := false
	parser, err := newParser(&cli,
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
		kong.PostBuild(problems.collect),
	)
	if err != nil {
		fmt.Fprintln(stderr, "calotype:", err)
		return exitFailure
	}
	if len(args) == 0 {
		args = []string{"--help"}
	} else if args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	parsed, err := parser.Parse(args)
	if helped {
		return exitOK
	}
	if err != nil {
		fmt.Fprintln(stderr, unparsed(err))
		return exitUsage
	}
	for _, warning := range unknownVariables(parser.Model, os.Environ()) {
		_, _ = show(stderr, "calotype: %s\n", warning)
	}
	chosen := parsed.Selected().Target.Addr().Interface().(command)
	problems.add(chosen.check()...)
	name := parsed.Selected().FullPath()
	if len(problems.found) > 0 {
		for _, m := range problems.found {
			fmt.Fprintf(stderr, "%s: %s\n", name, plain(m))
		}
		return exitUsage
	}
	if isTerminal(stderr) {
		defer context.AfterFunc(ctx, func() { fmt.Fprintln(stderr, name+": "+stopping(chosen)) })()
	}
	err = chosen.run(ctx, stdout, stderr)
	if err != nil {
		for _, cause := range causes(err) {
			fmt.Fprintf(stderr, "%s: %s\n", name, plain(cause))
		}
	}
	if code := exitCode(err); code != exitFailure || !errors.Is(context.Cause(ctx), errInterrupted) {
		return code
	}
	return exitInterrupted
}

// stopping says how long the command may still run after a signal.
func stopping(c command) string {
	if s, ok := c.(interface{ grace() time.Duration }); ok {
		return fmt.Sprintf("stopping, at most %v; press Ctrl-C again to end at once", s.grace())
	}
	return "stopping; press Ctrl-C again to end at once"
}

func exitCode(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, errStuck):
		return exitStuck
	}
	return exitFailure
}
