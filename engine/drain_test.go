package engine

import (
	"testing"
	"time"

	"parley/engine/wire"
)

// TestWhoComesWhileDrainingIsTold: newcomers to a running meeting and those who
// come back hear at once how long there is, and everybody once more near the end.
func TestWhoComesWhileDrainingIsTold(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 0), w.join("tea", "Bob", 0)
		bob.drop()
		if err := w.engine.Drain(5 * time.Minute); err != nil {
			t.Fatal(err)
		}
		w.settle()
		one[*wire.Draining](ada)
		w.advance(10 * time.Second)
		if _, ok := bob.resume().(*wire.Resumed); !ok {
			t.Fatal("not resumed")
		}
		left := one[*wire.Draining](bob).InMS
		if left < 289_000 || left > 290_000 {
			t.Errorf("Bob has %d ms", left)
		}
		w.advance(time.Minute)
		eve := w.connect()
		eve.ok(joinReq("tea", "Eve", 0))
		w.settle()
		if left := one[*wire.Draining](eve).InMS; left < 229_000 || left > 230_000 {
			t.Errorf("Eve has %d ms", left)
		}
		w.advance(3 * time.Minute)
		for _, c := range []*client{ada, bob, eve} {
			if left := one[*wire.Draining](c).InMS; left > 60_000 {
				t.Errorf("%s has %d ms", c.name(), left)
			}
		}
	})
}

// TestWhoIsRefusedWhileDraining: told when to look again, which is never long: the
// server may be back long before its time is over.
func TestWhoIsRefusedWhileDraining(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		_ = w.engine.Drain(time.Minute)
		w.settle()
		if e := w.connect().refused(joinReq("new", "Eve", 0), wire.CodeDraining); e.RetryAfterMS != 30_000 {
			t.Errorf("retry after %d ms", e.RetryAfterMS)
		}
		ada.ok(&wire.Leave{})
		// The room is there for a while, its meeting is over.
		w.advance(50 * time.Second)
		if e := w.connect().refused(joinReq("tea", "Eve", 0), wire.CodeDraining); e.RetryAfterMS < 9_000 || e.RetryAfterMS > 10_000 {
			t.Errorf("retry after %d ms near the end", e.RetryAfterMS)
		}
	})
}

// TestStoppedMeetingIsRecorded: the end of a drain is an end like another.
func TestStoppedMeetingIsRecorded(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		_ = w.engine.Drain(time.Minute)
		w.advance(time.Minute)
		w.stop()
		ada.ended(wire.CloseStatus(wire.CodeShutdown))
		m := w.records.meeting(0)
		if stays := m.stays[ada.id()]; m.End.IsZero() || len(stays) != 1 || stays[0].Reason != string(wire.ReasonShutdown) {
			t.Errorf("ended %v, %+v", m.End, stays)
		}
	})
}
