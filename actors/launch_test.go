package actors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// TestOneGoStatement: every goroutine of this package has an owner, because only
// System.launch starts any.
func TestOneGoStatement(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	var found []string
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if f, ok := n.(*ast.FuncDecl); ok && f.Name.Name == "launch" {
				return false
			}
			if g, ok := n.(*ast.GoStmt); ok {
				found = append(found, files.Position(g.Pos()).String())
			}
			return true
		})
	}
	if len(found) > 0 {
		t.Errorf("go statements outside launch: %s", strings.Join(found, ", "))
	}
}
