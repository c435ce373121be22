// Command calotype-local runs all of Calotype on one machine: an S3 and an SQS server,
// calotype edge, a pool of workers, and a page to watch them. Pictures and jobs survive
// restarts, also after a crash. It is for trying, developing and testing: the credentials
// are public, and the data is on one disk.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/alecthomas/kong"

	"calotype"
)

// The exit codes, as those of calotype.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// The first signal starts an orderly stop; a second one ends the process.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	os.Exit(code)
}

const description = `The whole of Calotype on one machine: S3 and SQS servers, calotype edge, a
worker pool, and a page to watch them. Bucket "pictures", queues
"calotype-jobs", "calotype-events", "calotype-backfill", "calotype-dead" and
"calotype-notifications", credentials "calotype" and "calotype-local", region
us-east-1.

In another shell, eval "$(calotype-local env)" points calotype and aws at it.`

// commands is the command line. Without a command it serves.
type commands struct {
	Serve flags      `cmd:"" default:"withargs" help:"Serve everything; this is the default."`
	Env   envCommand `cmd:"" help:"Print the variables that point a shell's calotype and aws at the running program: eval \"$(calotype-local env)\"."`
}

type flags struct {
	Listen      string `help:"The address of the page and the edge." default:"127.0.0.1:8080"`
	S3Listen    string `name:"s3-listen" env:"CALOTYPE_LOCAL_S3_LISTEN" help:"The address of the S3 server." default:"127.0.0.1:9000"`
	SQSListen   string `name:"sqs-listen" help:"The address of the SQS server." default:"127.0.0.1:9324"`
	Data        string `help:"The folder for pictures and jobs." default:"./data" env:"CALOTYPE_LOCAL_DATA"`
	Pictures    string `help:"First put the files of this folder into the bucket." placeholder:"DIR"`
	Presets     string `help:"A JSON file of presets, or web, as calotype's --presets." placeholder:"FILE" env:"CALOTYPE_LOCAL_PRESETS"`
	Samples     bool   `help:"First put sample pictures, drawn by the program, into the bucket."`
	AWSOnly     bool   `name:"aws-only" help:"Only the S3 and SQS servers."`
	StopOnEOF   bool   `name:"stop-on-eof" help:"Stop when standard input ends: for a program that runs this one."`
	Decoder     string `help:"The program that decodes pictures. The default is calotype-decode beside this program, or else in PATH." placeholder:"PATH"`
	Concurrency int    `help:"The number of concurrent jobs. The default is one per CPU." default:"${concurrency}"`
	LogLevel    string `help:"The lowest level that is logged: debug, info, warn or error. The default is warn on a terminal, and otherwise info." enum:",debug,info,warn,error" default:""`

	hint  string           // what a user types in another shell
	table calotype.Presets // of --presets
}

// check collects all problems in the flags.
func (f *flags) check() []error {
	var errs []error
	for flag, address := range map[string]string{"listen": f.Listen, "s3-listen": f.S3Listen, "sqs-listen": f.SQSListen} {
		if _, err := net.ResolveTCPAddr("tcp", address); err != nil {
			errs = append(errs, fmt.Errorf("--%s %q: %w; it looks like 127.0.0.1:8080", flag, address, err))
		}
	}
	if f.Pictures != "" {
		if info, err := os.Stat(f.Pictures); err != nil {
			errs = append(errs, fmt.Errorf("--pictures: %w", err))
		} else if !info.IsDir() {
			errs = append(errs, fmt.Errorf("--pictures %s: not a folder", f.Pictures))
		}
	}
	if err := f.readPresets(); err != nil {
		errs = append(errs, fmt.Errorf("--presets: %w", err))
	}
	if f.Concurrency < 1 {
		errs = append(errs, fmt.Errorf("--concurrency %d: want 1 or more", f.Concurrency))
	}
	return errs
}

// readPresets reads the table of presets, by default the built-in one.
func (f *flags) readPresets() (err error) {
	switch f.Presets {
	case "":
		f.table = calotype.DefaultPresets()
	case "web":
		f.table = calotype.WebPresets()
	default:
		var data []byte
		if data, err = os.ReadFile(f.Presets); err != nil {
			return err
		}
		if f.table, err = calotype.ParsePresets(data); err != nil {
			return fmt.Errorf("%s: %w", f.Presets, err)
		}
	}
	return nil
}

// run runs the program and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var cli commands
	helped := false
	parser, err := kong.New(&cli,
		kong.Name("calotype-local"),
		kong.Description(description),
		kong.DefaultEnvars("CALOTYPE_LOCAL"),
		kong.Vars{"concurrency": fmt.Sprint(runtime.GOMAXPROCS(0))},
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
	)
	if err != nil {
		fmt.Fprintln(stderr, "calotype-local:", err)
		return exitFailure
	}
	parsed, err := parser.Parse(args)
	if helped {
		return exitOK
	}
	f := cli.Serve
	problems := []error{err}
	switch {
	case err != nil:
	case parsed.Command() == "env":
		problems = nil
		if err := cli.Env.run(stdout); err != nil {
			fmt.Fprintln(stderr, "calotype-local env:", err)
			return exitFailure
		}
		return exitOK
	default:
		problems = f.check()
	}
	for _, m := range problems {
		fmt.Fprintln(stderr, "calotype-local:", m)
	}
	if len(problems) > 0 {
		return exitUsage
	}
	f.hint = envHint(f.Data)
	if err := f.absolute(); err != nil {
		fmt.Fprintln(stderr, "calotype-local:", err)
		return exitFailure
	}
	if f.StopOnEOF {
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	if err := serve(ctx, f, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "calotype-local:", err)
		return exitFailure
	}
	return exitOK
}

// absolute makes the folders independent of the working directory, which the S3 server
// changes.
func (f *flags) absolute() error {
	var errs [2]error
	f.Data, errs[0] = filepath.Abs(f.Data)
	if f.Pictures != "" {
		f.Pictures, errs[1] = filepath.Abs(f.Pictures)
	}
	return errors.Join(errs[:]...)
}
