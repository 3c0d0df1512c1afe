package forward

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// anybodys are the methods of a worker that anybody may call.
var anybodys = map[string]bool{"post": true, "figures": true}

// onTheWorker are the functions that are no worker's methods and use what is for its
// goroutine all the same: it does not run yet, or it is what calls them, as it is
// with all whose names end in Loop.
var onTheWorker = map[string]bool{
	"newWorker": true, "Group.Start": true, "Control.Assume": true, "Group.Flows": true,
	"Remote.begin": true, "Remote.wants": true,
	"Remote.requestMove": true, "pathWorker.Batch": true,
}

// TestWorkersMethodsAreTheirs: whatever its name, a method of worker is for the
// worker's goroutine, and so is all in worker.loop; see worker.
func TestWorkersMethodsAreTheirs(t *testing.T) {
	fset := token.NewFileSet()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	type function struct {
		name string
		body ast.Node
	}
	var others []function
	methods := make(map[string]bool)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			receiver := receiverOf(f)
			switch {
			case receiver == "worker":
				methods[f.Name.Name] = true
			case receiver != "":
				others = append(others, function{receiver + "." + f.Name.Name, f.Body})
			default:
				others = append(others, function{f.Name.Name, f.Body})
			}
		}
	}
	if len(methods) < 40 {
		t.Fatalf("only %d methods of workers were found", len(methods))
	}
	for _, f := range others {
		if onTheWorker[f.name] || strings.HasSuffix(f.name, "Loop") {
			continue
		}
		ast.Inspect(f.body, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || !isWorker(sel.X) {
				return true
			}
			if name := sel.Sel.Name; name == "loop" || methods[name] && !anybodys[name] {
				t.Errorf("%s: %s uses %s, which is for the worker's goroutine", fset.Position(n.Pos()), f.name, name)
			}
			return true
		})
	}
}

// receiverOf is the type that a method belongs to, empty for a function.
func receiverOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// workersNames are what workers are called in this package.
var workersNames = map[string]bool{"w": true, "worker": true, "owner": true, "from": true, "to": true, "by": true}

// isWorker reports whether an expression is a worker, going by names: a variable or
// field of one, or a conversion to one.
func isWorker(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return workersNames[e.Name]
	case *ast.SelectorExpr:
		return e.Sel.Name == "worker"
	case *ast.CallExpr:
		paren, ok := e.Fun.(*ast.ParenExpr)
		if !ok {
			return false
		}
		star, ok := paren.X.(*ast.StarExpr)
		if !ok {
			return false
		}
		id, ok := star.X.(*ast.Ident)
		return ok && id.Name == "worker"
	}
	return false
}
