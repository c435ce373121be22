// Command calotype serves and makes resized pictures: "calotype edge" answers
// viewers, "calotype worker" makes renditions, "calotype render" makes them of files,
// "calotype dlq" is for jobs that were given up.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"calotype/worker/render"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // It could not do its work.
	exitUsage   = 2 // It was asked for what does not make sense or is not there.
	exitStuck   = 3 // It left work behind that cannot be stopped: start it again.
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// The first signal begins an orderly stop; a second one ends the process.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if code != exitStuck { // libvips is still at it.
		render.Stop()
	}
	os.Exit(code)
}

const description = `Resizes pictures on the way to the viewer, without making the viewer wait.

Every flag can be set in the environment: --queue-url is CALOTYPE_QUEUE_URL.
Region, credentials and endpoints are those of the AWS SDK: AWS_REGION,
AWS_PROFILE, AWS_ENDPOINT_URL and so on.`

// commands is the command line.
type commands struct {
	Edge    edgeCommand    `cmd:"" help:"Serve pictures over HTTP: the rendition where it exists, else the original, while a job is enqueued."`
	Worker  workerCommand  `cmd:"" help:"Take jobs from the queue and make renditions."`
	DLQ     dlqCommands    `cmd:"" name:"dlq" help:"List, show, replay and purge dead letters: the jobs that were given up."`
	Warm    warmCommand    `cmd:"" help:"Make renditions before anyone asks: send jobs for all that are missing or old."`
	Explain explainCommand `cmd:"" help:"Say what becomes of a URL or a key, and why."`
	Render  renderCommand  `cmd:"" help:"Make renditions of files, without S3 or a queue."`
	Health  healthCommand  `cmd:"" help:"Ask a worker or an edge on this machine how it is."`
	Version versionCommand `cmd:"" help:"Print the versions of the program and of libvips."`
}

// command is what each command is: it checks its flags, and runs.
type command interface {
	check() []error
	run(ctx context.Context, stdout, stderr io.Writer) error
}

// Errors that decide the exit code: what the operator can put right at the call, and
// work that was left behind.
var (
	errUsage = errors.New("usage")
	errStuck = errors.New("stuck")
)

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var cli commands
	var mistakes mistakes
	helped := false
	parser, err := kong.New(&cli,
		kong.Name("calotype"),
		kong.Description(description),
		kong.DefaultEnvars("CALOTYPE"),
		workerDefaults(),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
		kong.PostBuild(mistakes.collect),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "calotype:", err)
		return exitFailure
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if helped {
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(stderr, "calotype: %v; see calotype --help\n", err)
		return exitUsage
	}
	chosen := parsed.Selected().Target.Addr().Interface().(command)
	mistakes.add(chosen.check()...)
	name := parsed.Selected().FullPath()
	if len(mistakes.found) > 0 {
		for _, m := range mistakes.found {
			fmt.Fprintf(stderr, "%s: %v\n", name, m)
		}
		return exitUsage
	}
	err = chosen.run(ctx, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
	}
	return exitCode(err)
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
