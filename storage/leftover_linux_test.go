package storage

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
	"weak"
)

// TestLetGo locks a file that is mapped still, as after a panic of bbolt, once more.
func TestLetGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, blockSize), 0o600); err != nil {
		t.Fatal(err)
	}
	locked := func() *os.File {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := lockFile(f, time.Millisecond); err != nil {
			t.Fatal(err)
		}
		return f
	}
	first := locked()
	mapped, err := syscall.Mmap(int(first.Fd()), 0, blockSize, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Munmap(mapped) }()
	letGo(first)
	letGo(locked())
}

// TestAgainKeepsNothing opens parley.db anew, as each second while the disk fails:
// what was open before must not stay in memory.
func TestAgainKeepsNothing(t *testing.T) {
	dir, o := t.TempDir(), Options{Log: quiet}.withDefaults()
	first, _, err := openMain(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	next, err := first.again(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer next.db.Close()
	if err := first.db.Close(); err != nil {
		t.Fatal(err)
	}
	was := weak.Make(first)
	first = nil
	for end := time.Now().Add(10 * time.Second); was.Value() != nil; time.Sleep(time.Millisecond) {
		if runtime.GC(); time.Now().After(end) {
			t.Fatal("the file opened anew keeps the one before")
		}
	}
	runtime.KeepAlive(next)
}
