package engine

import (
	"slices"
	"strings"
	"testing"

	"parley/engine/wire"
)

// Who makes an offer is answered with what all the others who watch can see.
func TestOffersKnowWhatAllSeatsTake(t *testing.T) {
	run(t, Options{}, func(w *world) {
		shared := func(c *client) string {
			w.media.mu.Lock()
			defer w.media.mu.Unlock()
			list := slices.Sorted(slices.Values(w.media.sessions[c.id()].shared))
			return strings.Join(list, " ")
		}
		join := func(name, decodes string, seats int) *client {
			w.media.decodes = decodes
			return w.join("tea", name, seats)
		}
		again := func(c *client, seats int) string {
			t.Helper()
			req := joinReq("", "", seats)
			c.ok(&wire.Offer{Offer: "v=0", Sources: req.Sources, Seats: req.Seats})
			return shared(c)
		}
		want := func(what, got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		ada := join("Ada", "VP8 H264", 2)
		want("nobody is there", shared(ada), "")
		want("nobody else is there", again(ada, 2), "")
		bob := join("Bob", "VP8 H264", 2)
		want("one who takes both", shared(bob), "H264 VP8")
		want("the first, now", again(ada, 2), "H264 VP8")
		deaf := join("Deaf", "H264", 0)
		want("two", shared(deaf), "H264 VP8")
		want("who watches nothing does not count", again(ada, 2), "H264 VP8")
		old := join("Old", "VP8", 2)
		want("three who watch", shared(old), "H264 VP8")
		want("with one who takes less", again(bob, 2), "VP8")
		want("that one itself", again(old, 2), "H264 VP8")
		new := join("New", "H264", 2)
		want("nothing in common", again(ada, 2), "")
		old.ok(&wire.Leave{})
		w.settle()
		want("who takes less has left", again(ada, 2), "H264")
		again(deaf, 1)
		new.ok(&wire.Leave{})
		w.settle()
		want("who takes only one has seats now", again(ada, 2), "H264")
	})
}

// Seats for sound only are taken, and show no picture, which is no problem.
func TestSoundSeats(t *testing.T) {
	run(t, Options{}, func(w *world) {
		req := joinReq("tea", "Phone", 3)
		for i := range req.Seats[1:] {
			req.Seats[1+i].Video = ""
		}
		phone := w.joinAs(req)
		for _, name := range []string{"Ada", "Bob", "Cleo"} {
			w.join("tea", name, 3)
		}
		w.advance(seatsEvery)
		phone.pump()
		for seat, want := range []bool{true, false, false} {
			if s, ok := phone.seats[seat]; !ok || s.Video != want || s.Problem != "" {
				t.Errorf("seat %d: %+v, %v", seat, s, ok)
			}
		}
		// A join with nothing but sound.
		req = joinReq("tea", "Radio", 2)
		req.Seats = []wire.SeatMIDs{{Audio: "4"}, {Audio: "5"}}
		radio := w.joinAs(req)
		w.advance(seatsEvery)
		radio.pump()
		for seat := range 2 {
			if s, ok := radio.seats[seat]; !ok || s.Video || s.Problem != "" {
				t.Errorf("seat %d: %+v, %v", seat, s, ok)
			}
		}
	})
}

// A seat whose halves were both stopped carries nobody: they would sit there
// unheard while other seats are free.
func TestDeadSeats(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 3)
		offer := joinReq("", "", 3)
		offer.Seats[0] = wire.SeatMIDs{}
		ada.ok(&wire.Offer{Offer: "v=0", Sources: offer.Sources, Seats: offer.Seats})
		for _, name := range []string{"Bob", "Cleo", "Dan"} {
			req := joinReq("tea", name, 1)
			req.Unmuted = []wire.Source{wire.Microphone}
			w.joinAs(req)
		}
		w.advance(seatsEvery)
		ada.pump()
		if _, taken := ada.seats[0]; taken || len(ada.seats) != 2 {
			t.Errorf("seats %+v", ada.seats)
		}
	})
}

// A room that was started anew knows it still.
func TestWatchersSurviveACrash(t *testing.T) {
	run(t, Options{Faults: true}, func(w *world) {
		w.media.decodes = "VP8 H264"
		ada := w.join("tea", "Ada", 2)
		if err := w.engine.PanicRoom("tea"); err != nil {
			t.Fatal(err)
		}
		w.settle()
		bob := w.join("tea", "Bob", 2)
		if len(bob.session().shared) != 2 {
			t.Errorf("after the crash: %v", bob.session().shared)
		}
		req := joinReq("", "", 2)
		ada.ok(&wire.Offer{Offer: "v=0", Sources: req.Sources, Seats: req.Seats})
		if len(ada.session().shared) != 2 {
			t.Errorf("who was there: %v", ada.session().shared)
		}
	})
}
