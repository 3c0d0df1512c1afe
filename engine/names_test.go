package engine

import (
	"context"
	"testing"
	"time"

	"parley/engine/wire"
)

// TestRoomIsShownAsFirstTyped: all ways to type a name are one room, and everybody
// sees what the first has typed, in the record too.
func TestRoomIsShownAsFirstTyped(t *testing.T) {
	run(t, Options{}, func(w *world) {
		first := w.join("ΟΔΟΣ Café.", "Ada", 0)
		for _, typed := range []string{"οδος-cafe\u0301", "ΟΔΟΣ-CAFÉ", "οδοσ café"} {
			c := w.join(typed, "Bob", 0)
			if c.joined.Meeting != first.joined.Meeting || c.joined.Room != "οδοσ-café" || c.joined.Title != "ΟΔΟΣ-Café" {
				t.Errorf("%q is the room %q, shown as %q, meeting %s; the first one's is %s", typed, c.joined.Room, c.joined.Title, c.joined.Meeting, first.joined.Meeting)
			}
		}
		w.records.mu.Lock()
		defer w.records.mu.Unlock()
		m := w.records.meetings[first.joined.Meeting]
		if m == nil || m.Room != "οδοσ-café" || m.Title != "ΟΔΟΣ-Café" {
			t.Errorf("recorded as %+v", m)
		}
	})
}

// TestCodeWithoutHyphens: it means the code only while a meeting runs there and
// none under the name.
func TestCodeWithoutHyphens(t *testing.T) {
	run(t, Options{}, func(w *world) {
		find := func(typed, want string) {
			t.Helper()
			if got, err := w.engine.FindRoom(context.Background(), typed); got != want || err != nil {
				t.Errorf("%q means %q, %v; want %q", typed, got, err, want)
			}
		}
		in := func(typed, want string) *client {
			t.Helper()
			c := w.join(typed, "Ada", 0)
			if c.joined.Room != want {
				t.Errorf("%q leads into %q, want %q", typed, c.joined.Room, want)
			}
			return c
		}
		find("abcdefghij", "abcdefghij")
		coded := in("abc-defg-hij", "abc-defg-hij")
		find("Abcdefghij", "abc-defg-hij")
		other := in("ABCDEFGHIJ.", "abc-defg-hij")
		find("abcdefghik", "abcdefghik")
		find("Team 日本 X", "Team-日本-X")
		if _, err := w.engine.FindRoom(context.Background(), "a/b"); err != wire.ErrRoomName {
			t.Errorf("what is no name: %v", err)
		}
		for _, c := range []*client{coded, other} {
			c.ok(&wire.Leave{})
		}
		w.advance(5 * time.Second) // the room outlives its people, the meeting does not
		find("abcdefghij", "abcdefghij")
		in("abcdefghij", "abcdefghij")
		in("abc-defg-hij", "abc-defg-hij")
		find("abcdefghij", "abcdefghij") // both run
		in("abcdefghij", "abcdefghij")
	})
}
