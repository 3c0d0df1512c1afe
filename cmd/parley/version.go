package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// version is the release; builds from a checkout add the revision.
const version = "0.1.0"

type versionCmd struct{}

func (versionCmd) Run(out io.Writer) error {
	_, err := fmt.Fprintln(out, versionLine())
	return err
}

// versionLine is what `parley version` and --version print.
func versionLine() string {
	return fmt.Sprintf("parley %s %s %s/%s", fullVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// fullVersion is the release with the first digits of the revision it was
// built from, where the build knows it.
func fullVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 10 {
			return version + "+" + s.Value[:10]
		}
	}
	return version
}
