package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func putEntry(t testing.TB, s *Store, kind, key, value string, was uint64) (revision uint64) {
	t.Helper()
	revision, err := s.PutEntry(t.Context(), kind, key, []byte(value), was)
	if err != nil {
		t.Fatalf("put %s %s: %v", kind, key, err)
	}
	return revision
}

func deleteEntry(t testing.TB, s *Store, kind, key string, was uint64) {
	t.Helper()
	if err := s.DeleteEntry(t.Context(), kind, key, was); err != nil {
		t.Fatalf("delete %s %s: %v", kind, key, err)
	}
}

// entriesOf is what a store has, as "kind key value revision".
func entriesOf(t testing.TB, s *Store) (all []string) {
	t.Helper()
	entries, _, err := s.entries()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range entries {
		all = append(all, lineOf(c))
	}
	return all
}

func lineOf(c Change) string {
	switch {
	case c.Ready:
		return "ready"
	case c.Value == nil:
		return fmt.Sprint(c.Kind, " ", c.Key, " deleted ", c.Revision)
	}
	return fmt.Sprintf("%s %s %s %d", c.Kind, c.Key, c.Value, c.Revision)
}

// TestEntries: a change needs the revision that is, and takes the next of the store,
// also after the entry that had the last was deleted and the store opened again.
func TestEntries(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	steps := []struct {
		what, kind, key, value string // value "-": delete
		was, revision          uint64 // revision of the entry after it
		err                    error
	}{
		{"new", "rooms", "demo", "a", 0, 1, nil},
		{"the same again", "rooms", "demo", "b", 0, 1, ErrConflict},
		{"change", "rooms", "demo", "b", 1, 2, nil},
		{"change of what was", "rooms", "demo", "c", 1, 2, ErrConflict},
		{"another kind", "order", "demo", "x", 0, 3, nil},
		{"no value", "keys", "demo", "", 0, 4, nil},
		{"delete what was", "rooms", "demo", "-", 1, 2, ErrConflict},
		{"delete", "rooms", "demo", "-", 2, 0, nil},
		{"delete again", "rooms", "demo", "-", 2, 0, ErrConflict},
		{"delete nothing", "rooms", "demo", "-", 0, 0, ErrConflict},
		{"change of what is gone", "rooms", "demo", "d", 2, 0, ErrConflict},
		{"anew", "rooms", "demo", "d", 0, 6, nil},
		{"delete the last", "rooms", "demo", "-", 6, 0, nil},
	}
	for _, step := range steps {
		var revision uint64
		var err error
		if step.value == "-" {
			err = s.DeleteEntry(t.Context(), step.kind, step.key, step.was)
			revision = step.revision
		} else {
			revision, err = s.PutEntry(t.Context(), step.kind, step.key, []byte(step.value), step.was)
		}
		if !errors.Is(err, step.err) || step.err == nil && err != nil || revision != step.revision {
			t.Errorf("%s: %d, %v, want %d, %v", step.what, revision, err, step.revision, step.err)
		}
	}
	want := []string{"order demo x 3", "keys demo  4"}
	if got := entriesOf(t, s); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{})
	defer s.Close()
	if got := entriesOf(t, s); !slices.Equal(got, want) {
		t.Errorf("opened again: %q, want %q", got, want)
	}
	if got := putEntry(t, s, "rooms", "demo", "e", 0); got != 8 {
		t.Errorf("revision %d after 7", got)
	}
}

// TestEntriesInOneCommit: of two who saw the same, the first wins, whether or not
// they come to the disk together.
func TestEntriesInOneCommit(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	release := stall(t, s)
	const writers = 20
	var won, lost int
	for i := range writers {
		err := s.submitEntry(Change{Kind: "rooms", Key: "demo", Value: fmt.Append(nil, i)}, 0, func(revision uint64, err error) {
			switch {
			case err == nil && i == 0 && revision == 1:
				won++
			case errors.Is(err, ErrConflict) && revision == 1:
				lost++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	release()
	if err := s.Flush(); err != nil || won != 1 || lost != writers-1 {
		t.Errorf("%d won, %d lost, %v", won, lost, err)
	}
}

func TestEntriesOutOfBounds(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	long := strings.Repeat("k", MaxEntryKey)
	for _, c := range []struct {
		name, kind, key string
		value           int
		err             error
	}{
		{"as long as may be", strings.Repeat("k", MaxKind), long, MaxValue, nil},
		{"long key", "rooms", long + "k", 1, ErrInvalid},
		{"no key", "rooms", "", 1, ErrInvalid},
		{"long value", "rooms", "k", MaxValue + 1, ErrInvalid},
		{"no kind", "", "k", 1, ErrInvalid},
		{"long kind", strings.Repeat("k", MaxKind+1), "k", 1, ErrInvalid},
		{"odd kind", "Rooms", "k", 1, ErrInvalid},
		{"any bytes", "rooms", "\x00\xff", 1, nil},
	} {
		_, err := s.PutEntry(t.Context(), c.kind, c.key, make([]byte, c.value), 0)
		if !errors.Is(err, c.err) || c.err == nil && err != nil {
			t.Errorf("%s: put: %v, want %v", c.name, err, c.err)
		}
	}
	all, _, err := s.entries()
	if err != nil || len(all) != 2 || all[0].Key != long || len(all[0].Value) != MaxValue || all[1].Key != "\x00\xff" {
		t.Errorf("%d entries, %v", len(all), err)
	}
}

// TestTooManyEntries: of a kind, not of all; a deleted one makes room, and so it is
// when the store is opened again.
func TestTooManyEntries(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{Queue: MaxEntries + 1})
	for i := range MaxEntries {
		err := s.submitEntry(Change{Kind: "rooms", Key: fmt.Sprint(i), Value: []byte("v")}, 0, func(_ uint64, err error) {
			if err != nil {
				t.Errorf("entry %d: %v", i, err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.PutEntry(t.Context(), "rooms", "more", nil, 0); !errors.Is(err, ErrTooMany) {
			t.Errorf("one more: %v", err)
		}
		other := putEntry(t, s, "keys", "more", "another kind", 0)
		deleteEntry(t, s, "keys", "more", other)
		all, _, err := s.entries()
		if err != nil || len(all) != MaxEntries {
			t.Fatalf("%d entries, %v", len(all), err)
		}
		first := all[0]
		changed := putEntry(t, s, "rooms", first.Key, "changed", first.Revision)
		deleteEntry(t, s, "rooms", first.Key, changed)
		putEntry(t, s, "rooms", first.Key, "in its place", 0)
		s.Close()
		s = open(t, dir, Options{})
	}
	s.Close()
}

// watched is what somebody who watches has been told.
type watched struct {
	mu    sync.Mutex // guards lines and now
	lines []string
	now   map[string]string // what is there
	last  uint64
	t     testing.TB
}

func (w *watched) on(c Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, lineOf(c))
	if c.Ready {
		return
	}
	if c.Revision <= w.last && c.Revision > 0 { // 0: damaged
		w.t.Errorf("revision %d comes after %d", c.Revision, w.last)
	}
	w.last = c.Revision
	if c.Value == nil {
		delete(w.now, c.Kind+" "+c.Key)
	} else {
		w.now[c.Kind+" "+c.Key] = lineOf(c)
	}
}

func (w *watched) told() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.lines)
}

// is reports whether what was told comes to what a store has.
func (w *watched) is(entries []string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Equal(slices.Sorted(maps.Values(w.now)), slices.Sorted(slices.Values(entries)))
}

func watch(t testing.TB, s *Store) (w *watched, stop func()) {
	w = &watched{t: t, now: make(map[string]string)}
	return w, s.WatchEntries(w.on)
}

// TestWatchEntries: what there is, Ready, what comes, in order; nothing after stop;
// Close tells the last.
func TestWatchEntries(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	putEntry(t, s, "rooms", "b", "1", 0)
	putEntry(t, s, "keys", "a", "2", 0)
	putEntry(t, s, "rooms", "a", "3", 0)
	deleteEntry(t, s, "keys", "a", 2)
	w, stop := watch(t, s)
	defer stop()
	want := []string{"rooms b 1 1", "rooms a 3 3", "ready"}
	until(t, "ready", func() bool { return slices.Equal(w.told(), want) })
	early, stopEarly := watch(t, s)
	until(t, "ready", func() bool { return slices.Contains(early.told(), "ready") })
	putEntry(t, s, "rooms", "b", "5", 1)
	until(t, "told", func() bool { return slices.Contains(early.told(), "rooms b 5 5") })
	stopEarly()
	stopEarly()
	deleteEntry(t, s, "rooms", "a", 3)
	putEntry(t, s, "rooms", "c", "", 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want = append(want, "rooms b 5 5", "rooms a deleted 6", "rooms c  7")
	if got := w.told(); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	if got := early.told(); got[len(got)-1] != "rooms b 5 5" {
		t.Errorf("told after stop: %q", got)
	}
	late, stop := watch(t, s)
	stop()
	if got := late.told(); len(got) > 0 {
		t.Errorf("a closed store tells %q", got)
	}
}

// TestSlowWatcher: who does not come back holds nobody up, and gets the last of each
// entry when it does.
func TestSlowWatcher(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	held, release := make(chan struct{}), make(chan struct{})
	w := &watched{t: t, now: make(map[string]string)}
	var once sync.Once
	stop := s.WatchEntries(func(c Change) {
		once.Do(func() { close(held); <-release })
		w.on(c)
	})
	defer stop()
	<-held
	var revision uint64
	for i := range 50 {
		revision = putEntry(t, s, "rooms", "often", fmt.Sprint(i), revision)
	}
	putEntry(t, s, "rooms", "once", "v", 0)
	close(release)
	want := []string{"ready", "rooms often 49 50", "rooms once v 51"}
	until(t, "told", func() bool { return len(w.told()) >= len(want) })
	if got := w.told(); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// TestWatchUnderLoad: whoever begins to watch at any time comes to what there is.
func TestWatchUnderLoad(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	var writers sync.WaitGroup
	for writer := range 4 {
		writers.Go(func() {
			for i := range 60 {
				kind, key := fmt.Sprintf("kind_%c", 'a'+writer%2), fmt.Sprint(writer, "-", i%7)
				revision, err := s.PutEntry(t.Context(), kind, key, fmt.Append(nil, i), 0)
				if err == nil && i%3 > 0 {
					err = s.DeleteEntry(t.Context(), kind, key, revision)
				}
				if err != nil && !errors.Is(err, ErrConflict) {
					t.Error(err)
				}
			}
		})
	}
	all := []*watched{}
	for range 30 {
		w, stop := watch(t, s)
		defer stop()
		all = append(all, w)
		until(t, "ready", func() bool { return slices.Contains(w.told(), "ready") })
	}
	writers.Wait()
	want := entriesOf(t, s)
	if len(want) == 0 {
		t.Error("nothing is left: this tests little")
	}
	for i, w := range all {
		until(t, fmt.Sprint("watcher ", i, " is as the store"), func() bool { return w.is(want) })
	}
}

// TestEntryNobodyWaitsFor: a caller that gives up gets ErrUnknown and what it wanted
// happens; one that has given up before gets its own error and nothing does.
func TestEntryNobodyWaitsFor(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	release := stall(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := s.PutEntry(ctx, "rooms", "demo", []byte("v"), 0)
		ended <- err
	}()
	until(t, "queued", func() bool { return s.Figures().Queued == 1 })
	cancel()
	if err := <-ended; !errors.Is(err, ErrUnknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := s.DeleteEntry(ctx, "rooms", "demo", 1); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnknown) {
		t.Errorf("given up before: %v", err)
	}
	release()
	w, stop := watch(t, s)
	defer stop()
	until(t, "stored", func() bool { return slices.Contains(w.told(), "rooms demo v 1") })
}

// TestQueuedValuesAreBounded: in bytes, for values are large and a disk may be slow.
func TestQueuedValuesAreBounded(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	for range 2 { // what was refused and what was stored is forgotten
		release := stall(t, s)
		taken, value := 0, make([]byte, MaxValue)
		for i := range maxValues/MaxValue + 3 {
			err := s.submitEntry(Change{Kind: "rooms", Key: fmt.Sprint(i), Value: value}, 1<<40, func(uint64, error) {})
			if err == nil {
				taken++
			} else if !errors.Is(err, ErrBusy) {
				t.Error(err)
			}
		}
		if taken != maxValues/MaxValue {
			t.Errorf("%d values wait", taken)
		}
		release()
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDamagedEntry: it is told without a value, so that nobody takes it for one that
// is not there, and can not be changed; Check says it, and Repair what it has lost.
func TestDamagedEntry(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	putEntry(t, s, "rooms", "sound", "sound value", 0)
	putEntry(t, s, "rooms", "damaged", "damaged value", 0)
	s.Close()
	path := filepath.Join(dir, FileName)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(data); { // its pages of before as well
		n := strings.Index(string(data[at:]), "damaged value")
		if n < 0 {
			break
		}
		flip(t, path, at+n)
		at += n + 1
	}
	s = open(t, dir, Options{})
	w, stop := watch(t, s)
	want := []string{"rooms damaged  0", "rooms sound sound value 1", "ready"}
	until(t, "ready", func() bool { return len(w.told()) == len(want) })
	if got := slices.Sorted(slices.Values(w.told())); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("told %q, want %q", got, want)
	}
	stop()
	for _, was := range []uint64{0, 2} {
		if _, err := s.PutEntry(t.Context(), "rooms", "damaged", nil, was); !errors.Is(err, ErrNotAStore) {
			t.Errorf("changed: %v", err)
		}
	}
	s.Close()
	report, err := Check(dir)
	if err != nil || len(report.Faults) != 1 || !strings.Contains(report.Faults[0], "entries") || report.Records[KindEntry] != 1 {
		t.Errorf("check: %+v, %v", report, err)
	}
	done, err := Repair(dir)
	if err != nil || done.Lost[KindEntry] != 1 || done.Records[KindEntry] != 1 {
		t.Errorf("repair: %+v, %v", done, err)
	}
	s = open(t, dir, Options{})
	defer s.Close()
	if got := entriesOf(t, s); !slices.Equal(got, []string{"rooms sound sound value 1"}) {
		t.Errorf("after the repair: %q", got)
	}
	if got := putEntry(t, s, "rooms", "new", "v", 0); got != 3 {
		t.Errorf("revision %d after 2", got)
	}
}

// TestRevisionBeyondTheCounter: the counter that was lost is seen, and set right.
func TestRevisionBeyondTheCounter(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	for i := range uint64(3) {
		putEntry(t, s, "rooms", "demo", "v", i)
	}
	s.writer.revision = 1
	s.Close()
	if report, err := Check(dir); err != nil || len(report.Faults) != 1 || !strings.Contains(report.Faults[0], "revision 3") {
		t.Errorf("check: %+v, %v", report, err)
	}
	if _, err := Repair(dir); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{})
	defer s.Close()
	if got := putEntry(t, s, "rooms", "demo", "v", 3); got != 4 {
		t.Errorf("revision %d after 3", got)
	}
}
