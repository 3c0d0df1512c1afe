package main

import (
	"context"
	"fmt"
	"strings"
)

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
