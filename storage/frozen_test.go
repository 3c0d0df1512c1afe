package storage

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNothingButTextsGoesToTheJournal: of all writes there are, see doc.go.
func TestNothingButTextsGoesToTheJournal(t *testing.T) {
	ops := map[string]op{
		"beginOp": &beginOp{}, "joinOp": &joinOp{}, "leaveOp": &leaveOp{}, "renameOp": &renameOp{}, "endOp": &endOp{},
		"rateOp": &rateOp{}, "pruneOp": &pruneOp{}, "flushOp": &flushOp{}, "chatOp": &chatOp{},
		"entryOp": &entryOp{}, "actOp": &actOp{},
	}
	for _, name := range typesNamed(t, "Op") {
		if ops[name] == nil {
			t.Errorf("the write %s is not in this test", name)
		}
	}
	for name, o := range ops {
		if _, ok := onlyTexts([]op{o}); ok != (name == "chatOp") {
			t.Errorf("%s goes to the journal: %v", name, ok)
		}
		if _, ok := onlyTexts([]op{&chatOp{}, o}); ok != (name == "chatOp") {
			t.Errorf("%s goes to the journal with a text: %v", name, ok)
		}
	}
}

// typesNamed returns the package's struct types whose names end so.
func typesNamed(t *testing.T, end string) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if _, isStruct := spec.Type.(*ast.StructType); isStruct && strings.HasSuffix(spec.Name.Name, end) {
					names = append(names, spec.Name.Name)
				}
			}
			return true
		})
	}
	return names
}
