package engine

import (
	"errors"
	"testing"
	"time"

	"parley/engine/wire"
)

func TestFaultHooksAreOffByDefault(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		if err := w.engine.PanicRoom("tea"); !errors.Is(err, ErrNoFaults) {
			t.Errorf("room: %v", err)
		}
		if err := w.engine.PanicParticipant("tea", ada.id()); !errors.Is(err, ErrNoFaults) {
			t.Errorf("participant: %v", err)
		}
		ada.ok(&wire.Ping{})
	})
}

func TestAParticipantsPanicEndsThatParticipant(t *testing.T) {
	run(t, Options{Faults: true}, func(w *world) {
		ada, bob, eve := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4), w.join("other", "Eve", 4)
		ada.clear()
		eve.clear()
		if err := w.engine.PanicParticipant("tea", bob.id()); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if bye := one[*wire.Bye](bob); bye.Code != wire.CodeInternal || !bye.Retryable {
			t.Errorf("bye %+v", bye)
		}
		bob.ended(wire.CloseStatus(wire.CodeInternal))
		if left := one[*wire.ParticipantLeft](ada); left.Reason != wire.ReasonFailed {
			t.Errorf("left %+v", left)
		}
		if !bob.session().closed {
			t.Error("Bob's media goes on")
		}
		ada.ok(&wire.Chat{Key: "1", Text: "still here"})
		if eve.pump(); len(eve.got) != 0 {
			t.Errorf("Eve noticed: %v", eve.got)
		}
		w.join("tea", "Bob", 4)
	})
}

func TestARoomsPanicRestartsItFromItsJournal(t *testing.T) {
	run(t, Options{Faults: true}, func(w *world) {
		ada, bob, eve := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4), w.join("other", "Eve", 4)
		gone := w.join("tea", "Gone", 4)
		ada.ok(&wire.Hand{Raised: true})
		bob.session().events.MediaSpeaking(true, 20)
		gone.drop()
		w.advance(seatsEvery)
		ada.clear()
		bob.clear()
		eve.clear()
		seats := ada.seats
		seq, evesPlaces := ada.seq, eve.session().places

		w.records.mu.Lock()
		w.records.delay = 10 * time.Millisecond
		w.records.mu.Unlock()
		waiting := ada.send(&wire.Chat{Key: "1", Text: "on its way to disk"})
		if err := w.engine.PanicRoom("tea"); err != nil {
			t.Fatal(err)
		}
		w.advance(100 * time.Millisecond)

		if ack := one[*wire.OK](ada); ack.ID != waiting {
			t.Errorf("acknowledged %+v", ack)
		}
		if said := one[*wire.Chatted](bob); said.Seq != seq+1 {
			t.Errorf("seq %d after %d", said.Seq, seq)
		}
		if len(ada.seats) != len(seats) || ada.seats[0].Participant != bob.id() {
			t.Errorf("seats %v, before %v", ada.seats, seats)
		}
		if n := len(events[*wire.Seated](ada)) + len(events[*wire.Vacated](ada)); n != 0 {
			t.Errorf("%d changes of seats", n)
		}
		if s := one[*wire.Speakers](ada); len(s.Speakers) != 0 {
			t.Errorf("speakers %+v", s)
		}
		if p := ada.session().sitting(0); p.From != MediaSession(bob.session()) {
			t.Errorf("media has %+v", p)
		}
		if late := w.join("tea", "Late", 4); len(late.joined.Participants) != 4 || len(late.joined.Hands) != 1 || late.joined.Meeting != ada.joined.Meeting {
			t.Errorf("after the crash: %+v", late.joined)
		}
		if _, ok := gone.resume().(*wire.Resumed); !ok {
			t.Error("who was away can not come back")
		}
		if eve.pump(); len(eve.got) != 0 || eve.session().places != evesPlaces {
			t.Errorf("Eve noticed: %v", eve.got)
		}
		if closed, _ := ada.conn.end(); closed {
			t.Error("Ada was closed")
		}
	})
}

func TestARoomThatPanicsTooOftenIsClosed(t *testing.T) {
	run(t, Options{Faults: true}, func(w *world) {
		ada, eve := w.join("tea", "Ada", 4), w.join("other", "Eve", 4)
		eve.clear()
		for range roomRestarts {
			if err := w.engine.PanicRoom("tea"); err != nil {
				t.Fatal(err)
			}
			w.settle()
			ada.ok(&wire.Ping{})
			ada.ok(&wire.Hand{Raised: true})
		}
		if err := w.engine.PanicRoom("tea"); err != nil {
			t.Fatal(err)
		}
		w.settle()
		bye := one[*wire.Bye](ada)
		if bye.Code != wire.CodeInternal || !bye.Retryable || bye.Summary == nil {
			t.Errorf("bye %+v", bye)
		}
		ada.ended(wire.CloseStatus(wire.CodeInternal))
		if m := w.records.meeting(0); m.End.IsZero() || m.stays[ada.id()][0].Reason != string(wire.ReasonFailed) {
			t.Errorf("record %+v", m)
		}
		if eve.pump(); len(eve.got) != 0 {
			t.Errorf("Eve noticed: %v", eve.got)
		}
		again := w.join("tea", "Ada", 4) // a new room of the name
		if again.joined.Meeting == ada.joined.Meeting {
			t.Error("the meeting goes on")
		}
	})
}

func TestRestartsAreForgivenAfterAMinute(t *testing.T) {
	run(t, Options{Faults: true}, func(w *world) {
		ada := w.join("tea", "Ada", 4)
		for range 4 * roomRestarts {
			_ = w.engine.PanicRoom("tea")
			w.advance(15 * time.Second)
		}
		ada.ok(&wire.Hand{Raised: true})
	})
}

// faultyRecords panics in the room's goroutine when asked to.
type faultyRecords struct {
	*memRecords
	panicJoin bool
}

func (r *faultyRecords) Rename(id, participant, name string, done func(error)) error {
	if name == "panic" {
		panic("records twin was told to")
	}
	return r.memRecords.Rename(id, participant, name, done)
}

func TestTheClientWhoseMessageCrashedTheRoomIsTold(t *testing.T) {
	run(t, Options{}, func(w *world) {
		w.engine.env.records = &faultyRecords{memRecords: w.records}
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		ada.refused(&wire.Rename{Name: "panic"}, wire.CodeInternal)
		ada.ok(&wire.Rename{Name: "fine"})
		if r := one[*wire.ParticipantRenamed](bob); r.Name != "fine" {
			t.Errorf("renamed %+v", r)
		}
	})
}

func TestARoomCrashWhileSomebodyJoins(t *testing.T) {
	run(t, Options{Faults: true}, func(w *world) {
		ada := w.join("tea", "Ada", 4)
		w.media.delay = time.Second
		bob := w.connect()
		bob.send(joinReq("tea", "Bob", 4))
		w.advance(500 * time.Millisecond)
		if err := w.engine.PanicRoom("tea"); err != nil {
			t.Fatal(err)
		}
		w.advance(time.Second)
		if bob.pump(); bob.joined == nil {
			t.Error("Bob's join was lost")
		}
		w.advance(seatsEvery)
		ada.pump()
		if ada.seats[0].Participant != bob.id() {
			t.Errorf("seats %v", ada.seats)
		}
	})
}
