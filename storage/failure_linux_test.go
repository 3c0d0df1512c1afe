package storage

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// sabotage makes the store's file descriptor another file's, as if the disk broke
// under it; bbolt knows nothing of that.
//
//	/dev/full   every write fails: no space left on device
//	/dev/null   writes succeed, every fdatasync fails: invalid argument
func sabotage(t *testing.T, file *os.File, device string) {
	t.Helper()
	broken, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer broken.Close()
	if err := syscall.Dup3(int(broken.Fd()), int(file.Fd()), syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
}

// openSpied returns the store and the file it writes to.
func openSpied(t *testing.T, dir string) (*Store, *os.File) {
	t.Helper()
	var file *os.File
	o := killOptions // keeps all chat
	o.openFile = func(path string, flag int, mode os.FileMode) (f *os.File, err error) {
		f, err = os.OpenFile(path, flag, mode)
		file = f
		return f, err
	}
	return open(t, dir, o), file
}

func TestBrokenDiskTurnsTheStoreReadOnly(t *testing.T) {
	cases := []struct {
		name, device string
		cause        error
	}{
		{"write error", "/dev/full", syscall.ENOSPC},
		{"sync error", "/dev/null", syscall.EINVAL},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s, file := openSpied(t, dir)
			id := fill(t, s)
			sabotage(t, file, c.device)
			if _, err := say(s, ChatRecord{Room: "demo", Key: "k2", Text: "lost"}); !errors.Is(err, ErrReadOnly) || !errors.Is(err, c.cause) {
				t.Fatalf("acknowledged with %v, want %v and %v", err, ErrReadOnly, c.cause)
			}
			if err := s.EndMeeting(id, s.o.Now(), "", nil); !errors.Is(err, ErrReadOnly) {
				t.Errorf("a later write: %v", err)
			}
			if err := s.Healthy(); !errors.Is(err, ErrReadOnly) || !errors.Is(err, c.cause) {
				t.Errorf("healthy: %v", err)
			}
			if !s.Figures().ReadOnly {
				t.Error("the figures do not say so")
			}
			if got := history(t, s, "demo"); len(got) == 0 || got[0] != "hello" {
				t.Errorf("reads give %q", got)
			}
			if err := s.Close(); !errors.Is(err, ErrReadOnly) {
				t.Errorf("close: %v", err)
			}
			again := open(t, dir, Options{})
			defer again.Close()
			if got := meeting(t, again, id); got.End.IsZero() {
				t.Error("the meeting still runs")
			}
			if err := again.Healthy(); err != nil {
				t.Errorf("after a restart: %v", err)
			}
			checkPages(t, again)
		})
	}
}

// TestNoAcknowledgementAfterAFailedSync breaks the disk under load. Whatever was
// acknowledged must be in the real file, and nothing may be acknowledged after the
// first failure.
func TestNoAcknowledgementAfterAFailedSync(t *testing.T) {
	for _, device := range []string{"/dev/full", "/dev/null"} {
		dir := t.TempDir()
		s, file := openSpied(t, dir)
		var failed atomic.Bool
		var mu sync.Mutex // guards acked
		var acked []string
		var writers sync.WaitGroup
		write := func() error {
			key := NewID()
			return Wait(func(done func(error)) error {
				return s.AppendChat(ChatRecord{Room: "demo", Key: key, Text: "t"}, func(_ ChatRecord, err error) {
					defer func() { done(err) }()
					if err != nil {
						failed.Store(true)
						return
					}
					if failed.Load() {
						t.Error("acknowledged after a failure")
					}
					mu.Lock()
					defer mu.Unlock()
					acked = append(acked, key)
				})
			})
		}
		for range 8 {
			writers.Go(func() {
				for !errors.Is(write(), ErrReadOnly) {
				}
			})
		}
		for s.Figures().Commits < 20 {
			time.Sleep(time.Millisecond)
		}
		sabotage(t, file, device)
		writers.Wait()
		if err := s.Close(); !errors.Is(err, ErrReadOnly) {
			t.Errorf("close: %v", err)
		}
		again := open(t, dir, killOptions)
		for _, key := range acked {
			if _, err := again.ChatByKey("demo", "", key); err != nil {
				t.Errorf("acknowledged text %s: %v", key, err)
			}
		}
		again.Close()
	}
}

// TestNoSecondTry: what was queued when a commit failed is not written, even if
// the disk works again.
func TestNoSecondTry(t *testing.T) {
	dir := t.TempDir()
	s, file := openSpied(t, dir)
	whole := filepath.Join(dir, FileName)
	sabotage(t, file, "/dev/full")
	queued := make(chan error, 1)
	err := s.AppendChat(ChatRecord{Room: "demo", Key: "k1", Text: "first"}, func(ChatRecord, error) {
		sabotage(t, file, whole)
		s.queue <- &flushOp{func(err error) { queued <- err }}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-queued; !errors.Is(err, ErrReadOnly) {
		t.Errorf("got %v", err)
	}
	_ = s.Close()
}
