package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/rs/zerolog"

	"calotype"
)

// serviceFlags are those of every command that serves one bucket and one queue.
type serviceFlags struct {
	Bucket        string          `help:"The S3 bucket that holds the pictures." placeholder:"NAME"`
	QueueURL      string          `name:"queue-url" help:"The SQS queue for jobs." placeholder:"URL"`
	ResizedPrefix calotype.Prefix `help:"The folder of the bucket that renditions are kept in." default:"${prefix}"`
	Presets       presetsFile     `help:"A JSON file of presets, such as {\"M\": \"1200x628\"}, instead of the eight that are built in." placeholder:"FILE"`
	LogLevel      zerolog.Level   `help:"The least that is logged: debug, info, warn or error." default:"info"`
}

func (f serviceFlags) check() []error {
	var errs []error
	if f.Bucket == "" {
		errs = append(errs, errors.New("--bucket is missing: name the S3 bucket that holds the pictures (or set CALOTYPE_BUCKET)"))
	}
	errs = append(errs, checkQueueURL("queue-url", f.QueueURL, "the SQS queue for jobs")...)
	return errs
}

func checkQueueURL(flag, value, what string) []error {
	if value == "" {
		return []error{fmt.Errorf("--%s is missing: give the URL of %s (or set %s)", flag, what, environment(flag))}
	}
	if u, err := url.Parse(value); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || len(u.Path) < 2 {
		return []error{fmt.Errorf("--%s %q is no queue URL: it looks like https://sqs.us-east-1.amazonaws.com/123456789012/name", flag, value)}
	}
	return nil
}

// environment is the variable that a flag can be set by.
func environment(flag string) string {
	return "CALOTYPE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// table returns the presets that hold.
func (f serviceFlags) table() calotype.Presets {
	if f.Presets.table == nil {
		return calotype.DefaultPresets()
	}
	return f.Presets.table
}

func (f serviceFlags) logger(stderr io.Writer) zerolog.Logger {
	if file, ok := stderr.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			stderr = zerolog.ConsoleWriter{Out: file, TimeFormat: "15:04:05.000"}
		}
	}
	return zerolog.New(stderr).Level(f.LogLevel).With().Timestamp().Logger()
}

// presetsFile is a flag that names a file of presets.
type presetsFile struct {
	table calotype.Presets
}

// UnmarshalText reads the file.
func (f *presetsFile) UnmarshalText(name []byte) error {
	data, err := os.ReadFile(string(name))
	if err != nil {
		return err
	}
	if f.table, err = calotype.ParsePresets(data); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// checkHeader checks what is to be sent as a header's value.
func checkHeader(flag, value string) []error {
	for _, r := range value {
		if r < ' ' || r > '~' {
			return []error{fmt.Errorf("--%s %q: a header's value is one line of ASCII", flag, value)}
		}
	}
	return nil
}

// between checks a number.
func between[T cmp.Ordered](flag string, value, least, most T) []error {
	if value < least || value > most {
		return []error{fmt.Errorf("--%s %v: want %v to %v", flag, value, least, most)}
	}
	return nil
}

type versionCommand struct{}

func (versionCommand) check() []error { return nil }

func (versionCommand) run(_ context.Context, stdout, _ io.Writer) error {
	_, err := fmt.Fprintln(stdout, version())
	return err
}
