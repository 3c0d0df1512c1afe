package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"parley/engine/wire"
)

// comeWhileStuck joins while the disk hangs.
func comeWhileStuck(w *world, name string) *client {
	w.t.Helper()
	c := w.connect()
	c.send(joinReq("tea", name, 0))
	w.advance(2100 * time.Millisecond)
	if c.pump(); c.joined == nil || c.joined.Recorded || !c.joined.RecordPending {
		w.t.Fatalf("joined %+v", c.joined)
	}
	return c
}

// TestRecordIsDecidedLater: who came while the disk hung hears how it ended, once,
// and nobody else.
func TestRecordIsDecidedLater(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		if !ada.joined.Recorded || ada.joined.RecordPending {
			t.Errorf("joined %+v", ada.joined)
		}
		w.records.setStuck(true)
		bob := comeWhileStuck(w, "Bob")
		w.advance(time.Minute)
		if n := len(events[*wire.Recorded](bob)); n != 0 {
			t.Errorf("told %d times of what is not decided", n)
		}
		w.records.setStuck(false)
		w.settle()
		if ev := one[*wire.Recorded](bob); !ev.Recorded || ev.Seq != 0 {
			t.Errorf("told %+v", ev)
		}
		if n := len(events[*wire.Recorded](ada)); n != 0 {
			t.Errorf("others were told %d times", n)
		}
		bob.ok(&wire.Leave{})
		if stays := w.records.meeting(0).stays[bob.id()]; len(stays) != 1 || stays[0].Leave.IsZero() {
			t.Errorf("recorded %+v", stays)
		}
	})
}

func TestRecordFailsLater(t *testing.T) {
	run(t, Options{}, func(w *world) {
		w.join("tea", "Ada", 0)
		w.records.setStuck(true)
		w.records.setFail(errors.New("no such disk"))
		bob := comeWhileStuck(w, "Bob")
		w.records.setStuck(false)
		w.settle()
		if ev := one[*wire.Recorded](bob); ev.Recorded {
			t.Errorf("told %+v", ev)
		}
		w.records.setFail(nil)
		before := w.engine.Figures().Unrecorded
		bob.ok(&wire.Leave{}) // of what was never begun there is no end
		if after := w.engine.Figures().Unrecorded; after != before {
			t.Errorf("%d records failed more", after-before)
		}
	})
}

// TestRecordIsDecidedWhileAway: the event has no place in the order, so a resumed
// session is told again.
func TestRecordIsDecidedWhileAway(t *testing.T) {
	run(t, Options{}, func(w *world) {
		w.join("tea", "Ada", 0)
		w.records.setStuck(true)
		bob := comeWhileStuck(w, "Bob")
		bob.drop()
		bob.resume()
		if n := len(events[*wire.Recorded](bob)); n != 0 {
			t.Error("told before it is decided")
		}
		bob.drop()
		w.records.setStuck(false)
		w.settle()
		bob.resume()
		if ev := one[*wire.Recorded](bob); !ev.Recorded {
			t.Errorf("told %+v", ev)
		}
	})
}

// TestRatingOfAStuckDisk: a person waits for seconds, not for the disk.
func TestRatingOfAStuckDisk(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		w.records.setStuck(true)
		before := time.Now()
		err := w.engine.Rate(context.Background(), ada.joined.Meeting, ada.joined.Resume, 4, "")
		if !errors.Is(err, ErrUnknown) || time.Since(before) > 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(before))
		}
		w.records.setStuck(false)
		w.settle()
		if n := len(w.records.ratings); n != 1 {
			t.Errorf("%d ratings kept", n)
		}
	})
}
