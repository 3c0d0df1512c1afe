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
	fmt.Fprintf(out, "parley %s %s %s/%s\n", fullVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
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
