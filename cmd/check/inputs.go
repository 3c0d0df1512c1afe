package main

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// manyInputs are tests, by package, that try a great many inputs from one goroutine:
// the race detector can find nothing there and makes them take five times as long. The
// form for people runs them without it.
var manyInputs = map[string][]string{
	"./engine/wire": {"TestRoomKeyIsItsOwn", "TestRoomVariantsAgree"},
	"./media":       {"TestHostileNumbersAndTimes", "TestRewriterProperties"},
}

// fewerWithRace take a part of their inputs with the race detector, and all without.
var fewerWithRace = map[string][]string{
	"./storage": {"TestDamageAnywhere"},
}

// anyOf is a pattern of go test for exactly these tests.
func anyOf(names []string) string { return "^(" + strings.Join(names, "|") + ")$" }

// inputs runs both.
func inputs(ctx context.Context, r *result) error {
	args := []string{"-count=1", "-run=" + anyOf(append(namesOf(manyInputs), namesOf(fewerWithRace)...))}
	args = append(args, slices.Sorted(maps.Keys(manyInputs))...)
	args = append(args, slices.Sorted(maps.Keys(fewerWithRace))...)
	return goTests(args...)(ctx, r)
}

func namesOf(tests map[string][]string) (names []string) {
	for _, pkg := range slices.Sorted(maps.Keys(tests)) {
		names = append(names, tests[pkg]...)
	}
	return names
}
