package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/engine/wire"
)

// TestSilentRoomForgets: what a room keeps for who is away is gone in time, though
// nothing happens there any more; and then the room sleeps.
func TestSilentRoomForgets(t *testing.T) {
	run(t, Options{Limits: Limits{ChatBurst: 1e6, ChatRate: 1e6}}, func(w *world) {
		var people []*client
		for i := range 4 {
			c := w.join(fmt.Sprint("room", i), "Ada", 0)
			people = append(people, c)
		}
		text := strings.Repeat("four bytes each, ", 200)
		for i := range 400 {
			for _, c := range people {
				c.send(&wire.Chat{Key: fmt.Sprint(i), Text: text})
			}
			w.advance(60 * time.Millisecond)
			for _, c := range people {
				c.clear()
			}
		}
		kept := w.engine.Figures().Logged
		if kept < 4<<20 || kept > 4*logBytes {
			t.Fatalf("%d bytes kept", kept)
		}
		w.advance(44 * time.Second)
		if half := w.engine.Figures().Logged; half == 0 || half > kept {
			t.Errorf("%d bytes after 44 s", half)
		}
		w.advance(2 * time.Second)
		if left := w.engine.Figures().Logged; left != 0 {
			t.Errorf("%d of %d bytes left", left, kept)
		}
		before := w.figure("room").Fired
		w.advance(time.Hour)
		if n := w.figure("room").Fired - before; n != 0 {
			t.Errorf("silent rooms woke %d times", n)
		}
		people[0].drop()
		if _, ok := people[0].resume().(*wire.Resumed); !ok {
			t.Error("who missed nothing was not resumed")
		}
	})
}

// TestForgettingIsCheap: a room where something happens all the time wakes once per
// resume window for it.
func TestForgettingIsCheap(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		w.advance(time.Minute)
		before := w.figure("room").Fired
		for i := range 300 {
			ada.send(&wire.Hand{Raised: i%2 == 0})
			w.advance(time.Second)
		}
		if n := w.figure("room").Fired - before; n > 10 {
			t.Errorf("woke %d times in five minutes", n)
		}
	})
}

// TestEndedRoomsKeepNothing: the figure follows.
func TestEndedRoomsKeepNothing(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		ada.ok(&wire.Chat{Key: "1", Text: "hello"})
		_ = w.engine.EndRoom("tea")
		w.settle()
		if w.engine.Figures().Logged == 0 {
			t.Error("nothing is kept at all")
		}
		w.stop()
		if n := w.engine.Figures().Logged; n != 0 {
			t.Errorf("%d bytes of rooms that are gone", n)
		}
	})
}
