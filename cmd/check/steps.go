package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// form is one of the three ways to run the check. Each has the steps of those
// before it.
type form int

const (
	people form = iota // go run ./cmd/check
	ci                 // the same with CI=true
	long               // --long
)

func (f form) String() string { return [...]string{"people", "CI", "long"}[f] }

// most is how long the steps of a form may take together on two cores that
// have nothing else to do. What is not given to a step yet is room for more.
func (f form) most() time.Duration {
	return [...]time.Duration{10 * time.Minute, 45 * time.Minute, 8 * time.Hour}[f]
}

func formOf(isCI, isLong bool) form {
	switch {
	case isLong:
		return long
	case isCI:
		return ci
	}
	return people
}

// step is one part of the check. Its output goes straight to the terminal.
type step struct {
	name   string
	form   form          // the first that has it
	budget time.Duration // what it may take on two cores that have nothing else to do
	what   string
	run    func(ctx context.Context, r *result) error // may add tests to r
}

// steps are all there are, in the order in which they run. Within a form what
// is quick, or most often wrong, comes first.
var steps = []step{
	{"tools", people, 2 * time.Second, "what this machine has, what must be installed", plain(tools)},
	{"format", people, 2 * time.Second, "gofmt over the tree", plain(format)},
	{"vet", people, 15 * time.Second, "go vet", goCommand("vet", "./...")},
	{"tidy", people, 2 * time.Second, "go.mod and go.sum name exactly what is used", goCommand("mod", "tidy", "-diff")},
	{"npm", people, 10 * time.Second, "development tools of the client", npm("ci", "--no-audit", "--no-fund", "--ignore-scripts")},
	{"types", people, 5 * time.Second, "tsc over the client and the SDK's declarations", npm("run", "--silent", "types")},
	{"unit", people, 10 * time.Second, "the client's pure modules and SDK under node", npm("run", "--silent", "unit")},
	{"inputs", people, 15 * time.Second, "tests that try very many inputs, without the race detector", inputs},
	{"race", people, 3 * time.Minute, "all other Go tests with the race detector, seeds of fuzz targets among them", goTests("-race", "-shuffle=on", "-count=1", "-timeout=12m", "-p=6", "-skip="+anyOf(namesOf(manyInputs)), "./...")},
	{"allocs", people, 15 * time.Second, "allocation guards, without the race detector, which would falsify them", goCommand("test", "-run=Alloc", "-count=1", "./actors/...", "./media/...", "./transport/...", "./engine/...")},
	{"browser", people, 5 * time.Minute, "the real binary in Chromium; what is there in each language, in English", browserTests("browser", "PARLEY_LANGUAGE=en")},

	{"faults", ci, time.Minute, "1,000 runs of a store whose disk fails, without the race detector", goCommand("test", "-run=TestFaults", "-count=1", "./storage")},
	{"systems", ci, 90 * time.Second, "builds for macOS, Windows, arm64 and a 32-bit test run", plain(otherSystems)},
	{"fuzz", ci, 4 * time.Minute, "every fuzz target for 3 s", fuzz("3s")},
	{"school", ci, 90 * time.Second, "a thousand from one address, in a network namespace, who are cut off and come back", plain(school)},
	{"firefox", ci, 3 * time.Minute, "the real binary in Firefox, and between Firefox and Chromium", needing(firefox, browserTests("firefox"))},
	{"chinese", ci, 4 * time.Minute, "what is there in each language, in Chinese", runBrowsers(nil, "--step", "browser", "--language", "zh-Hans")},
	{"tour", ci, 2 * time.Minute, "every screen, for axe and overflow", needing(chromium, browserTests("tour", "PARLEY_BROWSER=/usr/bin/chromium"))},
	{"soak", ci, time.Minute, "three people who press anything for 25 s", needing(chromium, browserTests("soak", "PARLEY_BROWSER=/usr/bin/chromium"))},
	{"music", ci, time.Minute, "music mode", browserTests("music")},
	{"weight", ci, time.Minute, "what the page weighs, and costs the processor", needing(chromium, browserTests("weight", "PARLEY_BROWSER=/usr/bin/chromium"))},
	foreignStack("chromium"),
	foreignStack("firefox"),
	foreignStack("libwebrtc"),
	foreignStack("werift"),
	foreignStack("libdatachannel"),
	foreignStack("aiortc"),
	foreignStack("gstreamer"),
	foreignStack("pion"),

	{"race-long", long, 30 * time.Minute, "all Go tests with the race detector, 5 times", goTests("-race", "-shuffle=on", "-count=5", "-timeout=60m", "./...")},
	{"soak-long", long, 45 * time.Minute, "three people who press anything for ten minutes, three times", needing(chromium, browserTests("soak", "PARLEY_LONG=1", "PARLEY_BROWSER=/usr/bin/chromium"))},
	{"fuzz-long", long, 4 * time.Hour, "every fuzz target for 5 minutes", fuzz("5m")},
}

// choose returns the steps of a form, or the named ones of any, in their order.
// A test that is asked for is looked for in all files of the browser's.
func choose(f form, only, test string) ([]step, error) {
	if test != "" {
		if only != "" && only != "browser" {
			return nil, fmt.Errorf("--test is for browser tests, not for %q", only)
		}
		return []step{{"browser", people, 5 * time.Minute, fmt.Sprintf("browser tests with %q in their name", test), oneBrowserTest(test)}}, nil
	}
	wanted := map[string]bool{}
	for name := range strings.SplitSeq(only, ",") {
		wanted[strings.TrimSpace(name)] = true
	}
	delete(wanted, "")
	all := len(wanted) == 0
	var kept []step
	for _, s := range steps {
		if all && s.form <= f || wanted[s.name] {
			kept = append(kept, s)
			delete(wanted, s.name)
		}
	}
	for name := range wanted {
		return nil, fmt.Errorf("there is no step %q; --list prints them", name)
	}
	return kept, nil
}

// printSteps prints what there is, and how much of its time each form has given
// away.
func printSteps(out io.Writer, steps []step) {
	fmt.Fprintf(out, "%-7s %-20s %9s  %s\n", "form", "step", "at most", "what")
	for _, s := range steps {
		fmt.Fprintf(out, "%-7v %-20s %9v  %s\n", s.form, s.name, s.budget, s.what)
	}
	for f := people; f <= long; f++ {
		fmt.Fprintf(out, "%-7v %-20s %9v  of %v, with the forms above it\n", f, "all", given(f), f.most())
	}
}

// given is what the steps of a form may take together.
func given(f form) (sum time.Duration) {
	for _, s := range steps {
		if s.form <= f {
			sum += s.budget
		}
	}
	return sum
}

// plain is the run of a step that has no tests to tell of.
func plain(do func(ctx context.Context) error) func(ctx context.Context, r *result) error {
	return func(ctx context.Context, _ *result) error { return do(ctx) }
}
