package engine

import (
	"reflect"
	"testing"
	"time"

	"parley/engine/wire"
)

func TestTwoPeopleMeet(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("Tea", "Ada", 4)
		if j := ada.joined; j.Room != "tea" || len(j.Participants) != 1 || j.Answer == "" || j.Meeting == "" || j.Version != "test" {
			t.Errorf("joined: %+v", j)
		}
		bob := w.join("tea", "Bob", 4)
		came := one[*wire.ParticipantJoined](ada)
		if came.Participant.Name != "Bob" || came.Participant.ID != bob.id() {
			t.Errorf("came: %+v", came)
		}
		if src := came.Participant.Sources; src[wire.Camera] != (wire.SourceState{Codec: "VP8"}) ||
			src[wire.Screen] != (wire.SourceState{Muted: true, Codec: "VP8"}) {
			t.Errorf("sources: %+v", src)
		}
		if len(bob.joined.Participants) != 2 || bob.joined.Participants[0].Name != "Ada" {
			t.Errorf("participants: %+v", bob.joined.Participants)
		}
		for _, c := range []struct{ viewer, sits *client }{{ada, bob}, {bob, ada}} {
			got := one[*wire.Seated](c.viewer)
			if got.Participant != c.sits.id() || got.Source != wire.Camera || !got.Video || got.Seat != 0 {
				t.Errorf("%s: seated %+v", c.viewer.name(), got)
			}
			if p := c.viewer.session().sitting(0); p.From != MediaSession(c.sits.session()) || !p.Video {
				t.Errorf("%s: media has %+v", c.viewer.name(), p)
			}
		}
		w.advance(time.Second)
		ok := bob.ok(&wire.Leave{}).(*wire.OK)
		if ok.Summary == nil || ok.Summary.Peak != 2 || ok.Summary.DurationMS < 1000 || ok.Summary.Meeting != bob.joined.Meeting {
			t.Errorf("summary: %+v", ok.Summary)
		}
		bob.ended(wire.StatusNormal)
		if left := one[*wire.ParticipantLeft](ada); left.Participant != bob.id() || left.Reason != wire.ReasonLeft {
			t.Errorf("left: %+v", left)
		}
		if v := one[*wire.Vacated](ada); v.Seat != 0 {
			t.Errorf("vacated: %+v", v)
		}
		if !bob.session().closed {
			t.Error("Bob's media goes on")
		}
	})
}

func TestRoomsDoNotHearEachOther(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("a", "Ada", 4), w.join("b", "Bob", 4)
		ada.ok(&wire.Chat{Key: "1", Text: "hello"})
		ada.ok(&wire.Hand{Raised: true})
		w.settle()
		bob.pump()
		if len(bob.got) != 0 || len(bob.seats) != 0 || len(ada.seats) != 0 {
			t.Errorf("Bob got %v, seats %v and %v", bob.got, bob.seats, ada.seats)
		}
	})
}

// TestLoopStateHasNoLock: what an actor owns needs none. What others share with
// it is behind a pointer, and says so.
func TestLoopStateHasNoLock(t *testing.T) {
	for _, state := range []any{registryState{}, roomState{}, roomJournal{}, member{}, newcomer{}, participantState{}, eventLog{}} {
		for _, path := range locksIn(reflect.TypeOf(state)) {
			t.Errorf("%T%s", state, path)
		}
	}
}

// locksIn lists what of package sync and sync/atomic a value of type typ holds.
func locksIn(typ reflect.Type) (paths []string) {
	switch {
	case typ.PkgPath() == "sync", typ.PkgPath() == "sync/atomic":
		return []string{" is a " + typ.String()}
	case typ.Kind() == reflect.Array:
		return locksIn(typ.Elem())
	case typ.Kind() != reflect.Struct:
		return nil
	}
	for f := range typ.Fields() {
		for _, path := range locksIn(f.Type) {
			paths = append(paths, "."+f.Name+path)
		}
	}
	return paths
}
