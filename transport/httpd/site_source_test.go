package httpd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// elsewhere are the places besides Site that write an address or make one, with the
// reason. A string may be named, or a whole file with "*".
var elsewhere = map[string]string{
	"transport/httpd/server.go *":                                                "patterns of routes: paths below the base",
	"transport/httpd/operate.go *":                                               "patterns of routes: paths below the base",
	"transport/httpd/static.go *":                                                "what a path below the base shows",
	"transport/httpd/static_build.go *":                                          "files of the client by their paths below the base; placed gives them the base",
	"transport/httpd/headers.go *":                                               "what holds of a path below the base",
	"transport/httpd/hosts.go *":                                                 "what is answered by any name: paths below the base",
	"transport/httpd/doors.go *":                                                 "patterns of doors: paths below the base",
	"cmd/parley/front.go /api/v1/ws":                                             "the pattern of a door: a path below the base",
	"transport/httpd/admit.go /api/v1/reach":                                     "a path below the base",
	"transport/httpd/rooms.go /r/":                                               "a path below the base, read and led to; leading gives it the base",
	"transport/httpd/rooms.go url.URL":                                           "a path below the base, escaped",
	"transport/httpd/rooms.go Location":                                          "a path below the base; leading gives it the base",
	"transport/httpd/origin.go ://":                                              "origins of pages, to be compared",
	"transport/httpd/config.go origin %q is not of the form https://host[:port]": "a message",
	"transport/httpd/plain.go Location":                                          "the address is a Site's",
	"cmd/parley/control.go http://parley/backup":                                 "over a socket file, which has no host",
	"cmd/parley/main.go *":                                                       "examples in the help",
	"cmd/parley/memory.go *":                                                     "names of runtime/metrics",
	"cmd/parley/serve_run.go Browsers give camera and microphone only to https:// pages and to": "a message",
}

// TestOnePlaceMakesAddresses: whatever else wrote one would forget the base, or believe
// a header. Exceptions are listed with their reasons, and none more than there are.
func TestOnePlaceMakesAddresses(t *testing.T) {
	used := map[string]bool{}
	root := filepath.Join("..", "..")
	for _, folder := range []string{"transport", "engine", "storage", "actors", filepath.Join("cmd", "parley")} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || filepath.Base(path) == "site.go" {
				return err
			}
			file, _ := filepath.Rel(root, path)
			file = filepath.ToSlash(file)
			for what, at := range addresses(t, path) {
				switch {
				case elsewhere[file+" "+what] != "":
					used[file+" "+what] = true
				case elsewhere[file+" *"] != "":
					used[file+" *"] = true
				default:
					t.Errorf("%s makes an address: %q; let httpd.Site do it", at, what)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for place := range elsewhere {
		if !used[place] {
			t.Errorf("no longer needed: %q", place)
		}
	}
}

// addresses returns what in a file looks like one, with its place: strings with a
// scheme or that begin like a path, the header that leads on, and what makes URLs.
func addresses(t *testing.T, path string) map[string]token.Position {
	t.Helper()
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]token.Position{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			return n.Tag == nil // help texts of flags
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			path := len(text) > 1 && text[0] == '/' && (text[1] >= 'a' && text[1] <= 'z')
			if n.Kind == token.STRING && err == nil && (path || strings.Contains(text, "://") || strings.Contains(text, "Location")) {
				found[text] = files.Position(n.Pos())
			}
		case *ast.SelectorExpr:
			if of, ok := n.X.(*ast.Ident); ok {
				if name := of.Name + "." + n.Sel.Name; name == "http.Redirect" || name == "http.RedirectHandler" {
					found[name] = files.Position(n.Pos())
				}
			}
		case *ast.CompositeLit:
			if sel, ok := n.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "URL" {
				found["url.URL"] = files.Position(n.Pos())
			}
		}
		return true
	})
	return found
}
