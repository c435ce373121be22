// Command dist makes the parts of a release that need Go libraries: the Debian package, the
// list of what is inside (SBOM), and the list of licences. dist.sh calls it.
package main

import (
	"fmt"
	"os"
)

const usage = `usage:
  dist deb CONFIG OUT             make a Debian package by nfpm's configuration
  dist sbom OUT VERSION PROGRAM…  list the Go modules of programs, in CycloneDX
  dist licences OUT [ROOT]        list the licences of all dependencies, from the repository's root;
                                  ROOT is an image's root, for the native libraries
  dist notices OUT                write the licence texts of all Go modules
`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "deb":
		return makeDeb(args[1], args[2])
	case len(args) > 3 && args[0] == "sbom":
		return writeSBOM(args[1], args[2], args[3:])
	case len(args) == 2 && args[0] == "licences":
		return writeLicences(args[1], "")
	case len(args) == 3 && args[0] == "licences":
		return writeLicences(args[1], args[2])
	case len(args) == 2 && args[0] == "notices":
		return writeNotices(args[1])
	}
	fmt.Fprint(os.Stderr, usage)
	os.Exit(2)
	return nil
}
