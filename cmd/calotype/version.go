package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"calotype"
	"calotype/worker/decoder"
)

type versionCommand struct {
	decoderFlags
	JSON bool `name:"json" env:"-" help:"Print one JSON object."`
}

func (versionCommand) check() []error { return nil }

// versions is what the command prints.
type versions struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// Libraries are the native ones, with the minimum of each. They are the decoder's.
	Libraries []string `json:"libraries"`
	// Unfit is why this machine cannot make renditions; Shortcomings are what its libraries
	// lack.
	Unfit        string   `json:"unfit,omitempty"`
	Shortcomings []string `json:"shortcomings,omitempty"`
}

func (c versionCommand) run(ctx context.Context, stdout, _ io.Writer) error {
	d, err := c.describe(ctx)
	v := versionsOf(d, errors.Join(err, d.Unfit))
	if c.JSON {
		return json.NewEncoder(stdout).Encode(v)
	}
	_, err = io.WriteString(stdout, v.String())
	return err
}

func versionsOf(d decoder.Description, unfit error) versions {
	v := versions{
		Version: calotype.Version, Revision: revision(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Libraries: []string{}, Shortcomings: d.Shortcomings,
	}
	if d.Libraries != "" {
		v.Libraries = strings.Split(d.Libraries, ", ")
	}
	if unfit != nil {
		v.Unfit = plain(unfit)
	}
	return v
}

// String formats the versions for people, a library on each line.
func (v versions) String() string {
	var text strings.Builder
	_, _ = show(&text, "calotype %s (revision %s), %s %s\n", v.Version, v.Revision, v.Go, v.Platform) // Writes to memory cannot fail.
	for _, library := range v.Libraries {
		_, _ = show(&text, "%s\n", library)
	}
	if v.Unfit != "" {
		_, _ = show(&text, "This program cannot make renditions: %s\n", v.Unfit)
	}
	for _, sentence := range v.Shortcomings {
		_, _ = show(&text, "%s\n", sentence)
	}
	return text.String()
}

// version is the program's version on one line, without the native libraries.
func version() string {
	return fmt.Sprintf("calotype %s (revision %s), %s %s/%s", calotype.Version, revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// revision is the commit that the program was built from.
func revision() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}
