package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// install fetches what the stacks lack through npm, apt and the Go module
// proxy, and returns those that are there in the end. Only root may use apt;
// everybody else is told what to ask for.
func install(ctx context.Context, stacks []*stack) (there []*stack) {
	if slices.ContainsFunc(stacks, func(s *stack) bool { return s.npm }) {
		if err := npm(ctx); err != nil {
			fmt.Println("npm:", err)
		}
	}
	var packages []string
	for _, s := range stacks {
		if !s.present() {
			packages = append(packages, s.apt...)
		}
	}
	if len(packages) > 0 && os.Geteuid() == 0 && inPath("apt-get")() {
		if err := apt(ctx, packages); err != nil {
			fmt.Println("apt-get:", err)
		}
	}
	for _, s := range stacks {
		if s.present() {
			there = append(there, s)
			continue
		}
		fmt.Printf("%s is missing: %s\n", s.name, s.source())
	}
	return there
}

// source tells where the stack can be had.
func (s *stack) source() string {
	if len(s.apt) > 0 {
		return "apt-get install " + strings.Join(s.apt, " ")
	}
	return "npm ci in " + filepath.Dir(clientsDir)
}

// npm fetches what the lock file names, without running its scripts: the
// binaries that are needed come inside the packages.
func npm(ctx context.Context) error {
	dir := filepath.Dir(clientsDir)
	lock, err := os.Stat(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return err
	}
	have, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json"))
	if err == nil && have.ModTime().After(lock.ModTime()) {
		return nil
	}
	return run(ctx, dir, nil, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
}

func apt(ctx context.Context, packages []string) error {
	fmt.Println("installing", strings.Join(packages, ", "))
	quiet := []string{"DEBIAN_FRONTEND=noninteractive"}
	if err := run(ctx, ".", quiet, "apt-get", "update", "-qq"); err != nil {
		return err
	}
	return run(ctx, ".", quiet, "apt-get", append([]string{"install", "-y", "-qq", "--no-install-recommends"}, packages...)...)
}

// build makes the programs that are in Go: the server, unless one is given,
// and pion's client, a module of its own so that the server's module does not
// know pion/webrtc.
func build(ctx context.Context, into, server string, stacks []*stack) (string, error) {
	if slices.ContainsFunc(stacks, func(s *stack) bool { return s.name == pionClient }) {
		out := filepath.Join(into, pionClient)
		if err := run(ctx, filepath.Join(clientsDir, pionClient), nil, "go", "build", "-o", out, "."); err != nil {
			return "", err
		}
	}
	if server != "" {
		return filepath.Abs(server)
	}
	server = filepath.Join(into, "parley")
	return server, run(ctx, ".", nil, "go", "build", "-o", server, "./cmd/parley")
}

// run runs a command whose output is shown with our own errors.
func run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	c.Stdout, c.Stderr = os.Stderr, os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}
