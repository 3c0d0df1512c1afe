package storage

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// killOptions keep everything, so that the end can check the whole.
var killOptions = Options{ChatLimit: 1 << 30, Heartbeat: 2 * time.Millisecond}

// TestKill kills a process that writes under load, 200 times at random moments,
// and checks after each that all it was told to be on disk is there, exactly once.
func TestKill(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 20
	}
	dir := t.TempDir()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var all []string
	for i := range kills {
		acked := runAndKill(t, dir, rng)
		all = append(all, acked...)
		s := open(t, dir, killOptions)
		checkAcked(t, s, acked)
		checkNoneRuns(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.Fatalf("after kill %d", i+1)
		}
	}
	s := open(t, dir, killOptions)
	defer s.Close()
	checkAcked(t, s, all)
	checkOnce(t, s, all)
	checkPages(t, s)
	kinds := make(map[string]int)
	for _, line := range all {
		kinds[strings.Fields(line)[0]]++
	}
	t.Logf("%d kills, acknowledged writes: %v", kills, kinds)
	for _, kind := range []string{"chat", "begin", "join", "leave", "rate", "act", "end", "put", "delete"} {
		if kinds[kind] == 0 && !testing.Short() { // few kills may all come before a meeting's end
			t.Errorf("no %s was acknowledged: this tests less than it says", kind)
		}
	}
	if len(all) < kills {
		t.Errorf("only %d writes were acknowledged: this tests nothing", len(all))
	}
}

// runAndKill returns what the child was told.
func runAndKill(t *testing.T, dir string, rng *rand.Rand) (acked []string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	delay := time.Duration(rng.Int64N(int64(40 * time.Millisecond)))
	watchdog := time.AfterFunc(time.Minute, func() { _ = child.Process.Kill() })
	defer watchdog.Stop()
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil { // a line that was cut off is no acknowledgement
			break
		}
		if len(acked) == 0 {
			time.AfterFunc(delay, func() { _ = child.Process.Kill() })
		}
		acked = append(acked, strings.TrimSuffix(line, "\n"))
	}
	if err := child.Wait(); err == nil || child.ProcessState.ExitCode() != -1 {
		t.Fatalf("the child ended by itself: %v", err)
	}
	if len(acked) == 0 {
		t.Fatal("the child wrote nothing")
	}
	return acked
}

// runChild writes until it is killed and prints each acknowledgement.
func runChild(dir string) {
	o := killOptions
	o.Log = quiet
	o.Heartbeat = rand.N(20*time.Millisecond) + 1 // at times much is in the journal
	s, err := Open(dir, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	var wait sync.WaitGroup
	for writer := range 4 {
		wait.Go(func() { childChat(s, fmt.Sprintf("room%d", writer%2)) })
	}
	for writer := range 2 {
		wait.Go(func() { childMeetings(s, fmt.Sprintf("meeting%d", writer)) })
		wait.Go(func() { childEntries(s, fmt.Sprintf("kind_%c", 'a'+writer)) })
	}
	wait.Wait()
}

func childChat(s *Store, room string) {
	for {
		key := NewID()
		r, err := say(s, ChatRecord{Room: room, Identity: "ann", Key: key, Text: "text " + key, At: time.Now()})
		acknowledge(err, "chat", room, key, r.ID)
	}
}

func childMeetings(s *Store, room string) {
	for {
		id := NewID()
		step := func(what, participant string, write func(func(error)) error) {
			acknowledge(Wait(write), what, id, participant)
		}
		step("begin", "-", func(done func(error)) error {
			return s.BeginMeeting(Meeting{ID: id, Room: room, Start: time.Now()}, done)
		})
		for _, p := range []string{"ann", "bob"} {
			step("join", p, func(done func(error)) error {
				return s.Join(id, Joining{Participant: p, Name: p, At: time.Now()}, done)
			})
		}
		step("leave", "ann", func(done func(error)) error { return s.Leave(id, "ann", time.Now(), "left", done) })
		step("rate", "ann", func(done func(error)) error {
			return s.Rate(id, Rating{Participant: "ann", Stars: 4, At: time.Now()}, done)
		})
		step("act", "ann", func(done func(error)) error {
			return s.AppendAct(id, Act{At: time.Now(), By: "bob", What: "mute", Whom: "ann"}, done)
		})
		step("end", "-", func(done func(error)) error { return s.EndMeeting(id, time.Now(), "", done) })
		time.Sleep(rand.N(10 * time.Millisecond)) // for commits of texts alone
	}
}

// childEntries puts an entry twice and mostly deletes it then; first one that is left
// from a child before.
func childEntries(s *Store, kind string) {
	left, _, err := s.entries()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	left = slices.DeleteFunc(left, func(c Change) bool { return c.Kind != kind || string(c.Value) != "2" })
	if len(left) > 0 {
		c := left[0]
		acknowledge(nil, "put", kind, c.Key, "2", fmt.Sprint(c.Revision)) // as good as: it is there
		acknowledge(s.DeleteEntry(context.Background(), kind, c.Key, c.Revision), "delete", kind, c.Key)
	}
	for n := 0; ; n++ {
		key, revision := NewID(), uint64(0)
		for _, value := range []string{"1", "2"} {
			var err error
			revision, err = s.PutEntry(context.Background(), kind, key, []byte(value), revision)
			acknowledge(err, "put", kind, key, value, fmt.Sprint(revision))
		}
		if n%8 > 0 {
			acknowledge(s.DeleteEntry(context.Background(), kind, key, revision), "delete", kind, key)
		}
		time.Sleep(rand.N(10 * time.Millisecond))
	}
}

// acknowledge prints one line in one write, which a pipe keeps whole.
func acknowledge(err error, words ...string) {
	if err != nil {
		fmt.Fprintln(os.Stderr, words, err)
		os.Exit(2)
	}
	fmt.Println(strings.Join(words, " "))
}

func checkAcked(t *testing.T, s *Store, acked []string) {
	t.Helper()
	entries := entriesByKey(t, s)
	latest := make(map[string]bool) // entries that were looked for
	for _, line := range slices.Backward(acked) {
		var err error
		switch f := strings.Fields(line); f[0] {
		case "put", "delete":
			if id := f[1] + " " + f[2]; !latest[id] {
				latest[id] = true
				err = checkChange(f, entries[id])
			}
		case "chat":
			var r ChatRecord
			if r, err = s.ChatByKey(f[1], "ann", f[2]); err == nil && (r.ID != f[3] || r.Text != "text "+f[2]) {
				err = fmt.Errorf("found %+v", r)
			}
		default:
			err = checkStep(s, f[0], f[1], f[2])
		}
		if err != nil {
			t.Errorf("lost %q: %v", line, err)
		}
	}
}

// entriesByKey is what a store has, by kind and key. No two have the same revision.
func entriesByKey(t *testing.T, s *Store) map[string]Change {
	t.Helper()
	all, last, err := s.entries()
	if err != nil {
		t.Fatal(err)
	}
	entries := make(map[string]Change)
	before := uint64(0)
	for _, c := range all {
		if c.Revision <= before || c.Revision > last {
			t.Errorf("%s comes after %d, the last is %d", lineOf(c), before, last)
		}
		before = c.Revision
		entries[c.Kind+" "+c.Key] = c
	}
	return entries
}

// checkChange compares an entry with the latest that was acknowledged of it, after
// which one more change may have come to the disk.
func checkChange(f []string, is Change) error {
	gone := is.Value == nil
	switch {
	case f[0] == "delete" && !gone,
		f[0] == "put" && f[3] == "1" && gone, // it is put again before it is deleted
		f[0] == "put" && !gone && string(is.Value) < f[3],
		f[0] == "put" && string(is.Value) == f[3] && fmt.Sprint(is.Revision) != f[4]:
		return fmt.Errorf("found %q of revision %d", is.Value, is.Revision)
	}
	return nil
}

// checkStep looks for the trace of one step of childMeetings.
func checkStep(s *Store, what, id, participant string) error {
	m, err := s.Meeting(id)
	if err != nil {
		return err
	}
	if m.End.IsZero() || m.End.Before(m.Start) || m.Present != 0 {
		return fmt.Errorf("not closed: %+v", m.Meeting)
	}
	found := false
	for _, a := range m.Participants {
		if len(a.Intervals) != 1 || a.open() != nil {
			return fmt.Errorf("%s: intervals %+v", a.Participant, a.Intervals)
		}
		reason := a.Intervals[0].Reason
		switch {
		case a.Participant == participant && what == "leave":
			found = reason == "left"
		case a.Participant == participant:
			found = true
		case what == "end" && reason != "left" && reason != ReasonEnded:
			return fmt.Errorf("%s: %s after the end", a.Participant, reason)
		}
	}
	if what == "rate" && (len(m.Ratings) != 1 || m.Ratings[0].Stars != 4) {
		return fmt.Errorf("ratings %+v", m.Ratings)
	}
	if what == "act" && (len(m.Acts) != 1 || m.Acts[0].Whom != participant) {
		return fmt.Errorf("acts %+v", m.Acts)
	}
	if participant != "-" && !found {
		return fmt.Errorf("no such attendance in %+v", m.Participants)
	}
	return nil
}

func checkNoneRuns(t *testing.T, s *Store) {
	t.Helper()
	running, err := s.Meetings(MeetingsQuery{Running: true})
	if err != nil || len(running) > 0 {
		t.Errorf("meetings still run: %v %v", running, err)
	}
}

// checkOnce: every acknowledged text is in its room's history once, in order.
func checkOnce(t *testing.T, s *Store, acked []string) {
	t.Helper()
	seen := make(map[string]int)
	for _, room := range []string{"room0", "room1"} {
		records, err := s.ChatHistory(room, 0)
		if err != nil {
			t.Fatal(err)
		}
		last := ""
		for _, r := range records {
			seen[r.Key]++
			if r.ID <= last {
				t.Errorf("%s comes after %s", r.ID, last)
			}
			last = r.ID
		}
	}
	for _, line := range acked {
		if f := strings.Fields(line); f[0] == "chat" && seen[f[2]] != 1 {
			t.Errorf("%q is there %d times", line, seen[f[2]])
		}
	}
}

// checkPages has bbolt check the file.
func checkPages(t *testing.T, s *Store) {
	t.Helper()
	if info, err := os.Stat(filepath.Join(filepath.Dir(s.db.Path()), FileName)); err != nil || info.Size() == 0 {
		t.Fatalf("file: %v", err)
	}
	err := s.db.View(func(tx *bolt.Tx) error {
		var all []error
		for err := range tx.Check() {
			all = append(all, err)
		}
		return errors.Join(all...)
	})
	if err != nil {
		t.Errorf("damaged: %v", err)
	}
}
