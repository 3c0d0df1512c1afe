package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestMeetingJSON fixes the form that the API hands out.
func TestMeetingJSON(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now})
	defer s.Close()
	const id = "0195a3f0-0000-7000-8000-000000000001"
	at := func(minute int) time.Time { return c.now().Add(time.Duration(minute) * time.Minute) }
	begin(t, s, Meeting{ID: id, Room: "demo", Creator: "u1", Start: at(0), Limit: 20})
	wait(t, nil, func(done func(error)) error {
		return s.Join(id, Joining{Participant: "p2", User: "u1", Sub: "ann@example.org", Name: "Ann", At: at(0)}, done)
	})
	enter(t, s, id, "p1", at(1))
	leave(t, s, id, "p2", at(2))
	enter(t, s, id, "p2", at(3))
	wait(t, nil, func(done func(error)) error { return s.Rename(id, "p2", "Anna", done) })
	running, err := s.Meetings(MeetingsQuery{Running: true})
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, running, `[{"id":"`+id+`","room":"demo","creator":"u1","start":"2026-03-01T09:00:00Z","peak":2,"present":2,"limit":20}]`)
	wait(t, nil, func(done func(error)) error {
		return s.AppendAct(id, Act{At: at(4), By: "p1", What: "set_role", Whom: "p2", Detail: "listener"}, done)
	})
	wait(t, nil, func(done func(error)) error { return s.EndMeeting(id, at(5), "shutdown", done) })
	wait(t, nil, func(done func(error)) error {
		return s.Rate(id, Rating{Participant: "p1", Stars: 4, At: at(6)}, done)
	})
	wantJSON(t, meeting(t, s, id), `{"id":"`+id+`","room":"demo","creator":"u1","start":"2026-03-01T09:00:00Z",
		"end":"2026-03-01T09:05:00Z","peak":2,"present":0,"limit":20,
		"participants":[
			{"participant":"p2","user":"u1","sub":"ann@example.org","name":"Anna","intervals":[
				{"join":"2026-03-01T09:00:00Z","leave":"2026-03-01T09:02:00Z","reason":"left"},
				{"join":"2026-03-01T09:03:00Z","leave":"2026-03-01T09:05:00Z","reason":"shutdown"}]},
			{"participant":"p1","name":"name of p1","intervals":[
				{"join":"2026-03-01T09:01:00Z","leave":"2026-03-01T09:05:00Z","reason":"shutdown"}]}],
		"ratings":[{"participant":"p1","stars":4,"at":"2026-03-01T09:06:00Z"}],
		"acts":[{"at":"2026-03-01T09:04:00Z","by":"p1","what":"set_role","whom":"p2","detail":"listener"}]}`)
}

// TestAttendance reads one participant, whose ticket is what the first join said.
func TestAttendance(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	now := time.UnixMilli(0).UTC()
	id, other := begin(t, s, Meeting{Room: "demo", Start: now}), begin(t, s, Meeting{Room: "else", Start: now})
	ticket := []byte("hash")
	wait(t, nil, func(done func(error)) error {
		defer copy(ticket, "gone")
		return s.Join(id, Joining{Participant: "p", Name: "Ann", Ticket: ticket, At: now}, done)
	})
	leave(t, s, id, "p", now)
	enter(t, s, id, "p", now)
	s.Close()
	s = open(t, dir, Options{})
	defer s.Close()
	a, err := s.Attendance(id, "p")
	if err != nil || a.Participant != "p" || string(a.Ticket) != "hash" || len(a.Intervals) != 2 {
		t.Errorf("got %+v, %v", a, err)
	}
	for name, c := range map[string]struct {
		id, participant string
		want            error
	}{
		"other meeting":   {other, "p", ErrNotFound},
		"no such meeting": {NewID(), "p", ErrNotFound},
		"no meeting":      {"x", "p", ErrInvalid},
		"beginning":       {id, "", ErrInvalid},
		"nobody":          {id, "p2", ErrNotFound},
		"long":            {id, strings.Repeat("p", MaxParticipant+1), ErrInvalid},
	} {
		if _, err := s.Attendance(c.id, c.participant); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func wantJSON(t *testing.T, got any, want string) {
	t.Helper()
	data, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	want = strings.NewReplacer("\n", "", "\t", "").Replace(want)
	if string(data) != want {
		t.Errorf("got  %s\nwant %s", data, want)
	}
}

func TestMeetingsOfAnEmptyStore(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	for _, q := range []MeetingsQuery{{}, {Room: "demo"}, {Running: true}, {Before: NewID()}} {
		found, err := s.Meetings(q)
		if err != nil {
			t.Fatal(err)
		}
		wantJSON(t, found, "[]")
	}
	if _, err := s.Meeting(NewID()); err != ErrNotFound {
		t.Errorf("got %v", err)
	}
}

// TestRoomNamesDoNotMix: a name that is the beginning of another, or looks like a
// key, has its own records.
func TestRoomNamesDoNotMix(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	rooms := []string{"a", "aa", "a\x00", "a\x00\x01", "\x00", "会议", strings.Repeat("x", MaxRoom)}
	for _, room := range rooms {
		begin(t, s, Meeting{Room: room, Start: time.Now()})
		mustSay(t, s, room, "i", "k", "text of "+room)
	}
	for _, room := range rooms {
		if got := history(t, s, room); len(got) != 1 || got[0] != "text of "+room {
			t.Errorf("%q: %q", room, got)
		}
		found, err := s.Meetings(MeetingsQuery{Room: room})
		if err != nil || len(found) != 1 || found[0].Room != room {
			t.Errorf("%q: %v, %v", room, found, err)
		}
	}
}

func TestInvalidRecords(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	id := fill(t, s)
	now := time.Now()
	long := strings.Repeat("x", 100_000)
	_, list := s.Meetings(MeetingsQuery{Before: "x"})
	_, listRoom := s.Meetings(MeetingsQuery{Room: long})
	_, one := s.Meeting("../../etc/passwd")
	_, chat := s.ChatHistory("", 1)
	_, byKey := s.ChatByKey(long, "", "k")
	cases := map[string]error{
		"meeting id":       s.BeginMeeting(Meeting{ID: "x", Room: "demo"}, nil),
		"meeting id form":  s.BeginMeeting(Meeting{ID: "{" + id[1:35] + "}", Room: "demo"}, nil),
		"no room":          s.BeginMeeting(Meeting{ID: NewID()}, nil),
		"long room":        s.BeginMeeting(Meeting{ID: NewID(), Room: long}, nil),
		"long creator":     s.BeginMeeting(Meeting{ID: NewID(), Room: "r", Creator: long}, nil),
		"end id":           s.EndMeeting("", now, "", nil),
		"end reason":       s.EndMeeting(id, now, long, nil),
		"join id":          s.Join("", Joining{Participant: "p"}, nil),
		"join nobody":      s.Join(id, Joining{}, nil),
		"join long name":   s.Join(id, Joining{Participant: "p", Name: long}, nil),
		"join long ticket": s.Join(id, Joining{Participant: "p", Ticket: []byte(long)}, nil),
		"join long user":   s.Join(id, Joining{Participant: "p", User: long}, nil),
		"join long sub":    s.Join(id, Joining{Participant: "p", Sub: long}, nil),
		"leave id":         s.Leave("", "p", now, "", nil),
		"leave nobody":     s.Leave(id, "", now, "", nil),
		"leave reason":     s.Leave(id, "p", now, long, nil),
		"rename id":        s.Rename("", "p", "n", nil),
		"rename nobody":    s.Rename(id, "", "n", nil),
		"rename long":      s.Rename(id, "p", long, nil),
		"act id":           s.AppendAct("", Act{What: "mute"}, nil),
		"act of nothing":   s.AppendAct(id, Act{}, nil),
		"act long":         s.AppendAct(id, Act{What: long}, nil),
		"act long by":      s.AppendAct(id, Act{What: "mute", By: long}, nil),
		"act long whom":    s.AppendAct(id, Act{What: "mute", Whom: long}, nil),
		"act long detail":  s.AppendAct(id, Act{What: "mute", Detail: long}, nil),
		"rate id":          s.Rate("", Rating{Participant: "p", Stars: 1}, nil),
		"rate nobody":      s.Rate(id, Rating{Stars: 1}, nil),
		"rate no stars":    s.Rate(id, Rating{Participant: "p"}, nil),
		"rate six stars":   s.Rate(id, Rating{Participant: "p", Stars: 6}, nil),
		"rate novel":       s.Rate(id, Rating{Participant: "p", Stars: 1, Comment: long}, nil),
		"chat no room":     s.AppendChat(ChatRecord{Key: "k", Text: "t"}, nil),
		"chat no key":      s.AppendChat(ChatRecord{Room: "r", Text: "t"}, nil),
		"chat no text":     s.AppendChat(ChatRecord{Room: "r", Key: "k"}, nil),
		"chat long text":   s.AppendChat(ChatRecord{Room: "r", Key: "k", Text: long}, nil),
		"chat identity":    s.AppendChat(ChatRecord{Room: "r", Key: "k", Text: "t", Identity: long}, nil),
		"chat id":          s.AppendChat(ChatRecord{Room: "r", Key: "k", Text: "t", ID: long}, nil),
		"list before":      list,
		"list room":        listRoom,
		"meeting":          one,
		"history room":     chat,
		"chat by key room": byKey,
	}
	for name, err := range cases {
		if !errors.Is(err, ErrInvalid) || len(err.Error()) > 200 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTooManyIntervals(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	id := begin(t, s, Meeting{Room: "demo", Start: time.Now()})
	for range MaxIntervals {
		for _, err := range []error{
			s.Join(id, Joining{Participant: "p", At: time.Now()}, nil),
			s.Leave(id, "p", time.Now(), "left", nil),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	wait(t, ErrTooMany, func(done func(error)) error {
		return s.Join(id, Joining{Participant: "p", At: time.Now()}, done)
	})
}

// TestClockGoesBack: nobody leaves before they came, no meeting ends before it
// began.
func TestClockGoesBack(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	now := time.Now()
	id := begin(t, s, Meeting{Room: "demo", Start: now})
	enter(t, s, id, "p", now)
	leave(t, s, id, "p", now.Add(-time.Hour))
	wait(t, nil, func(done func(error)) error { return s.EndMeeting(id, now.Add(-time.Hour), "", done) })
	m := meeting(t, s, id)
	if i := m.Participants[0].Intervals[0]; i.Leave.Before(i.Join) || m.End.Before(m.Start) {
		t.Errorf("got %+v", m)
	}
}

// TestCrashIsClosedWithTheLastKnownTime: the latest write or heartbeat, or the
// last leave if nobody was there any more.
func TestCrashIsClosedWithTheLastKnownTime(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	o := Options{Now: c.now, Heartbeat: time.Millisecond}
	s := open(t, dir, o)
	start := c.now()
	full := begin(t, s, Meeting{Room: "full", Start: start})
	enter(t, s, full, "stays", start)
	enter(t, s, full, "left", start)
	empty := begin(t, s, Meeting{Room: "empty", Start: start})
	enter(t, s, empty, "left", start)
	for _, id := range []string{full, empty} {
		leave(t, s, id, "left", start.Add(time.Minute))
	}
	c.advance(time.Hour)
	for commits := s.Figures().Commits; s.Figures().Commits < commits+2; {
		time.Sleep(time.Millisecond) // heartbeats
	}
	if err := s.Close(); err != nil { // without ending the meetings, like a crash
		t.Fatal(err)
	}
	c.advance(24 * time.Hour)
	s = open(t, dir, o)
	defer s.Close()
	for id, want := range map[string]time.Time{full: start.Add(time.Hour), empty: start.Add(time.Minute)} {
		m := meeting(t, s, id)
		if !m.End.Equal(want) || m.Present != 0 {
			t.Errorf("%s ended %v with %d present, want %v", m.Room, m.End, m.Present, want)
		}
		for _, a := range m.Participants {
			wantReason, wantLeave := "left", start.Add(time.Minute)
			if a.Participant == "stays" {
				wantReason, wantLeave = ReasonCrashed, want
			}
			if i := a.Intervals[0]; i.Reason != wantReason || !i.Leave.Equal(wantLeave) {
				t.Errorf("%s in %s: %+v", a.Participant, m.Room, i)
			}
		}
	}
	begin(t, s, Meeting{Room: "full", Start: c.now()}) // the rooms are free again
}

func TestIdleStoreDoesNotWrite(t *testing.T) {
	s := open(t, t.TempDir(), Options{Heartbeat: time.Millisecond})
	defer s.Close()
	mustSay(t, s, "demo", "i", "k", "t")
	if err := s.Flush(); err != nil { // nothing is in the journal any more
		t.Fatal(err)
	}
	before := s.Figures().Commits
	time.Sleep(30 * time.Millisecond)
	if got := s.Figures().Commits; got != before {
		t.Errorf("%d commits while no meeting ran", got-before)
	}
}

func ExampleStore() {
	dir, cleanup := exampleDir()
	defer cleanup()
	s, err := Open(dir, Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	id := NewID()
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	err = Wait(func(done func(error)) error {
		return s.BeginMeeting(Meeting{ID: id, Room: "demo", Start: start}, done)
	})
	fmt.Println("begun:", err)
	err = Wait(func(done func(error)) error {
		return s.Join(id, Joining{Participant: "p1", Name: "Ann", At: start}, done)
	})
	fmt.Println("joined:", err)
	m, err := s.Meeting(id)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Room, m.Peak, m.Participants[0].Name)
	// Output:
	// begun: <nil>
	// joined: <nil>
	// demo 1 Ann
}

// TestTimeIsNotedAfterRecovery: meetings that a crash left open and Open has ended
// do not count any more when the heartbeat looks whether one runs.
func TestTimeIsNotedAfterRecovery(t *testing.T) {
	c := newClock()
	dir := t.TempDir()
	o := Options{Now: c.now, Heartbeat: time.Hour}
	s := open(t, dir, o)
	begin(t, s, Meeting{Room: "demo", Start: c.now()})
	s.Close()
	s = open(t, dir, o)
	id := begin(t, s, Meeting{Room: "demo", Start: c.now()})
	enter(t, s, id, "ann", c.now())
	release := stall(t, s)
	c.advance(10 * time.Second)
	s.beat()
	release()
	s.Close()
	s = open(t, dir, o)
	defer s.Close()
	if m := meeting(t, s, id); !m.End.Equal(c.now()) {
		t.Errorf("ended at %v, known was %v", m.End, c.now())
	}
}

// TestActs: each meeting has its own, in the order they were kept, up to a limit, and
// goes on having them when it has ended and the store is opened again.
func TestActs(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{Heartbeat: time.Hour})
	now := s.o.Now()
	ids := []string{
		"0195a3f0-0000-7000-8000-000000000001", "0195a3f0-0000-7000-8000-000000000002", "0195a3f0-0000-7000-8000-000000000003",
	}
	for i, id := range ids {
		begin(t, s, Meeting{ID: id, Room: fmt.Sprint("room", i), Start: now})
	}
	act := func(id string, n int, want error) {
		t.Helper()
		wait(t, want, func(done func(error)) error {
			return s.AppendAct(id, Act{At: now, What: fmt.Sprint("act ", n)}, done)
		})
	}
	act(ids[1], 1, nil)
	act(ids[0], 1, nil) // after those of a later meeting
	act(ids[2], 1, nil)
	for n := 2; n < MaxActs; n++ {
		if err := s.AppendAct(ids[1], Act{At: now, What: fmt.Sprint("act ", n)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, nil, func(done func(error)) error { return s.EndMeeting(ids[1], now, "", done) })
	s.Close()
	s = open(t, dir, Options{})
	defer s.Close()
	act(ids[1], MaxActs, nil)
	act(ids[1], MaxActs+1, ErrTooMany)
	act(ids[0], 2, nil)
	act(NewID(), 1, ErrNotFound)
	for i, want := range []int{2, MaxActs, 1} {
		acts := meeting(t, s, ids[i]).Acts
		if len(acts) != want {
			t.Errorf("meeting %d has %d acts, want %d", i, len(acts), want)
		}
		for n, a := range acts {
			if a.What != fmt.Sprint("act ", n+1) {
				t.Fatalf("meeting %d: act %d is %+v", i, n+1, a)
			}
		}
	}
}
