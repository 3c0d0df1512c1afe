package main

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestManyInputsAreThere: who renames such a test, or gives it a goroutine, or another
// package a test of that name, finds it here: one form would not run it any more, or not
// as it must be run.
func TestManyInputsAreThere(t *testing.T) {
	want := make(map[string]bool)
	for _, tests := range []map[string][]string{manyInputs, fewerWithRace} {
		for pkg, names := range tests {
			for _, name := range names {
				want[path.Clean(pkg)+" "+name] = true
			}
		}
	}
	skipped := namesOf(manyInputs)
	for _, dir := range []string{"actors", "bench", "engine", "media", "storage", "transport", "cmd"} {
		eachTest(t, dir, func(pkg string, f *ast.FuncDecl) {
			key := pkg + " " + f.Name.Name
			if slices.Contains(skipped, f.Name.Name) && !want[key] {
				t.Errorf("%s: the race tests leave it out, and nobody else runs it", key)
			}
			delete(want, key)
			if !slices.Contains(skipped, f.Name.Name) {
				return
			}
			ast.Inspect(f.Body, func(n ast.Node) bool {
				if _, is := n.(*ast.GoStmt); is {
					t.Errorf("%s has goroutines: the race detector must see it", f.Name.Name)
				}
				if call, is := n.(*ast.SelectorExpr); is && (call.Sel.Name == "Parallel" || call.Sel.Name == "Go") {
					t.Errorf("%s calls %s: the race detector must see it", f.Name.Name, call.Sel.Name)
				}
				return true
			})
		})
	}
	for key := range want {
		t.Errorf("there is no %s", key)
	}
}

// eachTest calls visit for the functions of the test files below dir.
func eachTest(t *testing.T, dir string, visit func(pkg string, f *ast.FuncDecl)) {
	t.Helper()
	eachFile(t, dir, func(name string, file *ast.File) {
		if !strings.HasSuffix(name, "_test.go") {
			return
		}
		for _, decl := range file.Decls {
			if f, is := decl.(*ast.FuncDecl); is && f.Recv == nil {
				visit(path.Dir(name), f)
			}
		}
	})
}
