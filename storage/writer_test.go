package storage

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// stall holds the writer in a callback until release is called.
func stall(t *testing.T, s *Store) (release func()) {
	t.Helper()
	held, done := make(chan struct{}), make(chan struct{})
	if err := s.submit(&flushOp{func(error) { close(held); <-done }}); err != nil {
		t.Fatal(err)
	}
	<-held
	return func() { close(done) }
}

func TestQueuedWritesShareACommit(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	release := stall(t, s)
	before := s.Figures()
	var order []int
	for i := range 100 {
		err := s.AppendChat(ChatRecord{Room: "demo", Key: fmt.Sprint(i), Text: "t"}, func(_ ChatRecord, err error) {
			if err != nil {
				t.Error(err)
			}
			order = append(order, i)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	release()
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	f := s.Figures()
	if commits := f.Commits - before.Commits; commits > 2 {
		t.Errorf("100 queued writes took %d commits", commits)
	}
	if !slices.IsSorted(order) || len(order) != 100 {
		t.Errorf("callbacks came in the order %v", order)
	}
}

func TestDoneMeansDurable(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	for i := range 20 {
		found := make(chan error, 1)
		key := fmt.Sprint(i)
		err := s.AppendChat(ChatRecord{Room: "demo", Key: key, Text: "t"}, func(_ ChatRecord, err error) {
			if err == nil {
				_, err = s.ChatByKey("demo", "", key)
			}
			found <- err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-found; err != nil {
			t.Fatalf("acknowledged and not there: %v", err)
		}
	}
}

func TestFullQueue(t *testing.T) {
	s := open(t, t.TempDir(), Options{Queue: 3})
	defer s.Close()
	release := stall(t, s)
	called := 0
	count := func(ChatRecord, error) { called++ }
	for i := range 5 {
		err := s.AppendChat(ChatRecord{Room: "demo", Key: fmt.Sprint(i), Text: "t"}, count)
		if want := map[bool]error{true: ErrBusy}[i >= 3]; err != want {
			t.Errorf("write %d: got %v, want %v", i, err, want)
		}
	}
	if f := s.Figures(); f.Queued != 3 || f.QueueCap != 3 || f.Refused != 2 {
		t.Errorf("figures %+v", f)
	}
	release()
	for s.Flush() == ErrBusy {
		time.Sleep(time.Millisecond)
	}
	if called != 3 {
		t.Errorf("%d callbacks for 3 queued writes", called)
	}
}

func TestCloseCommitsWhatIsQueued(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	release := stall(t, s)
	acked := 0
	for i := range 50 {
		err := s.AppendChat(ChatRecord{Room: "demo", Key: fmt.Sprint(i), Text: "t"}, func(_ ChatRecord, err error) {
			if err == nil {
				acked++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	time.AfterFunc(10*time.Millisecond, release)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	if acked != 50 {
		t.Errorf("%d of 50 acknowledged", acked)
	}
	again := open(t, dir, Options{})
	defer again.Close()
	if got := len(history(t, again, "demo")); got != 50 {
		t.Errorf("%d of 50 are there", got)
	}
}

func TestClosed(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	id := fill(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, byKey := s.ChatByKey("demo", "ann", "k1")
	_, chat := s.ChatHistory("demo", 1)
	_, one := s.Meeting(id)
	_, list := s.Meetings(MeetingsQuery{})
	for name, err := range map[string]error{
		"write":   s.EndMeeting(id, time.Now(), "", nil),
		"healthy": s.Healthy(), "by key": byKey, "chat": chat, "meeting": one, "list": list,
	} {
		if err != ErrClosed {
			t.Errorf("%s: got %v, want %v", name, err, ErrClosed)
		}
	}
}

// TestOneBadWriteLeavesItsBatchAlone: an error of one record is that record's.
func TestOneBadWriteLeavesItsBatchAlone(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	release := stall(t, s)
	a, b := NewID(), NewID()
	now := time.Now()
	got := make(map[string]error)
	note := func(name string) func(error) { return func(err error) { got[name] = err } }
	writes := []error{
		s.BeginMeeting(Meeting{ID: a, Room: "demo", Start: now}, note("begin")),
		s.BeginMeeting(Meeting{ID: b, Room: "demo", Start: now}, note("same room")),
		s.Join(b, Joining{Participant: "p", At: now}, note("no meeting")),
		s.Join(a, Joining{Participant: "p", At: now}, note("join")),
		s.Join(a, Joining{Participant: "p", At: now}, note("twice")),
		s.Leave(a, "q", now, "left", note("absent")),
		s.BeginMeeting(Meeting{ID: a, Room: "other", Start: now}, note("same id")),
		s.EndMeeting(a, now, "", nil),
		s.EndMeeting(a, now, "", note("ended")),
		s.BeginMeeting(Meeting{ID: b, Room: "demo", Start: now}, note("room is free")),
	}
	if err := errors.Join(writes...); err != nil {
		t.Fatal(err)
	}
	release()
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	want := map[string]error{
		"begin": nil, "same room": ErrRoomRunning, "no meeting": ErrNotFound, "join": nil, "twice": ErrPresent,
		"absent": ErrAbsent, "same id": ErrExists, "ended": ErrEnded, "room is free": nil,
	}
	for name, err := range want {
		if got[name] != err {
			t.Errorf("%s: got %v, want %v", name, got[name], err)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d of %d callbacks", len(got), len(want))
	}
	if m := meeting(t, s, a); m.Peak != 1 || len(m.Participants) != 1 {
		t.Errorf("meeting %+v", m)
	}
}

func TestPanickingCallback(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	if err := s.submit(&flushOp{func(error) { panic("a caller's bug") }}); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
}

// TestReadsDoNotBlockWriters: a read transaction that stays open, and many short
// ones, while writes go on.
func TestReadsDoNotBlockWriters(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	fill(t, s)
	entered, leave := make(chan struct{}), make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		_ = s.view(func(*bolt.Tx) error { close(entered); <-leave; return nil })
	})
	<-entered
	for i := range 50 {
		if _, err := say(s, ChatRecord{Room: "demo", Key: fmt.Sprint(i), Text: "t"}); err != nil {
			t.Fatal(err)
		}
		if got := len(history(t, s, "demo")); got != i+2 {
			t.Fatalf("%d texts after %d", got, i+2)
		}
	}
	close(leave)
	readers.Wait()
}

func TestConcurrentUse(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	var users sync.WaitGroup
	for user := range 8 {
		users.Go(func() {
			room := fmt.Sprint("room", user)
			id := begin(t, s, Meeting{Room: room, Start: time.Now()})
			for i := range 20 {
				enter(t, s, id, "p", time.Now())
				mustSay(t, s, room, "p", fmt.Sprint(i), "t")
				leave(t, s, id, "p", time.Now())
				if got := len(history(t, s, room)); got != i+1 {
					t.Errorf("%s: %d texts after %d", room, got, i+1)
				}
			}
			if m := meeting(t, s, id); len(m.Participants[0].Intervals) != 20 || m.Peak != 1 || m.Present != 0 {
				t.Errorf("%s: %+v", room, m)
			}
		})
	}
	users.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
