package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version prints the program's versions. Those of the native libraries come from the
// decoder.
func version(libraries string) string {
	return fmt.Sprintf("calotype revision %s, %s %s/%s, %s",
		revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH, libraries)
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
