package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func backupTo(ctx context.Context, s *Store) func(io.Writer) error {
	return func(w io.Writer) error { return s.Backup(ctx, w, func(int64) {}) }
}

// TestBackupUnderLoad: what was acknowledged before a backup begins is in it, while
// others write, which they do not stop for; and the store it is restored to opens.
func TestBackupUnderLoad(t *testing.T) {
	o := killOptions
	o.Log = quiet
	s := open(t, t.TempDir(), o)
	defer s.Close()
	var acked atomic.Int64
	var writers sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		writers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				n := acked.Add(0)
				if _, err := say(s, ChatRecord{Room: "load", Key: NewID(), Text: fmt.Sprint(n), At: time.Now()}); err != nil {
					t.Error(err)
					return
				}
				acked.Add(1)
			}
		})
	}
	for round := range 3 {
		key := fmt.Sprint("before backup ", round)
		mustSay(t, s, "demo", "ann", key, key)
		putEntry(t, s, "rooms", key, "v", 0)
		begin := acked.Load()
		file := filepath.Join(t.TempDir(), "backup.db")
		size, err := SaveBackup(file, backupTo(t.Context(), s))
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(file); err != nil || info.Size() != size || info.Mode().Perm() != 0o600 {
			t.Errorf("the backup: %v %v, said were %d bytes", info, err, size)
		}
		dir := t.TempDir()
		other := open(t, dir, o)
		mustSay(t, other, "other", "ann", "k", "another store's")
		other.Close()
		done, err := Restore(file, dir)
		if err != nil || len(done.Kept) != 2 {
			t.Fatalf("%+v, %v", done, err)
		}
		restored := open(t, dir, o)
		if got := history(t, restored, "demo"); len(got) != round+1 || got[round] != key {
			t.Errorf("round %d: history %q", round, got)
		}
		if got := entriesOf(t, restored); len(got) != round+1 || got[round] != fmt.Sprintf("rooms %s v %d", key, round+1) {
			t.Errorf("round %d: entries %q", round, got)
		}
		if got := history(t, restored, "load"); int64(len(got)) < begin {
			t.Errorf("%d texts of at least %d", len(got), begin)
		}
		if got := history(t, restored, "other"); len(got) != 0 {
			t.Errorf("texts of the store of before: %q", got)
		}
		restored.Close()
	}
	close(stop)
	writers.Wait()
	if acked.Load() == 0 {
		t.Error("nothing was written meanwhile")
	}
}

// TestOneBackupAtATime, and one that takes too long or whose reader goes away ends,
// while writes go on.
func TestOneBackupAtATime(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	id := fill(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	begun, go_ := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- s.Backup(ctx, io.Discard, func(int64) { close(begun); <-go_ })
	}()
	<-begun
	if err := s.Backup(t.Context(), io.Discard, func(int64) {}); !errors.Is(err, ErrBackupRuns) {
		t.Errorf("a second one: %v", err)
	}
	mustSay(t, s, "demo", "ann", "k2", "meanwhile")
	wait(t, nil, func(done func(error)) error { return s.EndMeeting(id, s.o.Now(), "", done) })
	cancel()
	close(go_)
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if err := s.Backup(t.Context(), io.Discard, func(int64) {}); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

// TestRestoreRefuses what is no whole backup, a folder in use, and to overwrite; what
// was there stays as it was.
func TestRestoreRefuses(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	mustSay(t, s, "demo", "ann", "k", "hello")
	file := filepath.Join(t.TempDir(), "backup.db")
	if _, err := SaveBackup(file, backupTo(t.Context(), s)); err != nil {
		t.Fatal(err)
	}
	if _, err := SaveBackup(file, backupTo(t.Context(), s)); !errors.Is(err, os.ErrExist) {
		t.Errorf("over another backup: %v", err)
	}
	if _, err := Restore(file, dir); !errors.Is(err, ErrLocked) {
		t.Errorf("into a folder in use: %v", err)
	}
	if _, err := Repair(dir); !errors.Is(err, ErrLocked) {
		t.Errorf("repair of a folder in use: %v", err)
	}
	s.Close()
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty": nil, "cut": whole[:len(whole)/2], "text": []byte(strings.Repeat("hello\n", 10_000)),
	} {
		bad := filepath.Join(t.TempDir(), name)
		write(t, bad, data)
		if _, err := Restore(bad, dir); !errors.Is(err, ErrNotAStore) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Restore(filepath.Join(dir, FileName), dir); !errors.Is(err, ErrInvalid) {
		t.Errorf("itself: %v", err)
	}
	after, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the store has changed, %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.restored-*")); len(left) > 0 {
		t.Errorf("left are %q", left)
	}
	// A backup that fails leaves nothing.
	target := filepath.Join(t.TempDir(), "x")
	if _, err := SaveBackup(target, func(w io.Writer) error { _, _ = w.Write(whole[:100]); return io.ErrUnexpectedEOF }); err == nil {
		t.Error("half a backup was kept")
	}
	if left, _ := os.ReadDir(filepath.Dir(target)); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

// TestBackupEndsWhenTheDiskFails has the disk fail while a copy is read, which would
// keep parley.db from being opened anew.
func TestBackupEndsWhenTheDiskFails(t *testing.T) {
	s := open(t, t.TempDir(), Options{Log: quiet})
	defer s.Close()
	var all bytes.Buffer
	if err := s.Backup(t.Context(), &all, func(int64) {}); err != nil {
		t.Fatal(err)
	}
	got := 0
	err := s.Backup(t.Context(), writerFunc(func(p []byte) (int, error) {
		s.trouble.Store(&trouble{err: ErrReadOnly, from: time.Now()})
		got += len(p)
		return len(p), nil
	}), func(int64) {})
	if !errors.Is(err, ErrReadOnly) || got >= all.Len() {
		t.Errorf("%d of %d bytes were copied: %v", got, all.Len(), err)
	}
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }
