package storage

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// changing submits a change of an entry; what it gets goes to the outcome.
func changing(t *testing.T, s *Store, c Change, was uint64) outcome {
	t.Helper()
	o := newOutcome()
	if err := s.submitEntry(c, was, func(_ uint64, err error) { o.done(err) }); err != nil {
		t.Fatal(err)
	}
	return o
}

// TestEntriesOnABrokenDisk: a change waits, in its order, and nobody is told before
// it is on disk; where only the journal is broken it does not wait.
func TestEntriesOnABrokenDisk(t *testing.T) {
	for _, c := range brokenDisks {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s, files := openFaulty(t, dir, Options{Heartbeat: time.Hour})
			putEntry(t, s, "rooms", "old", "v", 0)
			w, stop := watch(t, s)
			defer stop()
			until(t, "ready", func() bool { return slices.Contains(w.told(), "ready") })
			files.sabotage(c.device, c.files...)
			first := changing(t, s, Change{Kind: "rooms", Key: "new", Value: []byte("1")}, 0)
			second := changing(t, s, Change{Kind: "rooms", Key: "new", Value: []byte("2")}, 2)
			third := changing(t, s, Change{Kind: "rooms", Key: "old"}, 1)
			fourth := changing(t, s, Change{Kind: "rooms", Key: "old"}, 1)
			if slices.Contains(c.files, FileName) {
				until(t, "tried again", func() bool { return s.Figures().Failures > 2 })
				first.wantNone(t, "the first")
				second.wantNone(t, "the second")
				third.wantNone(t, "the third")
				if got := w.told(); len(got) != 2 {
					t.Errorf("told of what is not on disk: %q", got)
				}
				late, stop := watch(t, s)
				defer stop()
				files.heal()
				until(t, "told who began to watch meanwhile", func() bool { return late.is([]string{"rooms new 2 3"}) })
			}
			first.want(t, "the first", nil)
			second.want(t, "the second", nil)
			third.want(t, "the third", nil)
			fourth.want(t, "the fourth", ErrConflict)
			files.heal()
			until(t, "told", func() bool { return w.is([]string{"rooms new 2 3"}) })
			s.Close()
			again := open(t, dir, Options{})
			defer again.Close()
			if got := entriesOf(t, again); !slices.Equal(got, []string{"rooms new 2 3"}) {
				t.Errorf("opened again: %q", got)
			}
			if got := putEntry(t, again, "rooms", "more", "v", 0); got != 5 {
				t.Errorf("revision %d after 4", got)
			}
		})
	}
}

// TestCloseWithEntriesHeld: of what failed nobody knows, what was not tried is not
// done, and who watches hears of neither.
func TestCloseWithEntriesHeld(t *testing.T) {
	dir := t.TempDir()
	s, files := openFaulty(t, dir, Options{Heartbeat: time.Hour})
	putEntry(t, s, "rooms", "old", "v", 0)
	w, stop := watch(t, s)
	defer stop()
	until(t, "ready", func() bool { return slices.Contains(w.told(), "ready") })
	files.sabotage("/dev/null", FileName, JournalName)
	held := changing(t, s, Change{Kind: "rooms", Key: "held", Value: []byte("v")}, 0)
	until(t, "unwell", func() bool { return s.Healthy() != nil })
	untried := changing(t, s, Change{Kind: "rooms", Key: "untried", Value: []byte("v")}, 0)
	if err := s.Close(); !errors.Is(err, ErrReadOnly) {
		t.Errorf("close: %v", err)
	}
	held.want(t, "held", ErrUnknown)
	untried.want(t, "not tried", ErrReadOnly)
	if got := w.told(); len(got) != 2 {
		t.Errorf("told %q", got)
	}
	again := open(t, dir, Options{})
	defer again.Close()
	got := entriesOf(t, again)
	if !slices.Equal(got, []string{"rooms old v 1"}) && !slices.Equal(got, []string{"rooms old v 1", "rooms held v 2"}) {
		t.Errorf("opened again: %q", got)
	}
}

// TestWatchWhileUnreadable: who begins to watch what can not be read is told when it
// can, and may stop meanwhile.
func TestWatchWhileUnreadable(t *testing.T) {
	dir := t.TempDir()
	s, _ := openFaulty(t, dir, Options{Heartbeat: time.Hour})
	putEntry(t, s, "rooms", "demo", "v", 0)
	main := s.main.Load()
	size := main.size.Swap(1 << 40) // as if the file had lost its end
	gone, stopGone := watch(t, s)
	w, stop := watch(t, s)
	defer stop()
	time.Sleep(20 * time.Millisecond)
	if got := append(gone.told(), w.told()...); len(got) > 0 {
		t.Errorf("told %q", got)
	}
	stopGone()
	main.size.Store(size)
	until(t, "told", func() bool { return slices.Equal(w.told(), []string{"rooms demo v 1", "ready"}) })
	if got := gone.told(); len(got) > 0 {
		t.Errorf("told after stop: %q", got)
	}
	main.size.Store(1 << 40)
	late, stopLate := watch(t, s)
	defer stopLate()
	if err := s.Close(); err == nil { // who has not been told yet does not keep it open
		t.Error("closed in order, and could not be read")
	}
	if got := late.told(); len(got) > 0 {
		t.Errorf("told %q", got)
	}
}
