package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	long := flag.Bool("long", false, "add the steps that take hours: fuzzing for 5 minutes a target, repeated race tests, long meetings")
	only := flag.String("only", "", "comma-separated names of the steps to run, whatever form they are of (default: all of the form)")
	test := flag.String("test", "", "part of the name, or of the file's name, of the browser tests to run; --only browser is meant")
	list := flag.Bool("list", false, "print the steps with their form and budget and exit")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	if *list {
		printSteps(os.Stdout, steps)
		return
	}
	inCI := os.Getenv("CI") == "true"
	chosen, err := choose(formOf(inCI, *long), *only, *test)
	err = errors.Join(strayWord(flag.Args()), err)
	if err == nil {
		err = enterModuleRoot()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(2)
	}
	results := run(ctx, chosen, inCI)
	if !summarise(os.Stdout, results) {
		os.Exit(1)
	}
}

// strayWord refuses words without a flag: who forgot it should not wait ten minutes
// for all steps.
func strayWord(words []string) error {
	if len(words) == 0 {
		return nil
	}
	return fmt.Errorf("%q follows no flag; --only names steps, --test browser tests", words[0])
}

// result is how one step ended.
type result struct {
	step  step
	err   error // of the step, or why it was not run
	told  bool  // err is not a failure: what the step needs is not here
	took  time.Duration
	tests []timing
}

// run executes the steps in order and keeps going after a failure, so that
// one run tells everything that is wrong. Where all must be run, one that can
// not be has failed.
func run(ctx context.Context, steps []step, all bool) []result {
	var results []result
	for _, s := range steps {
		if ctx.Err() != nil {
			results = append(results, result{step: s, err: errors.New("not run: interrupted")})
			continue
		}
		fmt.Printf("\n=== %s: %s\n", s.name, s.what)
		r := result{step: s}
		start := time.Now()
		r.err = s.run(ctx, &r)
		r.took = time.Since(start)
		var missing *missingError
		r.told = errors.As(r.err, &missing) && !all
		switch {
		case r.told:
			fmt.Printf("--- %s %v\n", s.name, r.err)
		case r.err != nil:
			fmt.Printf("--- %s failed after %.1f s: %v\n", s.name, r.took.Seconds(), r.err)
		default:
			fmt.Printf("--- %s ok, %.1f s\n", s.name, r.took.Seconds())
		}
		results = append(results, r)
	}
	return results
}
