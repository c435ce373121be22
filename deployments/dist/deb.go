package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // the packager "deb"
	"github.com/goreleaser/nfpm/v2/files"
)

// makeDeb makes the package that the configuration describes. SOURCE_DATE_EPOCH is the time
// of all files in it.
func makeDeb(config, out string) error {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	parsed, err := nfpm.ParseFileWithEnvMapping(config, os.Getenv)
	if err != nil {
		return fmt.Errorf("read %s: %w", config, err)
	}
	info, err := parsed.Get("deb")
	if err != nil {
		return err
	}
	info.MTime = time.Unix(seconds, 0).UTC()
	for _, file := range info.Contents {
		if file.FileInfo == nil {
			file.FileInfo = &files.ContentFileInfo{}
		}
		file.FileInfo.MTime = info.MTime
	}
	info = nfpm.WithDefaults(info)
	if err := nfpm.PrepareForPackager(info, "deb"); err != nil {
		return err
	}
	packager, err := nfpm.Get("deb")
	if err != nil {
		return err
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := packager.Package(info, file); err != nil {
		return fmt.Errorf("make %s: %w", out, err)
	}
	return file.Close()
}
