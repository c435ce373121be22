package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"calotype/worker/render"
)

// version says what the program is made of. Call it after render.Start.
func version() string {
	return fmt.Sprintf("calotype revision %s, %s %s/%s, %s",
		revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH, render.Libraries())
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
