package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// stack is one foreign implementation of WebRTC and the program in clients/
// that drives it.
type stack struct {
	name    string
	command []string // run in dir
	apt     []string // Debian packages
	npm     bool     // needs node_modules
	present func() bool
}

// clientsDir is below the module's root, which the driver is run in.
const clientsDir = "cmd/check/stacks/clients"

func (s *stack) dir() string { return clientsDir }

// pionClient is built before the first trial, see build.
const pionClient = "pion"

// python is Debian's, which its python3-… packages are for, whatever other
// stands in the path.
const python = "/usr/bin/python3"

func allStacks(built string) []*stack {
	node := func(script string, args ...string) []string { return append([]string{"node", script}, args...) }
	return []*stack{
		{name: "chromium", command: node("browser.mjs", "chromium"), apt: []string{"chromium"}, npm: true, present: inPath("chromium")},
		{name: "firefox", command: node("browser.mjs", "firefox"), apt: []string{"firefox-esr"}, npm: true, present: inPath("firefox-esr")},
		{name: "libwebrtc", command: node("wrtc.mjs"), npm: true, present: hasModule("@roamhq/wrtc")},
		{name: "werift", command: node("werift.mjs"), npm: true, present: hasModule("werift")},
		{name: "libdatachannel", command: node("libdatachannel.mjs"), npm: true, present: hasModule("node-datachannel")},
		{name: "aiortc", command: []string{python, "-B", "aiortc_client.py"}, apt: []string{"python3-aiortc"}, present: imports("import aiortc")},
		{name: "gstreamer", command: []string{python, "-B", "gstreamer.py"},
			apt: []string{"python3-gst-1.0", "gir1.2-gst-plugins-bad-1.0", "gstreamer1.0-nice", "gstreamer1.0-plugins-base",
				"gstreamer1.0-plugins-good", "gstreamer1.0-plugins-bad"},
			present: imports("import gi; gi.require_version('Gst', '1.0'); from gi.repository import Gst; Gst.init(None); " +
				"assert all(Gst.ElementFactory.find(e) for e in ('webrtcbin', 'nicesrc', 'opusenc', 'vp8enc', 'dtlsdec', 'srtpdec'))")},
		{name: pionClient, command: []string{filepath.Join(built, pionClient)}, present: inPath("go")},
	}
}

func inPath(name string) func() bool {
	return func() bool {
		_, err := exec.LookPath(name)
		return err == nil
	}
}

// hasModule tries an npm package: some have a binary for some systems only.
func hasModule(name string) func() bool {
	return func() bool {
		c := exec.Command("node", "--input-type=module", "-e", "import '"+name+"'; process.exit(0)")
		c.Dir = clientsDir
		return c.Run() == nil
	}
}

func imports(statement string) func() bool {
	return func() bool { return exec.Command(python, "-c", statement).Run() == nil }
}

// choose keeps the stacks whose names are in a comma-separated list.
func choose(all []*stack, names string) ([]*stack, error) {
	if names == "" {
		return all, nil
	}
	var kept []*stack
	for n := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(s *stack) bool { return s.name == strings.TrimSpace(n) })
		if i < 0 {
			return nil, fmt.Errorf("%w: %q", errUnknown, n)
		}
		kept = append(kept, all[i])
	}
	return kept, nil
}
