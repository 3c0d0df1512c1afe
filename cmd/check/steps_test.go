package main

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFormsHaveRoom: who adds a step, or gives one more time, finds it
// elsewhere: nobody waits for a check that takes a quarter of an hour.
func TestFormsHaveRoom(t *testing.T) {
	for f := people; f <= long; f++ {
		if sum := given(f); sum > f.most() {
			t.Errorf("the steps of the form %v may take %v, more than %v", f, sum, f.most())
		}
	}
}

func TestChoose(t *testing.T) {
	names := func(f form, only string) (all []string) {
		t.Helper()
		chosen, err := choose(f, only, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range chosen {
			all = append(all, s.name)
		}
		return all
	}
	if got := names(people, ""); !slices.Contains(got, "race") || slices.Contains(got, "school") {
		t.Errorf("people run %v", got)
	}
	if got := names(ci, ""); !slices.Contains(got, "race") || !slices.Contains(got, "school") || slices.Contains(got, "fuzz-long") {
		t.Errorf("CI runs %v", got)
	}
	if got := names(long, ""); len(got) != len(steps) {
		t.Errorf("--long runs %v", got)
	}
	if got := names(people, "fuzz-long, format"); !slices.Equal(got, []string{"format", "fuzz-long"}) {
		t.Errorf("--only: %v", got)
	}
	if _, err := choose(people, "races", ""); err == nil || !strings.Contains(err.Error(), `"races"`) {
		t.Errorf("a step that there is not: %v", err)
	}
	if chosen, err := choose(people, "", "seats"); err != nil || len(chosen) != 1 || chosen[0].name != "browser" {
		t.Errorf("--test: %v, %v", chosen, err)
	}
	if _, err := choose(people, "race", "seats"); err == nil {
		t.Error("--only race --test was accepted")
	}
	if err := strayWord([]string{"unit"}); err == nil || strayWord(nil) != nil {
		t.Errorf("a name without --only: %v", err)
	}
}

// TestEveryStackIsAStep: what cmd/check/stacks knows and nobody runs would rot.
func TestEveryStackIsAStep(t *testing.T) {
	source, err := os.ReadFile("stacks/stack.go")
	if err != nil {
		t.Fatal(err)
	}
	var known, run []string
	for _, m := range regexp.MustCompile(`\{name: "?(\w+)"?, command`).FindAllSubmatch(source, -1) {
		known = append(known, strings.TrimSuffix(string(m[1]), "Client"))
	}
	for _, s := range steps {
		if name, is := strings.CutPrefix(s.name, "stack-"); is {
			run = append(run, name)
		}
	}
	if !slices.Equal(known, run) {
		t.Errorf("there are the stacks %v, and steps for %v", known, run)
	}
}

// TestWhatIsNotHere: told to people, red where all must run.
func TestWhatIsNotHere(t *testing.T) {
	gone := step{"gone", ci, time.Second, "", func(context.Context, *result) error { return &missingError{"apt-get install gone"} }}
	bad := step{"bad", people, time.Second, "", func(context.Context, *result) error { return errors.New("broken") }}
	slow := step{"slow", people, 0, "", func(_ context.Context, r *result) error {
		r.tests = []timing{{"a", time.Second}, {"b", time.Minute}}
		return nil
	}}
	for _, c := range []struct {
		steps []step
		all   bool
		ok    bool
		says  []string
	}{
		{[]step{gone}, false, true, []string{"none  gone", "not run: apt-get install gone", "1 not run", "\n0 passed, 0 failed\n"}},
		{[]step{gone}, true, false, []string{"FAIL  gone", "\n0 passed, 1 failed\n"}},
		{[]step{bad, slow}, false, false, []string{"FAIL  bad", "broken", "ok    slow", "more than the 0s meant for it", "60.0 s  b\n    1.0 s  a", "\n1 passed, 1 failed\n"}},
	} {
		var out strings.Builder
		if ok := summarise(&out, run(t.Context(), c.steps, c.all)); ok != c.ok {
			t.Errorf("%v: passed: %v\n%s", c.steps, ok, out.String())
		}
		for _, want := range c.says {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q is not in\n%s", want, out.String())
			}
		}
	}
}
