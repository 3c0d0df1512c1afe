package storage

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// lower is a rule for names: small letters, and nothing with a '!' is a name.
func lower(name string) string {
	if strings.Contains(name, "!") {
		return ""
	}
	return strings.ToLower(name)
}

// oldStore is a store without a rule, with the rooms Tea, tea, Coffee and old!.
func oldStore(t *testing.T, now *clock) (s *Store, meetings map[string]string) {
	t.Helper()
	s = open(t, t.TempDir(), Options{Now: now.now})
	meetings = map[string]string{}
	for i, room := range []string{"Tea", "tea", "Coffee", "old!", "tea2"} {
		now.advance(time.Minute)
		id := begin(t, s, Meeting{Room: room, Creator: "ann", Start: now.now()})
		meetings[room] = id
		enter(t, s, id, "ann", now.now())
		mustSay(t, s, room, "ann", "k1", room+" first")
		if i%2 == 0 {
			leave(t, s, id, "ann", now.now())
			wait(t, nil, func(done func(error)) error { return s.EndMeeting(id, now.now(), "", done) })
		}
	}
	mustSay(t, s, "Tea", "bob", "k1", "Tea second")
	mustSay(t, s, "tea", "bob", "k1", "tea second")
	return s, meetings
}

func meetingsOf(t *testing.T, s *Store, room string) (ids []string) {
	t.Helper()
	found, err := s.Meetings(MeetingsQuery{Room: room})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range found {
		ids = append(ids, m.ID)
	}
	return ids
}

// checkRenamed checks what became of oldStore.
func checkRenamed(t *testing.T, s *Store, meetings map[string]string) {
	t.Helper()
	if got, want := history(t, s, "tea"), []string{"Tea first", "tea first", "Tea second", "tea second"}; !slices.Equal(got, want) {
		t.Errorf("texts of the room that was two: %q, want %q", got, want)
	}
	if got, want := meetingsOf(t, s, "tea"), []string{meetings["tea"], meetings["Tea"]}; !slices.Equal(got, want) {
		t.Errorf("meetings of the room that was two: %q, want %q", got, want)
	}
	for _, room := range []string{"Tea", "Coffee"} {
		if got := append(meetingsOf(t, s, room), history(t, s, room)...); len(got) > 0 {
			t.Errorf("under %s there is still %q", room, got)
		}
	}
	for id, want := range map[string][2]string{
		meetings["Tea"]: {"tea", "Tea"}, meetings["tea"]: {"tea", ""}, meetings["Coffee"]: {"coffee", "Coffee"}, meetings["old!"]: {"old!", ""},
	} {
		m := meeting(t, s, id)
		if got := [2]string{m.Room, m.Title}; got != want || len(m.Participants) != 1 || m.End.IsZero() {
			t.Errorf("meeting in %q, want %q; %d people, end %s", got, want, len(m.Participants), m.End)
		}
	}
	if got := meetingsOf(t, s, "old!"); !slices.Equal(got, []string{meetings["old!"]}) || !slices.Equal(history(t, s, "old!"), []string{"old! first"}) {
		t.Errorf("what is no name any more has the meetings %q and the texts %q", got, history(t, s, "old!"))
	}
	if got := history(t, s, "tea2"); !slices.Equal(got, []string{"tea2 first"}) {
		t.Errorf("a room whose name begins like another's has %q", got)
	}
	err := s.view(func(tx *bolt.Tx) error {
		if k, _ := tx.Bucket(bucketRunning).Cursor().First(); k != nil {
			t.Errorf("a meeting runs in %q", k)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRoomsAreRenamed: on opening with a rule, whether the server had stopped in
// order or died in the middle of two meetings that become one room's.
func TestRoomsAreRenamed(t *testing.T) {
	for name, stop := range map[string]func(*testing.T, *Store) string{
		"stopped": func(t *testing.T, s *Store) string {
			dir := filepath.Dir(s.db.Path())
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return dir
		},
		"killed": func(t *testing.T, s *Store) string {
			defer s.Close()
			return crash(t, s) // with texts in the journal
		},
	} {
		t.Run(name, func(t *testing.T) {
			now := newClock()
			before, meetings := oldStore(t, now)
			dir := stop(t, before)
			if name == "stopped" { // Close leaves meetings open that nobody ended
				open(t, dir, Options{Now: now.now}).Close()
			}
			s := open(t, dir, Options{Now: now.now, RoomKey: lower})
			checkRenamed(t, s, meetings)
			// A key that both rooms had is the later text's; a new text comes last.
			mustSay(t, s, "tea", "ann", "k1", "again")
			mustSay(t, s, "tea", "ann", "k2", "new")
			if got := history(t, s, "tea"); len(got) != 5 || got[4] != "new" {
				t.Errorf("after new texts: %q", got)
			}
			begin(t, s, Meeting{Room: "tea", Title: "TEA", Start: now.now()})
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			// Once only: the rule is not asked again.
			s = open(t, dir, Options{Now: now.now, RoomKey: func(name string) string { t.Errorf("asked for %q again", name); return name }})
			defer s.Close()
			if got := meetingsOf(t, s, "tea"); len(got) != 3 {
				t.Errorf("meetings %q", got)
			}
		})
	}
}

// TestRenamingIsOneStep: an end in the middle leaves the names as they were, and
// the next time they are renamed.
func TestRenamingIsOneStep(t *testing.T) {
	now := newClock()
	before, meetings := oldStore(t, now)
	dir := filepath.Dir(before.db.Path())
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	asked := 0
	dying := func(name string) string {
		if asked++; asked == 3 {
			panic("the end")
		}
		return lower(name)
	}
	if s, err := Open(dir, Options{Now: now.now, Log: quiet, RoomKey: dying}); err == nil {
		s.Close()
		t.Fatal("opened although the rule failed")
	}
	s := open(t, dir, Options{Now: now.now})
	if got := append(history(t, s, "Tea"), history(t, s, "tea")...); len(got) != 4 || len(meetingsOf(t, s, "Tea")) != 1 {
		t.Errorf("after the end in the middle: %q", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{Now: now.now, RoomKey: lower})
	defer s.Close()
	checkRenamed(t, s, meetings)
}
