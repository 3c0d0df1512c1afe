package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

func main() {
	names := flag.String("stacks", "", "comma-separated names of the stacks to try (default: all)")
	server := flag.String("parley", "", "the server's binary (default: built from this tree)")
	file := flag.String("json", "", "write what was found to this file, too")
	policy := flag.String("repeat", string(atRequests), "when the relay repeats checks that it makes: at the stack's requests, dtls (at what has to wait, too) or timer (50 ms, 100 ms, … too)")
	flag.Parse()
	if !slices.Contains([]repeats{atRequests, atDTLS, byTimer}, repeats(*policy)) {
		fmt.Fprintf(os.Stderr, "stacks: --repeat is requests, dtls or timer, not %q\n", *policy)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := examine(ctx, &choices{*names, *server, *file, repeats(*policy)})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "stacks:", err)
		os.Exit(exitCode(err))
	}
}

var (
	errMissing = errors.New("none of the stacks is here")
	errUnknown = errors.New("there is no such stack")
)

func exitCode(err error) int {
	switch {
	case errors.Is(err, errUnknown):
		return 2
	case errors.Is(err, errMissing):
		return 3
	}
	return 1
}

// choices are the flags.
type choices struct {
	names, server, file string
	policy              repeats
}

// examine tries the stacks, prints the tables and returns an error if one that
// is there does not do what it must.
func examine(ctx context.Context, c *choices) error {
	built, err := os.MkdirTemp("", "parley-stacks-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(built)
	chosen, err := choose(allStacks(built), c.names)
	if err != nil {
		return err
	}
	stacks := install(ctx, chosen)
	if len(stacks) == 0 {
		return fmt.Errorf("%w: %s", errMissing, c.names)
	}
	server, err := build(ctx, built, c.server, stacks)
	if err != nil {
		return err
	}
	results, err := tryAll(ctx, server, c.policy, stacks)
	if err != nil {
		return err
	}
	printTables(os.Stdout, results)
	if c.file != "" {
		if err = writeJSON(c.file, results); err != nil {
			return err
		}
	}
	return judge(results)
}

func tryAll(ctx context.Context, server string, policy repeats, stacks []*stack) ([]*result, error) {
	v4, err := newRig(ctx, server, "127.0.0.1", policy)
	if err != nil {
		return nil, err
	}
	defer v4.close()
	v6, err := newRig(ctx, server, "::1", policy)
	if err != nil {
		return nil, err
	}
	defer v6.close()
	l := lab{v4, v6}
	var results []*result
	for _, st := range stacks {
		fmt.Fprintf(os.Stderr, "%s …\n", st.name)
		results = append(results, l.try(ctx, st))
		if ctx.Err() != nil {
			return nil, errors.New("interrupted")
		}
	}
	return results, nil
}

func judge(results []*result) error {
	var failed []string
	for _, r := range results {
		if !r.passed() {
			failed = append(failed, r.Stack)
		}
	}
	if failed != nil {
		return fmt.Errorf("no join, no media or no answer to the check: %v", failed)
	}
	return nil
}

func writeJSON(file string, results []*result) error {
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
