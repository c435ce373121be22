package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/rs/zerolog"

	"calotype"
	"calotype/edge"
	"calotype/edge/origin"
)

// settings are those of "calotype edge", from the same variables.
type settings struct {
	Bucket        string
	QueueURL      string          `name:"queue-url"`
	ResizedPrefix calotype.Prefix `default:"resized"`
	LogLevel      zerolog.Level   `default:"info"`
	Quality       int
	CheckSource   bool
	Pending       edge.Pending `default:"original"`
	Widths        bool
	Auto          edge.AutoFormats
	BackfillURL   string `name:"backfill-queue-url"`
	AllowOrigin   string `default:"none"` // The policy of response headers does it.
	OriginSecrets string
	CacheTag      string
	MaxSourceJobs int `default:"64"`
	MaxJobs       int `default:"12000"`
}

// check returns all problems of the settings.
func (s settings) check() error {
	var problems []error
	if s.Bucket == "" {
		problems = append(problems, errors.New("CALOTYPE_BUCKET is missing: name the S3 bucket that holds the pictures"))
	}
	for name, value := range map[string]string{"CALOTYPE_QUEUE_URL": s.QueueURL, "CALOTYPE_BACKFILL_QUEUE_URL": s.BackfillURL} {
		u, err := url.Parse(value)
		if valid := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !strings.HasSuffix(u.Path, ".fifo"); !valid && (value != "" || name == "CALOTYPE_QUEUE_URL") {
			problems = append(problems, fmt.Errorf("%s %q is not the URL of a standard queue", name, value))
		}
	}
	switch secrets, err := origin.ParseSecrets(s.OriginSecrets); {
	case err != nil:
		problems = append(problems, fmt.Errorf("CALOTYPE_ORIGIN_SECRETS: %w", err))
	case len(secrets) == 0:
		problems = append(problems, errors.New("CALOTYPE_ORIGIN_SECRETS is missing: without it every miss would be 404"))
	}
	if s.Quality < 0 || s.Quality > 100 {
		problems = append(problems, fmt.Errorf("CALOTYPE_QUALITY %d: want 0 to 100", s.Quality))
	}
	if s.MaxSourceJobs < 1 || s.MaxJobs < 1 {
		problems = append(problems, errors.New("CALOTYPE_MAX_SOURCE_JOBS and CALOTYPE_MAX_JOBS: want at least 1"))
	}
	return errors.Join(problems...)
}

func (s settings) rules(table calotype.Presets) edge.Rules {
	return edge.Rules{Presets: table, Prefix: s.ResizedPrefix, Quality: s.Quality, CheckSource: s.CheckSource, Pending: s.Pending, Auto: s.Auto, Widths: s.Widths}
}

func (s settings) origin() origin.Settings {
	secrets, _ := origin.ParseSecrets(s.OriginSecrets) // It was checked.
	settings := origin.Settings{MaxSourceJobs: s.MaxSourceJobs, MaxJobs: s.MaxJobs, Secrets: secrets, CacheTag: s.CacheTag}
	if s.AllowOrigin != "none" {
		settings.AllowOrigin = s.AllowOrigin
	}
	return settings
}
