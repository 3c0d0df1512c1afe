package rtc

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path"
	"strings"
	"testing"
)

// control are the files of this package that say what is to be forwarded. All
// others forward it, and can do without them.
var control = map[string]bool{
	"doc.go": true, "config.go": true, "errors.go": true,
	"server.go": true, "session.go": true, "session_remote.go": true, "negotiate.go": true, "open_feed.go": true,
	"events.go": true, "figures.go": true, "sockets.go": true, "addresses.go": true,
}

// TestForwardingKnowsNoControl: what forwards packets is whole without sessions,
// offers and a server, as if it were a package of its own.
func TestForwardingKnowsNoControl(t *testing.T) {
	fset := token.NewFileSet()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var forwarding, controlling []*ast.File
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if control[name] {
			controlling = append(controlling, file)
		} else {
			forwarding = append(forwarding, file)
		}
	}
	if len(controlling) != len(control) || len(forwarding) < 25 {
		t.Fatalf("%d files control and %d forward", len(controlling), len(forwarding))
	}
	for _, file := range forwarding {
		for _, imp := range file.Imports {
			if imp.Path.Value == `"parley/media/rtc/nego"` {
				t.Errorf("%s: forwarding reads no offers", fset.Position(imp.Pos()))
			}
		}
	}
	declared := undefinedIn(t, fset, forwarding)
	for _, file := range controlling {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && declared.Lookup(receiverOf(f)) != nil {
				t.Errorf("%s: a method of %s, which forwards", fset.Position(f.Pos()), receiverOf(f))
			}
		}
	}
}

// undefinedIn complains about names that the files use and neither declare nor
// import, and returns those that they declare.
func undefinedIn(t *testing.T, fset *token.FileSet, files []*ast.File) *types.Scope {
	c := types.Config{
		Importer: empty{},
		Error: func(err error) {
			var e types.Error
			if !errors.As(err, &e) {
				t.Error(err)
			}
			// Of what other packages have nothing is known here.
			if name, ok := strings.CutPrefix(e.Msg, "undefined: "); ok && !strings.Contains(name, ".") {
				t.Errorf("%s: forwarding uses %s", fset.Position(e.Pos), name)
			}
		},
	}
	pkg, _ := c.Check("forwarding", fset, files, nil)
	return pkg.Scope()
}

// empty are packages with nothing in them.
type empty struct{}

func (empty) Import(at string) (*types.Package, error) {
	pkg := types.NewPackage(at, nameOf(at))
	pkg.MarkComplete()
	return pkg, nil
}

// nameOf is what a package is called: its path's last part that is no version.
func nameOf(at string) string {
	if path.Base(at) == "v2" || path.Base(at) == "v4" {
		at = path.Dir(at)
	}
	return path.Base(at)
}
