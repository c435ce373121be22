package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// templateHeaders are the edge function's settings that have no context of their own, since the
// template sets them, or no need of one.
var templateHeaders = map[string]string{
	"x-env-role":               "the context mode",
	"x-env-resized-path":       "the parameter DestinationFolder",
	"x-env-quality":            "the parameter Quality",
	"x-env-check-source":       "the context checkSource",
	"x-env-cache-tag":          "the context cacheTags",
	"x-env-bucket-name":        "the parameter BucketName, or the context existingBucket",
	"x-env-bucket-region":      "the origin's own Region",
	"x-env-queue-url":          "the job queue",
	"x-env-backfill-queue-url": "the context backfillQueue",
}

var readHeader = regexp.MustCompile(`read\("(x-env-[a-z-]+)"`)

// edgeHeaders reads the names of the edge function's settings where it reads them, so that none
// is forgotten here.
func edgeHeaders() ([]string, error) {
	name := filepath.Join(root, "edge", "cloudfront", "settings.go")
	source, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var headers []string
	for _, found := range readHeader.FindAllStringSubmatch(string(source), -1) {
		headers = append(headers, found[1])
	}
	if len(headers) == 0 {
		return nil, fmt.Errorf("%s: no settings of the edge function", name)
	}
	return headers, nil
}

// edge reads the contexts of the edge function's own settings, by their headers: edgeMaxJobs for
// X-Env-Max-Jobs. The edge function checks their values.
func (c *contextReader) edge() map[string]string {
	headers, err := edgeHeaders()
	if err != nil {
		c.check(false, "edge…", "read the edge function's settings: %v", err)
	}
	set := map[string]string{}
	for _, header := range headers {
		context, canonical := "edge", "X-Env"
		for word := range strings.SplitSeq(strings.TrimPrefix(header, "x-env-"), "-") {
			word = strings.ToUpper(word[:1]) + word[1:]
			context, canonical = context+word, canonical+"-"+word
		}
		if _, ok := templateHeaders[header]; ok {
			continue
		}
		if value := c.text(context, "", `^[!-~]+$`, "a word of ASCII"); value != "" {
			set[canonical] = value
		}
	}
	return set
}
