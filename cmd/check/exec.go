package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// command runs a program in dir with env added to ours and shows its output.
// When ctx ends the program is asked to stop, then killed after 10 s.
func command(ctx context.Context, dir string, env []string, name string, args ...string) error {
	return commandTo(ctx, os.Stdout, dir, env, name, args...)
}

// commandTo is command with another place for what the program prints.
func commandTo(ctx context.Context, out io.Writer, dir string, env []string, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), env...)
	c.Stdout, c.Stderr = out, os.Stderr
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 10 * time.Second
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}

// output runs a program and returns what it printed on standard output.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return string(out), nil
}

func goCommand(args ...string) func(ctx context.Context, r *result) error {
	return plain(func(ctx context.Context) error { return command(ctx, ".", nil, "go", args...) })
}

func npm(args ...string) func(ctx context.Context, r *result) error {
	return plain(func(ctx context.Context) error { return command(ctx, browserDir, nil, "npm", args...) })
}

// withBinary builds the binary into a folder of its own for as long as run takes.
func withBinary(ctx context.Context, run func(bin string) error) error {
	dir, err := os.MkdirTemp("", "parley-check-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "parley")
	if err := command(ctx, ".", nil, "go", "build", "-o", bin, "./cmd/parley"); err != nil {
		return err
	}
	return run(bin)
}

// enterModuleRoot makes the folder with our go.mod the working folder, so
// that check can be started from anywhere inside the tree.
func enterModuleRoot() error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module parley\n") {
			return os.Chdir(dir)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return fmt.Errorf("run this inside the parley source tree")
		}
		dir = parent
	}
}
