package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"
)

// missingError is why a step could not be run: what it needs is not here and
// could not be installed.
type missingError struct{ what string }

func (e *missingError) Error() string { return "not run: " + e.what }

// needing runs a step with something from the system's packages.
func needing(n need, run func(ctx context.Context, r *result) error) func(ctx context.Context, r *result) error {
	return func(ctx context.Context, r *result) error {
		if !n.present() {
			if err := install(ctx, []string{n.pkg}); err != nil {
				return &missingError{err.Error()}
			}
		}
		return run(ctx, r)
	}
}

// stackMissing is the exit code of cmd/check/stacks when a stack can not be had.
const stackMissing = 3

// foreignStack is the step that drives one of the stacks of cmd/check/stacks,
// which installs what it needs by itself.
func foreignStack(name string) step {
	run := func(ctx context.Context) error {
		return withBinary(ctx, func(bin string) error {
			// Built, not run by go: that would hide its exit code.
			driver := filepath.Join(filepath.Dir(bin), "stacks")
			if err := command(ctx, ".", nil, "go", "build", "-o", driver, "./cmd/check/stacks"); err != nil {
				return err
			}
			err := command(ctx, ".", nil, driver, "--stacks", name, "--parley", bin)
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.ExitCode() == stackMissing {
				return &missingError{fmt.Sprintf("%s is not here and can not be installed, see above", name)}
			}
			return err
		})
	}
	return step{"stack-" + name, ci, 90 * time.Second, "what the WebRTC stack " + name + " does with the server", plain(run)}
}
