package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// step is one part of the check. Its output goes straight to the terminal.
type step struct {
	name string
	what string
	run  func(ctx context.Context) error
}

// browserDir holds the client's development tools and browser tests.
const browserDir = "cmd/check/browser"

// allSteps are the steps of a form: that of a developer, the one that CI adds
// what needs its own network to, and the long one.
func allSteps(ci, long bool) []step {
	fuzzTime, count := "3s", "1"
	if long {
		fuzzTime, count = "5m", "5"
	}
	steps := []step{
		{"tools", "what this machine has, what must be installed", tools},
		{"format", "gofmt over the tree", format},
		{"vet", "go vet", goCommand("vet", "./...")},
		{"tidy", "go.mod and go.sum name exactly what is used", goCommand("mod", "tidy", "-diff")},
		{"race", "all Go tests with the race detector", goCommand("test", "-race", "-shuffle=on", "-count="+count, "-timeout=12m", "./...")},
		{"allocs", "allocation guards, without the race detector", goCommand("test", "-run=Alloc", "-count=1", "./actors/...", "./media/...", "./transport/...", "./engine/...")},
		{"faults", "1,000 runs of a store whose disk fails, without the race detector", goCommand("test", "-run=TestFaults", "-count=1", "./storage")},
		{"systems", "builds for macOS, Windows, arm64 and a 32-bit test run", otherSystems},
		{"fuzz", "every fuzz target for " + fuzzTime, fuzz(fuzzTime)},
		{"npm", "development tools of the client", npm("ci", "--no-audit", "--no-fund", "--ignore-scripts")},
		{"types", "tsc over the client and the SDK's declarations", npm("run", "--silent", "types")},
		{"unit", "the client's pure modules and SDK under node", npm("run", "--silent", "unit")},
		{"browser", "the real binary in Chromium and Firefox", browser(long)},
	}
	if ci || long {
		steps = append(steps, step{"school", "a thousand from one address, who are cut off and come back", school})
	}
	if long {
		steps = append(steps, step{"stacks", "which foreign WebRTC stacks answer a check of the server's", goCommand("run", "./cmd/check/stacks")})
	}
	return steps
}

// format fails when gofmt would change a file.
func format(ctx context.Context) error {
	out, err := output(ctx, ".", "gofmt", "-l", ".")
	if err != nil {
		return err
	}
	var wrong []string
	for line := range strings.Lines(out) {
		if !strings.Contains(line, "node_modules/") {
			wrong = append(wrong, strings.TrimSpace(line))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("gofmt -w %s", strings.Join(wrong, " "))
	}
	return nil
}

// otherSystems builds for the systems the binary is promised on and runs the
// pure packages with 32-bit words.
func otherSystems(ctx context.Context) error {
	for _, target := range [][2]string{{"darwin", "arm64"}, {"windows", "amd64"}, {"linux", "arm64"}} {
		env := []string{"GOOS=" + target[0], "GOARCH=" + target[1], "CGO_ENABLED=0"}
		if err := command(ctx, ".", env, "go", "build", "./..."); err != nil {
			return fmt.Errorf("build for %s/%s: %w", target[0], target[1], err)
		}
	}
	env := []string{"GOARCH=386", "CGO_ENABLED=0"}
	if err := command(ctx, ".", env, "go", "test", "-count=1", "./actors", "./media", "./engine/..."); err != nil {
		return err
	}
	// The lengths of frames are 64 bits wide; what else is tested here waits for timers.
	return command(ctx, ".", env, "go", "test", "-count=1", "-run", "Parse|RFC|Limits|Budget", "./transport/wsconn")
}

var fuzzFunc = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

// fuzz runs every fuzz target of the tree for the given time.
func fuzz(each string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		targets, err := fuzzTargets()
		if err != nil {
			return err
		}
		if len(targets) == 0 {
			return fmt.Errorf("no fuzz target found")
		}
		for _, t := range targets {
			if err := t.fuzz(ctx, each); err != nil {
				return fmt.Errorf("%s in %s: %w", t.name, t.pkg, err)
			}
		}
		fmt.Printf("%d fuzz targets\n", len(targets))
		return nil
	}
}

type fuzzTarget struct{ pkg, name string }

// fuzz runs the target for so long. Before Go 1.27 the end of that time may be
// told as a failure of the target (golang/go#75804): it is run again then, and
// has to pass. An input that fails is always written down and said so.
func (t fuzzTarget) fuzz(ctx context.Context, each string) error {
	var err error
	for range 3 {
		var said strings.Builder
		err = commandTo(ctx, io.MultiWriter(os.Stdout, &said), ".", nil, "go", "test", "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+each, "-parallel=2", t.pkg)
		if err == nil || !endOfFuzzing(said.String()) {
			return err
		}
	}
	return err
}

// endOfFuzzing reports whether a failed run says nothing but that its time
// was over.
func endOfFuzzing(said string) bool {
	return strings.Contains(said, "\n    context deadline exceeded\n") && !strings.Contains(said, "Failing input")
}

func fuzzTargets() ([]fuzzTarget, error) {
	var targets []fuzzTarget
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != ".") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range fuzzFunc.FindAllSubmatch(src, -1) {
			targets = append(targets, fuzzTarget{"./" + filepath.ToSlash(filepath.Dir(path)), string(m[1])})
		}
		return nil
	})
	return targets, err
}

// browser lets the browser tests use one build of the binary.
func browser(long bool) func(ctx context.Context) error {
	script := "e2e"
	if long {
		script = "e2e:long"
	}
	return func(ctx context.Context) error {
		return withBinary(ctx, func(bin string) error {
			return command(ctx, browserDir, []string{"PARLEY_BIN=" + bin}, "npm", "run", "--silent", script)
		})
	}
}
