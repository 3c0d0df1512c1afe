package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// browserDir holds the client's development tools and browser tests.
const browserDir = "cmd/check/browser"

// browserTests runs those files of browser tests that run/plan.mjs gives to the
// step, with one build of the binary.
func browserTests(step string, env ...string) func(ctx context.Context, r *result) error {
	return runBrowsers(env, "--step", step)
}

// oneBrowserTest runs those with a name. That there is none is said before anything
// is built.
func oneBrowserTest(name string) func(ctx context.Context, r *result) error {
	return func(ctx context.Context, r *result) error {
		if err := command(ctx, browserDir, nil, "node", "run/run.mjs", "--find", "--test", name); err != nil {
			return err
		}
		return runBrowsers(nil, "--test", name)(ctx, r)
	}
}

func runBrowsers(env []string, args ...string) func(ctx context.Context, r *result) error {
	return func(ctx context.Context, r *result) error {
		return withBinary(ctx, func(bin string) error {
			times := filepath.Join(filepath.Dir(bin), "times.json")
			args := append([]string{"run/run.mjs", "--times", times}, args...)
			err := command(ctx, browserDir, append(env, "PARLEY_BIN="+bin), "node", args...)
			r.tests = readTimes(times)
			return err
		})
	}
}

// readTimes reads what the runner wrote, if it came to that.
func readTimes(file string) []timing {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var written []struct {
		Name string  `json:"name"`
		MS   float64 `json:"ms"`
	}
	if err := json.Unmarshal(text, &written); err != nil {
		return nil
	}
	tests := make([]timing, 0, len(written))
	for _, w := range written {
		tests = append(tests, timing{w.Name, time.Duration(w.MS * float64(time.Millisecond))})
	}
	return tests
}
