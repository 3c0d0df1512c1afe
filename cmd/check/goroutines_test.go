package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// ownGoroutines lists the files that may start goroutines with a go statement:
// how many, who owns them and how they end. Everywhere else an actor, a task of
// one or a WaitGroup's Go does it, which have an owner by their nature. actors
// itself is held to System.launch by its own test.
var ownGoroutines = map[string]struct {
	count int
	owner string
}{
	"cmd/parley/front.go":           {1, "server.serve: one for each listener; ends with Shutdown"},
	"cmd/parley/memory.go":          {1, "saveMemory; ends with the stop it returns, which waits"},
	"media/netem/queue.go":          {1, "delayQueue; ends with its close, which waits"},
	"media/rtc/forward/group.go":    {1, "Group: one for each worker; ends with Close, which waits"},
	"storage/failing.go":            {1, "Store.Close: whether the disk answers; ends with the writer, or with Close"},
	"storage/reopen.go":             {1, "Store: closes the file of before; ends with its last reader, the writer waits"},
	"storage/store.go":              {1, "Store: the writer; ends with Close, which waits"},
	"transport/httpd/listener.go":   {1, "Server.Serve: the HTTP server of a listener; ends before that returns"},
	"transport/poll/epoll_linux.go": {1, "epollPoller: one for each loop; ends with Close, which waits"},
}

// TestGoroutinesHaveOwners: nobody starts a goroutine in passing.
func TestGoroutinesHaveOwners(t *testing.T) {
	found := map[string]int{}
	for _, dir := range []string{"engine", "media", "storage", "transport", "cmd"} {
		countGoStatements(t, dir, found)
	}
	for file, n := range found {
		if may := ownGoroutines[file]; n != may.count {
			t.Errorf("%s has %d go statements; %d are known to have an owner", file, n, may.count)
		}
	}
	for file, may := range ownGoroutines {
		if found[file] == 0 {
			t.Errorf("%s starts no goroutine any more: %s", file, may.owner)
		}
	}
}

// countGoStatements adds those below dir, tests left out, by file.
func countGoStatements(t *testing.T, dir string, found map[string]int) {
	t.Helper()
	eachFile(t, dir, func(name string, file *ast.File) {
		if strings.HasSuffix(name, "_test.go") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if _, ok := n.(*ast.GoStmt); ok {
				found[name]++
			}
			return true
		})
	})
}

// eachFile parses the Go files below a folder of the module and calls visit with their
// names, with slashes, from the module's root.
func eachFile(t *testing.T, dir string, visit func(name string, file *ast.File)) {
	t.Helper()
	const root = "../.."
	err := filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(name), file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
