package engine

import (
	"testing"

	"parley/engine/wire"
)

// wantProblem wants each to have been told of exactly one seat, with the problem.
func wantProblem(t *testing.T, when string, problem wire.Problem, who ...*client) {
	t.Helper()
	for _, c := range who {
		s := one[*wire.Seated](c)
		if s.Problem != problem || s.Source != wire.Camera || !s.Video {
			t.Errorf("%s: %s was told %+v, want problem %q", when, c.name(), s, problem)
		}
	}
}

func wantNothing(t *testing.T, when string, who ...*client) {
	t.Helper()
	for _, c := range who {
		if all := events[*wire.Seated](c); len(all) != 0 {
			t.Errorf("%s: %s was told %+v", when, c.name(), *all[0])
		}
	}
}

// TestPictureProblem: who has a source in a seat is told why no picture of it
// comes, once, who comes later when he is seated, and all when it is over.
func TestPictureProblem(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		liv := w.join("tea", "Liv", 4)
		ada.clear()
		liv.clear()
		bob.clear()
		s := bob.session()
		for range 3 {
			s.suffer(wire.Camera, wire.ProblemNoMedia)
			w.settle()
		}
		wantProblem(t, "nothing comes", wire.ProblemNoMedia, ada, liv)
		s.suffer(wire.Screen, wire.ProblemNoMedia) // which nobody sees
		w.settle()
		wantNothing(t, "another source", ada, bob, liv)

		late := w.join("tea", "Eve", 1)
		late.ok(&wire.View{Items: []wire.ViewItem{{Participant: bob.id(), Source: wire.Camera, Width: 320, Height: 180}}})
		w.advance(seatsEvery)
		late.pump()
		if told := late.seats[0]; told.Participant != bob.id() || told.Problem != wire.ProblemNoMedia {
			t.Errorf("who came late was told %+v", told)
		}

		// A viewer's size of the tile, or others that come, tell nobody again.
		ada.clear()
		var view []wire.ViewItem
		for _, c := range []*client{bob, liv, late} {
			view = append(view, wire.ViewItem{Participant: c.id(), Source: wire.Camera, Width: 1280, Height: 720})
		}
		ada.ok(&wire.View{Items: view})
		w.advance(2 * seatsEvery)
		wantNothing(t, "another size", ada)

		liv.clear()
		s.suffer(wire.Camera, "")
		w.settle()
		wantProblem(t, "it is over", "", ada, liv)
	})
}

// TestPictureProblemOfSome: who has a picture is not told of a key frame that
// others wait for.
func TestPictureProblemOfSome(t *testing.T) {
	run(t, Options{}, func(w *world) {
		bob := w.join("tea", "Bob", 4)
		ada, liv := w.join("tea", "Ada", 4), w.join("tea", "Liv", 4)
		ada.clear()
		liv.clear()
		w.media.mu.Lock()
		ada.session0().running[0] = true
		w.media.mu.Unlock()
		bob.session().suffer(wire.Camera, wire.ProblemNoKeyframe)
		w.settle()
		wantNothing(t, "hers runs", ada)
		wantProblem(t, "hers does not", wire.ProblemNoKeyframe, liv)
	})
}

// TestPictureProblemAndMute: what is off has no problem, and none is left over.
func TestPictureProblemAndMute(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		ada.clear()
		bob.session().suffer(wire.Camera, wire.ProblemNoMedia)
		w.settle()
		wantProblem(t, "nothing comes", wire.ProblemNoMedia, ada)
		bob.ok(&wire.Mute{Source: wire.Camera, Muted: true})
		w.advance(seatsEvery)
		if s := one[*wire.Seated](ada); s.Video || s.Problem != "" {
			t.Errorf("muted: Ada was told %+v", s)
		}
		bob.session().suffer(wire.Camera, "")
		w.settle()
		wantNothing(t, "muted", ada)
		bob.ok(&wire.Mute{Source: wire.Camera, Muted: false})
		w.advance(seatsEvery)
		wantProblem(t, "on again", "", ada)
	})
}

// TestPictureProblemAfterResume: who was away is told how it is now.
func TestPictureProblemAfterResume(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		ada.drop()
		bob.session().suffer(wire.Camera, wire.ProblemNoMedia)
		w.settle()
		ada.resume()
		w.settle()
		ada.pump()
		if s := ada.seats[0]; s.Problem != wire.ProblemNoMedia {
			t.Errorf("Ada was told %+v", s)
		}
		ada.clear()
		w.advance(qualityEvery)
		wantNothing(t, "later", ada)
	})
}

// TestLostProblem: what did not get through to an overloaded room is told soon.
func TestLostProblem(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		ada.session().events.MediaConnected()
		w.settle()
		ada.clear()
		w.media.mu.Lock()
		bob.session0().problems[wire.Camera] = wire.ProblemNoMedia
		w.media.mu.Unlock()
		w.advance(qualityEvery)
		wantProblem(t, "without a word from the media side", wire.ProblemNoMedia, ada)
	})
}

// TestSentThoughMuted: its sender is told, for a source that is muted by now.
func TestSentThoughMuted(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		ada.ok(&wire.Mute{Source: wire.Camera, Muted: true})
		w.advance(seatsEvery)
		ada.clear()
		bob.clear()
		ada.session().events.MediaMuted("camera")
		ada.session().events.MediaMuted("piano")
		bob.session().events.MediaMuted("camera") // on again meanwhile
		w.settle()
		if l := one[*wire.Limited](ada); l.Source != wire.Camera || l.Reason != wire.LimitMuted || l.LimitBPS != 0 {
			t.Errorf("limited %+v", l)
		}
		if n := len(events[*wire.Limited](bob)); n != 0 {
			t.Error("Bob was told of a camera that is on")
		}
	})
}
