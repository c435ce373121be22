package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/rs/zerolog"
	"golang.org/x/term"

	"calotype"
	"calotype/worker/render"
)

// serviceFlags are the flags of commands that serve one bucket and one queue.
type serviceFlags struct {
	Bucket        string          `help:"The S3 bucket that holds the pictures." placeholder:"NAME"`
	QueueURL      string          `name:"queue-url" help:"The SQS queue for jobs." placeholder:"URL"`
	ResizedPrefix calotype.Prefix `help:"The prefix of the renditions' keys." default:"${prefix}"`
	Presets       presetsFile     `help:"A JSON file of presets, such as {\"M\": \"1200x628\"}, or web for a table of widths from 320 to 3840, instead of the eight that are built in." placeholder:"FILE"`
	LogLevel      zerolog.Level   `help:"The lowest level that is logged: debug, info, warn or error." default:"info"`
}

func (f serviceFlags) check() []error {
	return append(checkBucket(f.Bucket), checkQueueURL("queue-url", f.QueueURL, "the SQS queue for jobs")...)
}

func checkBucket(name string) []error {
	if name == "" {
		return []error{errors.New("--bucket is missing: name the S3 bucket that holds the pictures (or set CALOTYPE_BUCKET)")}
	}
	return nil
}

func checkQueueURL(flag, value, what string) []error {
	if value == "" {
		return []error{fmt.Errorf("--%s is missing: give the URL of %s (or set %s)", flag, what, environment(flag))}
	}
	if u, err := url.Parse(value); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || len(u.Path) < 2 {
		return []error{fmt.Errorf("--%s %q is not a queue URL: it looks like https://sqs.us-east-1.amazonaws.com/123456789012/name", flag, value)}
	} else if strings.HasSuffix(u.Path, ".fifo") {
		return []error{fmt.Errorf("--%s %q is a FIFO queue: Calotype needs standard queues", flag, value)}
	}
	return nil
}

// environment returns the variable that sets a flag.
func environment(flag string) string {
	return "CALOTYPE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// table returns the presets in effect.
func (f serviceFlags) table() calotype.Presets { return f.Presets.orDefault() }

func (f serviceFlags) logger(stderr io.Writer) zerolog.Logger {
	if isTerminal(stderr) {
		stderr = zerolog.ConsoleWriter{Out: stderr, TimeFormat: "15:04:05.000"}
	}
	return zerolog.New(stderr).Level(f.LogLevel).With().Timestamp().Logger()
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// limitFlags are the limits for one picture, shared by every command that decodes.
type limitFlags struct {
	MaxBytes  size          `help:"The maximum size of a source, such as 100MiB." default:"${max_bytes}"`
	MaxPixels int64         `help:"The maximum number of pixels that are decoded: width x height x frames." default:"${max_pixels}"`
	MaxFrames int           `help:"The maximum number of frames that are decoded." default:"${max_frames}"`
	MaxTime   time.Duration `help:"The maximum time for one picture. A picture that reaches it without reaching --max-cpu was held up by the machine: its job is retried." default:"${max_time}"`
}

func (f limitFlags) check() []error {
	errs := between("max-bytes", f.MaxBytes, 1, size(5<<30))
	errs = append(errs, between("max-pixels", f.MaxPixels, 1, math.MaxInt32)...)
	errs = append(errs, between("max-frames", f.MaxFrames, 1, 100_000)...)
	return append(errs, between("max-time", f.MaxTime, time.Millisecond, time.Hour)...)
}

func (f limitFlags) limits() render.Limits {
	return render.Limits{Pixels: f.MaxPixels, Frames: f.MaxFrames, Lenient: true, Time: f.MaxTime}
}

// presetsFile is a flag that names a file of presets.
type presetsFile struct {
	table  calotype.Presets
	unread bool // It has problems, which are reported.
}

// orDefault returns the presets of the file, or the built-in ones.
func (f presetsFile) orDefault() calotype.Presets {
	if f.table == nil {
		return calotype.DefaultPresets()
	}
	return f.table
}

// UnmarshalText reads the file, or takes the built-in table of that name.
func (f *presetsFile) UnmarshalText(name []byte) error {
	if string(name) == "web" {
		f.table = calotype.WebPresets()
		return nil
	}
	f.unread = true
	data, err := os.ReadFile(string(name))
	if err != nil {
		return err
	}
	table, err := calotype.ParsePresets(data)
	if err != nil {
		var errs []error
		for _, cause := range causes(err) {
			errs = append(errs, fmt.Errorf("%s: %w", name, cause))
		}
		return errors.Join(errs...)
	}
	f.table, f.unread = table, false
	return nil
}

// size is a flag of bytes, such as 512MiB.
type size int64

// UnmarshalText reads a number with an optional unit.
func (s *size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > math.MaxInt64 {
		return fmt.Errorf("%q is not a size: write it like 512MiB or 1GiB", text)
	}
	*s = size(n)
	return nil
}

// String is read back by UnmarshalText as the same size.
func (s size) String() string {
	for _, unit := range []struct {
		of   size
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if s >= unit.of && s%unit.of == 0 {
			return fmt.Sprintf("%d%s", s/unit.of, unit.name)
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// checkAddress checks an address to listen on.
func checkAddress(flag, address string) []error {
	if _, err := net.ResolveTCPAddr("tcp", address); err != nil {
		return []error{fmt.Errorf("--%s %q: %w; it looks like :8080 or 127.0.0.1:8080", flag, address, err)}
	}
	return nil
}

// checkHeader checks the value of a header that is sent.
func checkHeader(flag, value string) []error {
	for _, r := range value {
		if r < ' ' || r > '~' {
			return []error{fmt.Errorf("--%s %q: a header's value is one line of ASCII", flag, value)}
		}
	}
	return nil
}

// between checks that a flag's value is within bounds.
func between[T cmp.Ordered](flag string, value, min, max T) []error {
	if value < min || value > max {
		return []error{fmt.Errorf("--%s %v: want %v to %v", flag, value, min, max)}
	}
	return nil
}
