package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"
)

// timing is how long one test took.
type timing struct {
	name string
	took time.Duration
}

// slowestShown is how many tests of a step the summary names.
const slowestShown = 10

// summarise prints the closing summary and reports whether all passed.
func summarise(out io.Writer, results []result) bool {
	for _, r := range results {
		printSlowest(out, &r)
	}
	var passed, failed, told int
	var total time.Duration
	fmt.Fprintln(out, "\n=== summary")
	for _, r := range results {
		mark := "ok  "
		switch {
		case r.told:
			mark = "none"
			told++
		case r.err != nil:
			mark = "FAIL"
			failed++
		default:
			passed++
		}
		total += r.took
		fmt.Fprintf(out, "%s  %-20s %6.1f s", mark, r.step.name, r.took.Seconds())
		if r.err != nil {
			fmt.Fprintf(out, "  %v", r.err)
		} else if r.took > r.step.budget {
			fmt.Fprintf(out, "  more than the %v meant for it", r.step.budget)
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "took %.0f s\n", total.Seconds())
	if told > 0 {
		fmt.Fprintf(out, "%d not run, see above\n", told)
	}
	fmt.Fprintf(out, "%d passed, %d failed\n", passed, failed)
	return failed == 0
}

// printSlowest names the tests of a step that took longest.
func printSlowest(out io.Writer, r *result) {
	if len(r.tests) == 0 {
		return
	}
	sorted := slices.SortedFunc(slices.Values(r.tests), func(a, b timing) int { return cmp.Compare(b.took, a.took) })
	fmt.Fprintf(out, "\n=== the slowest of %d tests of %s\n", len(sorted), r.step.name)
	for _, t := range sorted[:min(slowestShown, len(sorted))] {
		fmt.Fprintf(out, "%7.1f s  %s\n", t.took.Seconds(), t.name)
	}
}
