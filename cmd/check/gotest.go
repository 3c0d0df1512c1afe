package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// goTests runs go test, prints how each package ended and what failed tests
// said, and keeps how long each test took.
func goTests(args ...string) func(ctx context.Context, r *result) error {
	return func(ctx context.Context, r *result) error {
		read, write := io.Pipe()
		var reading sync.WaitGroup
		reading.Go(func() { r.tests = tellTests(os.Stdout, read) })
		err := commandTo(ctx, write, ".", nil, "go", append([]string{"test", "-json"}, args...)...)
		write.Close()
		reading.Wait()
		return err
	}
}

// testEvent is a line of go test -json, see go doc test2json.
type testEvent struct {
	Action, Package, Test, Output string
	Elapsed                       float64 // seconds
}

// told is what go test has said so far of what has not passed.
type told struct {
	out    io.Writer
	output map[testKey]*bytes.Buffer // of tests that have not ended well, and of packages
	tests  []timing
}

type testKey struct{ pkg, test string }

// tellTests reads the events of go test until they end.
func tellTests(out io.Writer, events io.Reader) []timing {
	t := told{out: out, output: map[testKey]*bytes.Buffer{}}
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		var e testEvent
		if json.Unmarshal(line, &e) == nil {
			t.take(&e)
		} else {
			_, _ = out.Write(line) // of a build that failed
		}
		if err != nil {
			return t.tests
		}
	}
}

func (t *told) take(e *testEvent) {
	key := testKey{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(t.out, e.Output)
	case "output":
		if t.output[key] == nil {
			t.output[key] = new(bytes.Buffer)
		}
		t.output[key].WriteString(e.Output)
	case "pass", "skip", "fail":
		if e.Test == "" {
			t.packageOver(e)
			return
		}
		if e.Action != "fail" {
			delete(t.output, key)
		}
		if !strings.Contains(e.Test, "/") { // subtests are counted with theirs
			name := strings.TrimPrefix(e.Package, "parley/") + ": " + e.Test
			t.tests = append(t.tests, timing{name, time.Duration(e.Elapsed * float64(time.Second))})
		}
	}
}

// packageOver prints what is known of a package. One that failed may have ended
// in the middle of a test: whatever was said by those that did not pass counts.
func (t *told) packageOver(e *testEvent) {
	var of []testKey
	for key := range t.output {
		if key.pkg == e.Package {
			of = append(of, key)
		}
	}
	slices.SortFunc(of, func(a, b testKey) int { return strings.Compare(a.test, b.test) })
	if e.Action == "fail" {
		for _, key := range of {
			_, _ = t.output[key].WriteTo(t.out)
		}
	}
	mark := map[string]string{"pass": "ok  ", "skip": "none", "fail": "FAIL"}[e.Action]
	fmt.Fprintf(t.out, "%s %6.1f s  %s\n", mark, e.Elapsed, e.Package)
	for _, key := range of {
		delete(t.output, key)
	}
}
