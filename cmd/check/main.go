package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	long := flag.Bool("long", false, "run the long forms: 5 minutes of fuzzing per target, tests 5 times, long browser runs")
	only := flag.String("only", "", "comma-separated names of the steps to run (default: all)")
	list := flag.Bool("list", false, "print the names of the steps and exit")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	steps := allSteps(os.Getenv("CI") == "true" || *only != "" || *list, *long)
	if *list {
		for _, s := range steps {
			fmt.Printf("%-12s %s\n", s.name, s.what)
		}
		return
	}
	steps, err := choose(steps, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(2)
	}
	if err := enterModuleRoot(); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(2)
	}
	if !summarise(run(ctx, steps)) {
		os.Exit(1)
	}
}

// choose keeps the named steps, in their own order.
func choose(steps []step, only string) ([]step, error) {
	if only == "" {
		return steps, nil
	}
	wanted := map[string]bool{}
	for name := range strings.SplitSeq(only, ",") {
		wanted[strings.TrimSpace(name)] = true
	}
	var kept []step
	for _, s := range steps {
		if wanted[s.name] {
			kept = append(kept, s)
			delete(wanted, s.name)
		}
	}
	for name := range wanted {
		return nil, fmt.Errorf("there is no step %q; --list prints them", name)
	}
	return kept, nil
}

// result is how one step ended.
type result struct {
	step step
	err  error
	took time.Duration
}

// run executes the steps in order and keeps going after a failure, so that
// one run tells everything that is wrong.
func run(ctx context.Context, steps []step) []result {
	var results []result
	for _, s := range steps {
		if ctx.Err() != nil {
			results = append(results, result{step: s, err: fmt.Errorf("not run: interrupted")})
			continue
		}
		fmt.Printf("\n=== %s: %s\n", s.name, s.what)
		start := time.Now()
		err := s.run(ctx)
		took := time.Since(start)
		if err != nil {
			fmt.Printf("--- %s failed after %.1f s: %v\n", s.name, took.Seconds(), err)
		} else {
			fmt.Printf("--- %s ok, %.1f s\n", s.name, took.Seconds())
		}
		results = append(results, result{s, err, took})
	}
	return results
}

// summarise prints the closing summary and reports whether all passed.
func summarise(results []result) bool {
	var passed, failed int
	var total time.Duration
	fmt.Println("\n=== summary")
	for _, r := range results {
		mark := "ok  "
		if r.err != nil {
			mark = "FAIL"
			failed++
		} else {
			passed++
		}
		total += r.took
		fmt.Printf("%s  %-12s %6.1f s", mark, r.step.name, r.took.Seconds())
		if r.err != nil {
			fmt.Printf("  %v", r.err)
		}
		fmt.Println()
	}
	fmt.Printf("took %.0f s\n", total.Seconds())
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	return failed == 0
}
