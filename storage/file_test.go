package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	bolt "go.etcd.io/bbolt"
)

func TestFileAndFolderArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := open(t, dir, Options{})
	defer s.Close()
	for path, want := range map[string]fs.FileMode{
		dir: 0o700, filepath.Join(dir, FileName): 0o600, filepath.Join(dir, JournalName): 0o600,
		filepath.Join(dir, ReserveName): 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %v, want %v", path, got, want)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestOpenErrors(t *testing.T) {
	refuse := func(name string, err error) func(*testing.T, string) Options {
		return func(t *testing.T, dir string) Options {
			open(t, dir, Options{}).Close()
			return Options{openFile: func(path string, flag int, mode os.FileMode) (*os.File, error) {
				if filepath.Base(path) != name {
					return os.OpenFile(path, flag, mode)
				}
				return nil, &fs.PathError{Op: "open", Path: path, Err: err}
			}}
		}
	}
	cases := []struct {
		name    string
		prepare func(t *testing.T, dir string) Options
		want    error
	}{
		{"locked", func(t *testing.T, dir string) Options {
			other := open(t, dir, Options{})
			t.Cleanup(func() { other.Close() })
			return Options{LockWait: 20 * time.Millisecond}
		}, ErrLocked},
		{"folder is a file", func(t *testing.T, dir string) Options {
			write(t, dir, nil)
			return Options{}
		}, ErrUnwritable},
		{"no permission", refuse(FileName, syscall.EACCES), ErrUnwritable},
		{"file system mounted read-only", refuse(FileName, syscall.EROFS), ErrUnwritable},
		{"no permission for the journal", refuse(JournalName, syscall.EACCES), ErrUnwritable},
		{"damaged journal", func(t *testing.T, dir string) Options {
			s := open(t, dir+" of another", Options{Heartbeat: time.Hour})
			defer s.Close()
			for i := range 3 {
				mustSay(t, s, "demo", "i", fmt.Sprint(i), "t")
			}
			copyFile(t, dir+" of another", dir, FileName)
			copyFile(t, dir+" of another", dir, JournalName)
			flip(t, filepath.Join(dir, JournalName), 2*blockSize+entryHeader)
			return Options{}
		}, ErrNotAStore},
		{"newer", func(t *testing.T, dir string) Options {
			open(t, dir, Options{}).Close()
			edit(t, dir, func(tx *bolt.Tx) error {
				return tx.Bucket(bucketMeta).Put(keySchema, binary.BigEndian.AppendUint64(nil, 999))
			})
			return Options{}
		}, ErrNewerSchema},
		{"text file", func(t *testing.T, dir string) Options {
			mkdir(t, dir)
			write(t, filepath.Join(dir, FileName), []byte(strings.Repeat("not a store\n", 2000)))
			return Options{}
		}, ErrNotAStore},
		{"another program's", func(t *testing.T, dir string) Options {
			mkdir(t, dir)
			edit(t, dir, func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte("recipes")); return err })
			return Options{}
		}, ErrNotAStore},
		{"cut to nothing", func(t *testing.T, dir string) Options {
			mkdir(t, dir)
			write(t, filepath.Join(dir, FileName), nil)
			return Options{}
		}, ErrNotAStore},
		{"missing beside its journal", func(t *testing.T, dir string) Options {
			open(t, dir, Options{}).Close()
			remove(t, filepath.Join(dir, FileName))
			return Options{}
		}, ErrNotAStore},
		{"cut off", func(t *testing.T, dir string) Options {
			mkdir(t, dir)
			write(t, filepath.Join(dir, FileName), make([]byte, 100))
			return Options{}
		}, ErrNotAStore},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			s, err := Open(dir, c.prepare(t, dir))
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if s != nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), dir) {
				t.Errorf("not one line that names the place: %v", err)
			}
		})
	}
}

// TestFirstStartOfTwo: of processes that start together on an empty folder one
// gets it; no file is overwritten under another's hands.
func TestFirstStartOfTwo(t *testing.T) {
	for range 20 {
		dir := t.TempDir()
		var wait sync.WaitGroup
		opened := make(chan *Store, 4)
		for range 4 {
			wait.Go(func() {
				s, err := Open(dir, Options{LockWait: time.Millisecond})
				if err == nil {
					opened <- s
				} else if !errors.Is(err, ErrLocked) {
					t.Errorf("open: %v", err)
				}
			})
		}
		wait.Wait()
		if len(opened) != 1 {
			t.Fatalf("%d opened the same store", len(opened))
		}
		(<-opened).Close()
	}
}

func mkdir(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// edit changes a store behind the package's back.
func edit(t *testing.T, dir string, change func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(dir, FileName), 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(change); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedPages: bbolt panics over them. That ends neither the reader nor the
// writer, which reads in search of old chat.
func TestDamagedPages(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{Heartbeat: time.Hour})
	for i := range 200 {
		mustSay(t, s, "demo", "p", fmt.Sprint(i), strings.Repeat("x", 1000))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	s = open(t, dir, Options{Heartbeat: time.Hour, Log: slog.New(slog.NewTextHandler(&log, nil))})
	file, err := os.OpenFile(s.db.Path(), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	held := stall(t, s)
	pages := int64(s.db.Info().PageSize)
	if _, err := file.WriteAt(make([]byte, info.Size()-2*pages), 2*pages); err != nil { // all but the roots
		t.Fatal(err)
	}
	for range 2 {
		s.beat() // the writer is held, so this is its only caller
	}
	if said := strings.Count(log.String(), "not deleted any more"); said != 1 {
		t.Errorf("said %d times in %q", said, log.String())
	}
	if _, err := s.Meeting(uuid.NewString()); !errors.Is(err, ErrNotAStore) {
		t.Errorf("a read got %v", err)
	}
	held()
	// The last commit meets the damage, and must not end the process either.
	if err := s.Close(); !errors.Is(err, ErrReadOnly) || !errors.Is(err, ErrNotAStore) {
		t.Errorf("close: %v", err)
	}
}
