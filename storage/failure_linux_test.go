package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// sabotage makes the file's descriptor another file's, as if the disk broke under
// it; neither the journal nor bbolt knows of that.
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

// spied are the files a store writes to, by name.
type spied map[string]*os.File

func (files spied) sabotage(t *testing.T, device string, names ...string) {
	t.Helper()
	for _, name := range names {
		sabotage(t, files[name], device)
	}
}

// openSpied returns the store and the files it writes to.
func openSpied(t *testing.T, dir string) (*Store, spied) {
	t.Helper()
	files := make(spied)
	o := killOptions // keeps all chat
	o.openFile = func(path string, flag int, mode os.FileMode) (*os.File, error) {
		f, err := os.OpenFile(path, flag, mode)
		files[filepath.Base(path)] = f
		return f, err
	}
	return open(t, dir, o), files
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
			s, files := openSpied(t, dir)
			id := fill(t, s)
			files.sabotage(t, c.device, FileName, JournalName)
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

// TestEitherBrokenFile: with one of the files broken, the first write that needs
// it turns the store read-only, and what the other holds is not lost.
func TestEitherBrokenFile(t *testing.T) {
	cases := []struct {
		name, broken, device string
	}{
		{"journal write", JournalName, "/dev/full"},
		{"journal sync", JournalName, "/dev/null"},
		{"main file write", FileName, "/dev/full"},
		{"main file sync", FileName, "/dev/null"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s, files := openSpied(t, dir)
			id := fill(t, s)
			want := []string{"hello", "acknowledged"}
			mustSay(t, s, "demo", "ann", "k2", want[1])
			files.sabotage(t, c.device, c.broken)
			for i := 3; ; i++ { // till a heartbeat moves texts to the main file
				text := fmt.Sprint("text ", i)
				_, err := say(s, ChatRecord{Room: "demo", Key: text, Text: text})
				if errors.Is(err, ErrReadOnly) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, text)
			}
			if c.broken == JournalName && len(want) > 2 {
				t.Errorf("acknowledged without a journal: %q", want[2:])
			}
			if err := s.EndMeeting(id, s.o.Now(), "", nil); !errors.Is(err, ErrReadOnly) {
				t.Errorf("a later write: %v", err)
			}
			if got := history(t, s, "demo"); !slices.Equal(got, want) {
				t.Errorf("reads give %q, want %q", got, want)
			}
			if err := s.Close(); !errors.Is(err, ErrReadOnly) {
				t.Errorf("close: %v", err)
			}
			again := open(t, dir, killOptions)
			defer again.Close()
			if got := history(t, again, "demo"); !slices.Equal(got, want) {
				t.Errorf("after a restart %q, want %q", got, want)
			}
			checkPages(t, again)
		})
	}
}

// TestNoAcknowledgementAfterAFailedSync breaks the disk under load. Whatever was
// acknowledged must be in the real file, and nothing may be acknowledged after the
// first failure.
func TestNoAcknowledgementAfterAFailedSync(t *testing.T) {
	for _, c := range []struct {
		device string
		broken []string
	}{
		{"/dev/full", []string{FileName, JournalName}},
		{"/dev/null", []string{FileName, JournalName}},
		{"/dev/full", []string{FileName}},
		{"/dev/null", []string{JournalName}},
	} {
		dir := t.TempDir()
		s, files := openSpied(t, dir)
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
		files.sabotage(t, c.device, c.broken...)
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
	s, files := openSpied(t, dir)
	files.sabotage(t, "/dev/full", FileName, JournalName)
	queued := make(chan error, 1)
	err := s.AppendChat(ChatRecord{Room: "demo", Key: "k1", Text: "first"}, func(ChatRecord, error) {
		for name := range files {
			files.sabotage(t, filepath.Join(dir, name), name)
		}
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
