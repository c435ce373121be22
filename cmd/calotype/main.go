// Command calotype serves and makes resized pictures: "calotype edge" answers
// viewers, "calotype worker" makes renditions.
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// The first signal begins an orderly stop; a second one ends the process.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	render.Stop()
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
	Version versionCommand `cmd:"" help:"Print the versions of the program and of libvips."`
}

// command is what each command is: it checks its flags, and runs.
type command interface {
	check() []error
	run(ctx context.Context, stdout, stderr io.Writer) error
}

// errUsage marks the errors of what the operator can put right at the call.
var errUsage = errors.New("usage")

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
	if len(mistakes.found) > 0 {
		for _, m := range mistakes.found {
			fmt.Fprintf(stderr, "calotype %s: %v\n", parsed.Command(), m)
		}
		return exitUsage
	}
	if err := chosen.run(ctx, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "calotype %s: %v\n", parsed.Command(), err)
		if errors.Is(err, errUsage) {
			return exitUsage
		}
		return exitFailure
	}
	return exitOK
}
