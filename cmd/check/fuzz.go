package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var fuzzFunc = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

// fuzz runs every fuzz target of the tree for the given time.
func fuzz(each string) func(ctx context.Context, r *result) error {
	return plain(func(ctx context.Context) error {
		targets, err := fuzzTargets()
		if err != nil {
			return err
		}
		if len(targets) == 0 {
			return fmt.Errorf("no fuzz target found")
		}
		var found []error // one finding is no reason not to look for others
		for _, t := range targets {
			if err := t.fuzz(ctx, each); err != nil {
				found = append(found, fmt.Errorf("%s in %s: %w", t.name, t.pkg, err))
			}
			if ctx.Err() != nil {
				break
			}
		}
		fmt.Printf("%d fuzz targets\n", len(targets))
		return errors.Join(found...)
	})
}

type fuzzTarget struct{ pkg, name string }

// fuzz runs the target for so long. Before Go 1.27 the end of that time may be
// told as a failure of the target (golang/go#75804): it is run again then, and
// has to pass. An input that fails is always written down and said so.
func (t fuzzTarget) fuzz(ctx context.Context, each string) error {
	var err error
	for range 3 {
		var said strings.Builder
		err = commandTo(ctx, io.MultiWriter(os.Stdout, &said), ".", nil, "go", "test", "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+each, "-parallel=2", t.pkg)
		if err == nil || !endOfFuzzing(said.String()) {
			return err
		}
	}
	return err
}

// endOfFuzzing reports whether a failed run says nothing but that its time
// was over.
func endOfFuzzing(said string) bool {
	return strings.Contains(said, "\n    context deadline exceeded\n") && !strings.Contains(said, "Failing input")
}

func fuzzTargets() ([]fuzzTarget, error) {
	var targets []fuzzTarget
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != ".") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range fuzzFunc.FindAllSubmatch(src, -1) {
			targets = append(targets, fuzzTarget{"./" + filepath.ToSlash(filepath.Dir(path)), string(m[1])})
		}
		return nil
	})
	return targets, err
}
