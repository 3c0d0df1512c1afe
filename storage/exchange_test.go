package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestExchangeLeavesNoGap exchanges stores while somebody looks for parley.db: a crash
// at a moment without one would leave a folder whose repair begins with nothing.
func TestExchangeLeavesNoGap(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	if err := os.WriteFile(path, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	var looking sync.WaitGroup
	stop, gaps := make(chan struct{}), 0
	looking.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
					gaps++
				}
			}
		}
	})
	for n := range 300 {
		name := filepath.Join(dir, "new")
		for file, text := range map[string]string{name: fmt.Sprint("store", n), filepath.Join(dir, JournalName): "journal"} {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := exchange(dir, name, fmt.Sprintf(".kept%d-", n))
		if err != nil || len(kept) != 2 {
			t.Fatalf("kept %q, %v", kept, err)
		}
	}
	close(stop)
	looking.Wait()
	if gaps > 0 {
		t.Errorf("parley.db was missing %d times", gaps)
	}
	if _, err := os.Lstat(filepath.Join(dir, JournalName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old journal is still there: %v", err)
	}
}

// TestGiveBack takes back what keepBeside did, whether or not the old name is still
// there.
func TestGiveBack(t *testing.T) {
	for _, gone := range []bool{false, true} {
		dir := t.TempDir()
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
			t.Fatal(err)
		}
		kept, err := keepBeside(path, ".kept-", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if gone {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		giveBack(kept, path)
		if data, err := os.ReadFile(path); string(data) != "content" || !slices.Equal(names(t, dir), []string{"file"}) {
			t.Errorf("gone %v: %q, %v, %q", gone, data, err, names(t, dir))
		}
	}
}

func names(t *testing.T, dir string) (all []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
