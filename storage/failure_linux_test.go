package storage

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	// The map keeps the file open, and its lock with it.
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Dup3(int(broken.Fd()), int(file.Fd()), syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
}

// faulty are the files a store writes to, by name; what is broken stays so when it
// is opened anew, until it is healed.
type faulty struct {
	mu     sync.Mutex // guards all
	t      *testing.T
	files  map[string]*os.File
	broken map[string]string // name → device
}

func (f *faulty) open(path string, flag int, mode os.FileMode) (*os.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(path)
	f.files[name] = file
	if device := f.broken[name]; device != "" {
		sabotage(f.t, file, device)
	}
	return file, nil
}

func (f *faulty) sabotage(device string, names ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range names {
		f.broken[name] = device
		sabotage(f.t, f.files[name], device)
	}
}

// heal lets the files that are opened from now on work.
func (f *faulty) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.broken)
}

// openFaulty returns the store and the files it writes to.
func openFaulty(t *testing.T, dir string, o Options) (*Store, *faulty) {
	t.Helper()
	f := &faulty{t: t, files: make(map[string]*os.File), broken: make(map[string]string)}
	o.openFile, o.retry, o.ChatLimit = f.open, time.Millisecond, 1<<30
	return open(t, dir, o), f
}

// outcome is what a done is to get.
type outcome chan error

func (c outcome) done(err error)               { c <- err }
func (c outcome) said(_ ChatRecord, err error) { c <- err }
func newOutcome() outcome                      { return make(outcome, 1) }

func (c outcome) want(t *testing.T, what string, want error) {
	t.Helper()
	select {
	case err := <-c:
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: got %v, want %v", what, err, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: no outcome", what)
	}
}

func (c outcome) wantNone(t *testing.T, what string) {
	t.Helper()
	select {
	case err := <-c:
		t.Errorf("%s: decided with %v", what, err)
	default:
	}
}

// until waits for something that happens soon.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func text(key string) ChatRecord { return ChatRecord{Room: "demo", Key: key, Text: key} }

var brokenDisks = []struct {
	name, device string
	cause        error // nil: not told
	files        []string
}{
	{"no space", "/dev/full", nil, []string{FileName, JournalName}},
	{"syncs fail", "/dev/null", nil, []string{FileName, JournalName}},
	{"main file, no space", "/dev/full", nil, []string{FileName}},
	{"main file, syncs fail", "/dev/null", nil, []string{FileName}},
	{"journal, no space", "/dev/full", syscall.ENOSPC, []string{JournalName}},
	{"journal, syncs fail", "/dev/null", syscall.EINVAL, []string{JournalName}},
}

// TestBrokenDisk: what failed waits and is done when the disk is well, and so are
// meetings; texts are refused meanwhile, and never seen. Reads go on.
func TestBrokenDisk(t *testing.T) {
	for _, c := range brokenDisks {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			var log strings.Builder
			var changes []error
			s, files := openFaulty(t, dir, Options{
				Heartbeat: time.Hour, Log: slog.New(slog.NewTextHandler(&log, nil)),
				Changed: func(err error) { changes = append(changes, err) },
			})
			id := fill(t, s)
			files.sabotage(c.device, c.files...)
			held, rated := newOutcome(), newOutcome()
			// A text needs the journal, a meeting's record the main file.
			if err := s.AppendChat(text("held"), held.said); err != nil {
				t.Fatal(err)
			}
			mainFails := slices.Contains(c.files, FileName)
			if slices.Contains(c.files, JournalName) {
				until(t, "unwell", func() bool { return s.Healthy() != nil })
			} else { // only this shows what is wrong
				held.want(t, "a text, for which the main file is not needed", nil)
				held.done(nil)
			}
			if err := s.Rate(id, Rating{Participant: "ann", Stars: 2}, rated.done); err != nil {
				t.Fatal(err)
			}
			until(t, "unwell", func() bool { return s.Healthy() != nil })
			until(t, "tried again", func() bool { return s.Figures().Failures > 2 })
			if err := s.Healthy(); !errors.Is(err, ErrReadOnly) || c.cause != nil && !errors.Is(err, c.cause) {
				t.Errorf("healthy: %v", err)
			}
			if err := s.AppendChat(text("refused"), nil); !errors.Is(err, ErrReadOnly) {
				t.Errorf("a text meanwhile: %v", err)
			}
			left := newOutcome()
			if err := s.Leave(id, "ann", s.o.Now(), "left", left.done); err != nil {
				t.Fatalf("a record meanwhile: %v", err)
			}
			if mainFails {
				until(t, "held", func() bool { return s.Figures().Held >= 2 && len(s.queue) == 0 })
				rated.wantNone(t, "a rating")
				left.wantNone(t, "a leave")
			} else {
				left.want(t, "a leave, for which the journal is not needed", nil)
			}
			if f := s.Figures(); !f.ReadOnly {
				t.Errorf("figures %+v", f)
			}
			if got := history(t, s, "demo"); len(got) == 0 || got[0] != "hello" {
				t.Errorf("reads give %q", got)
			}
			files.heal()
			held.want(t, "held", nil)
			rated.want(t, "a rating", nil)
			if mainFails {
				left.want(t, "a leave", nil)
			}
			until(t, "well", func() bool { return s.Healthy() == nil })
			mustSay(t, s, "demo", "", "after", "after")
			if f := s.Figures(); f.ReadOnly || f.Held != 0 {
				t.Errorf("figures %+v", f)
			}
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			if len(changes) != 2 || changes[0] == nil || changes[1] != nil {
				t.Errorf("changes %v", changes)
			}
			if bad, good := strings.Count(log.String(), "can not write"), strings.Count(log.String(), "writes again"); bad != 1 || good != 1 {
				t.Errorf("said %d and %d times:\n%s", bad, good, log.String())
			}
			again := open(t, dir, killOptions)
			defer again.Close()
			if got, want := history(t, again, "demo"), []string{"hello", "held", "after"}; !slices.Equal(got, want) {
				t.Errorf("history %q, want %q", got, want)
			}
			if got := meeting(t, again, id); got.Ratings[0].Stars != 2 || got.Participants[0].Intervals[0].Reason != "left" {
				t.Errorf("the meeting: %+v", got)
			}
			checkPages(t, again)
		})
	}
}

// TestSameKeyWhileHeld: a text that is sent again while its outcome is unknown is
// not refused, for it may be said, and is said once.
func TestSameKeyWhileHeld(t *testing.T) {
	s, files := openFaulty(t, t.TempDir(), Options{Heartbeat: time.Hour})
	defer s.Close()
	mustSay(t, s, "demo", "", "said", "said")
	files.sabotage("/dev/null", FileName, JournalName)
	first, second, third := newOutcome(), newOutcome(), newOutcome()
	for i, r := range []ChatRecord{text("k"), {Room: "demo", Key: "k", Text: "again"}, text("said")} {
		if err := s.AppendChat(r, []outcome{first, second, third}[i].said); err != nil {
			t.Fatal(err)
		}
		until(t, "unwell", func() bool { return s.Healthy() != nil })
	}
	until(t, "tried again", func() bool { return s.Figures().Failures > 2 })
	first.wantNone(t, "first")
	second.wantNone(t, "second")
	files.heal()
	first.want(t, "first", nil)
	second.want(t, "second", nil)
	third.want(t, "one of before", nil)
	if got := history(t, s, "demo"); !slices.Equal(got, []string{"said", "k"}) {
		t.Errorf("history %q", got)
	}
}

// TestCloseWhileFailing: what failed has an unknown outcome, what was not tried is
// not done.
func TestCloseWhileFailing(t *testing.T) {
	dir := t.TempDir()
	s, files := openFaulty(t, dir, Options{Heartbeat: time.Hour})
	id := fill(t, s)
	files.sabotage("/dev/null", FileName, JournalName)
	held, same, left := newOutcome(), newOutcome(), newOutcome()
	_ = s.AppendChat(text("held"), held.said)
	until(t, "unwell", func() bool { return s.Healthy() != nil })
	_ = s.AppendChat(text("held"), same.said)
	_ = s.Leave(id, "ann", s.o.Now(), "left", left.done)
	if err := s.Close(); !errors.Is(err, ErrReadOnly) {
		t.Errorf("close: %v", err)
	}
	held.want(t, "held", ErrUnknown)
	same.want(t, "the same again", ErrUnknown)
	left.want(t, "a leave", ErrReadOnly)
	again := open(t, dir, Options{})
	defer again.Close()
	if got := meeting(t, again, id); got.Participants[0].Intervals[0].Reason != ReasonCrashed {
		t.Errorf("a refused leave: %+v", got.Participants)
	}
	mustSay(t, again, "demo", "", "held", "held")
	if got := history(t, again, "demo"); !slices.Equal(got, []string{"hello", "held"}) {
		t.Errorf("history %q", got)
	}
}

// TestRefusedTextInAHeldBatch: a text that is refused for want of a journal is so
// whatever becomes of the batch it is in.
func TestRefusedTextInAHeldBatch(t *testing.T) {
	dir := t.TempDir()
	s, files := openFaulty(t, dir, Options{Heartbeat: time.Hour})
	files.sabotage("/dev/null", JournalName)
	first := newOutcome()
	_ = s.AppendChat(text("first"), first.said)
	first.want(t, "first", nil) // parley.db has it
	release := stall(t, s)
	refused := newOutcome()
	if err := s.submit(&chatOp{done: refused.said, record: text("refused"), value: []byte("{}")}); err != nil { // as if just before
		t.Fatal(err)
	}
	held := changing(t, s, Change{Kind: "rooms", Key: "held", Value: []byte("v")}, 0)
	files.sabotage("/dev/null", FileName)
	before := s.Figures().Failures
	release()
	until(t, "tried again", func() bool { return s.Figures().Failures > before+1 })
	if err := s.Close(); !errors.Is(err, ErrReadOnly) {
		t.Errorf("close: %v", err)
	}
	refused.want(t, "refused", ErrReadOnly)
	held.want(t, "held", ErrUnknown)
}

// TestNoAcknowledgementAfterAFailedSync breaks the disk under load and heals it.
// Whatever was acknowledged must be there, nothing may be acknowledged before it is
// healed, and nothing that was refused be seen.
func TestNoAcknowledgementAfterAFailedSync(t *testing.T) {
	for _, c := range brokenDisks {
		if c.cause != nil {
			continue // the main file has it all
		}
		dir := t.TempDir()
		s, files := openFaulty(t, dir, Options{Heartbeat: 2 * time.Millisecond})
		var failing atomic.Bool
		var mu sync.Mutex // guards acked and refused
		var acked, refused []string
		var writers sync.WaitGroup
		stop := make(chan struct{})
		for range 8 {
			writers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					key := NewID()
					_, err := say(s, text(key))
					mu.Lock()
					switch {
					case err == nil:
						acked = append(acked, key)
						if failing.Load() {
							t.Error("acknowledged by a broken disk")
						}
					case errors.Is(err, ErrReadOnly):
						refused = append(refused, key)
					default:
						t.Error(err)
					}
					mu.Unlock()
					if err != nil {
						time.Sleep(time.Millisecond)
					}
				}
			})
		}
		until(t, "load", func() bool { return s.Figures().Commits > 20 })
		files.sabotage(c.device, c.files...)
		until(t, "unwell", func() bool { return s.Healthy() != nil && s.Figures().Failures > 3 })
		failing.Store(true)
		before := s.Figures().Commits
		for range 5 {
			key := NewID()
			if err := s.AppendChat(text(key), nil); !errors.Is(err, ErrReadOnly) {
				t.Errorf("a text meanwhile: %v", err)
			}
			mu.Lock()
			refused = append(refused, key)
			mu.Unlock()
			time.Sleep(4 * time.Millisecond)
		}
		if after := s.Figures().Commits; after != before {
			t.Errorf("%d commits to a broken disk", after-before)
		}
		failing.Store(false)
		files.heal()
		until(t, "well", func() bool { return s.Healthy() == nil && s.Figures().Commits > before+20 })
		close(stop)
		writers.Wait()
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		again := open(t, dir, killOptions)
		for _, key := range acked {
			if _, err := again.ChatByKey("demo", "", key); err != nil {
				t.Errorf("%s: acknowledged text %s: %v", c.name, key, err)
			}
		}
		for _, key := range refused {
			if r, err := again.ChatByKey("demo", "", key); err == nil {
				t.Errorf("%s: refused text is there: %+v", c.name, r)
			}
		}
		again.Close()
	}
}

// TestAnotherFile: a store that somebody puts in the place of this one is not
// written to.
func TestAnotherFile(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	open(t, other, Options{}).Close()
	s, files := openFaulty(t, dir, Options{Heartbeat: time.Hour})
	mustSay(t, s, "demo", "", "k", "k")
	files.sabotage("/dev/null", FileName, JournalName)
	held := newOutcome()
	_ = s.AppendChat(text("held"), held.said)
	until(t, "unwell", func() bool { return s.Healthy() != nil })
	if err := os.Rename(filepath.Join(other, FileName), filepath.Join(dir, FileName)); err != nil {
		t.Fatal(err)
	}
	files.heal()
	until(t, "said", func() bool { return errors.Is(s.Healthy(), errOther) })
	if err := s.Close(); !errors.Is(err, errOther) {
		t.Errorf("close: %v", err)
	}
	held.want(t, "held", ErrUnknown)
}

// TestCutOff: a file that is truncated under the server is an error of reads and
// writes, and does not end the process.
func TestCutOff(t *testing.T) {
	for _, size := range []int64{0, 4096, 3 * 4096} {
		dir := t.TempDir()
		s, _ := openFaulty(t, dir, Options{Heartbeat: time.Hour})
		id := fill(t, s)
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(dir, FileName), size); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Meeting(id); !errors.Is(err, ErrNotAStore) {
			t.Errorf("a read got %v", err)
		}
		if err := s.Leave(id, "ann", s.o.Now(), "left", nil); err != nil {
			t.Fatal(err)
		}
		until(t, "unwell", func() bool { return s.Healthy() != nil })
		_ = s.Close()
	}
}

// TestMendMeetsDamage damages the pages that a mend reads: the store fails, and
// nothing panics.
func TestMendMeetsDamage(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{Log: quiet})
	defer s.Close()
	err := Wait(func(done func(error)) error {
		return s.submit(&flushOp{func(error) { // on the writer's goroutine
			damageAll(t, filepath.Join(dir, FileName))
			s.journal.doubted = true
			defer func() { done(s.failed()) }()
			s.mend()
		}})
	})
	if !errors.Is(err, ErrReadOnly) || !errors.Is(err, ErrNotAStore) {
		t.Errorf("a mend that met damage left the store with %v", err)
	}
}

// damageAll fills all pages but the two roots with zeros.
func damageAll(t *testing.T, path string) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		from := int64(2 * os.Getpagesize())
		_, err = f.WriteAt(make([]byte, info.Size()-from), from)
	}
	if err != nil {
		t.Error(err)
	}
}
