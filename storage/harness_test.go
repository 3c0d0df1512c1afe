package storage

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"
)

// childDir, when set, makes this test binary the child of the kill test.
const childDir = "PARLEY_STORAGE_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		runChild(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// NewID returns an id for a meeting that begins now, as the engine makes them.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func open(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	if o.Log == nil {
		o.Log = quiet
	}
	if o.Reserve == 0 {
		o.Reserve = 64 << 10
	}
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// crash returns a folder with what is on disk now, as a kill would leave it. The
// store must be idle.
func crash(t testing.TB, s *Store) string {
	t.Helper()
	dir := filepath.Dir(s.db.Path())
	to := t.TempDir()
	copyFile(t, dir, to, FileName)
	copyFile(t, dir, to, JournalName)
	return to
}

// copyFile copies a file from one folder to another, which is made if need be.
func copyFile(t testing.TB, from, to, name string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(from, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// flip changes a bit of a file.
func flip(t testing.TB, path string, at int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[at] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// clock is a time that tests move.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ms.Store(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// wait makes a write that must end with want.
func wait(t testing.TB, want error, write func(func(error)) error) {
	t.Helper()
	if err := Wait(write); !errors.Is(err, want) || (want == nil && err != nil) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func begin(t testing.TB, s *Store, m Meeting) string {
	t.Helper()
	if m.ID == "" {
		m.ID = NewID()
	}
	wait(t, nil, func(done func(error)) error { return s.BeginMeeting(m, done) })
	return m.ID
}

func enter(t testing.TB, s *Store, id, participant string, at time.Time) {
	t.Helper()
	wait(t, nil, func(done func(error)) error {
		return s.Join(id, Joining{Participant: participant, Name: "name of " + participant, At: at}, done)
	})
}

func leave(t testing.TB, s *Store, id, participant string, at time.Time) {
	t.Helper()
	wait(t, nil, func(done func(error)) error { return s.Leave(id, participant, at, "left", done) })
}

// say appends a text and returns what was stored.
func say(s *Store, r ChatRecord) (stored ChatRecord, err error) {
	err = Wait(func(done func(error)) error {
		return s.AppendChat(r, func(got ChatRecord, err error) { stored = got; done(err) })
	})
	return stored, err
}

func mustSay(t testing.TB, s *Store, room, identity, key, text string) ChatRecord {
	t.Helper()
	r, err := say(s, ChatRecord{Room: room, Identity: identity, Key: key, Text: text, At: s.o.Now()})
	if err != nil {
		t.Fatalf("say %q: %v", text, err)
	}
	return r
}

func meeting(t testing.TB, s *Store, id string) *MeetingRecord {
	t.Helper()
	m, err := s.Meeting(id)
	if err != nil {
		t.Fatalf("meeting %s: %v", id, err)
	}
	return m
}

func history(t testing.TB, s *Store, room string) []string {
	t.Helper()
	records, err := s.ChatHistory(room, 0)
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]string, len(records))
	for i, r := range records {
		texts[i] = r.Text
	}
	return texts
}
