package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/engine/wire"
)

func TestHandsReactionsCaptionsNames(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 0), w.join("tea", "Bob", 0)
		ada.clear()
		bob.ok(&wire.Hand{Raised: true})
		bob.ok(&wire.Hand{Raised: true})
		if h := one[*wire.HandChanged](ada); h.Participant != bob.id() || !h.Raised || h.At == 0 {
			t.Errorf("hand %+v", h)
		}
		ada.ok(&wire.Hand{Raised: true})
		late := w.join("tea", "Late", 0)
		if !slices.Equal(late.joined.Hands, []string{bob.id(), ada.id()}) {
			t.Errorf("hands %v", late.joined.Hands)
		}
		bob.ok(&wire.React{Emoji: "🎉"})
		if r := one[*wire.Reacted](bob); r.Emoji != "🎉" || r.Participant != bob.id() {
			t.Errorf("reacted %+v", r)
		}
		bob.ok(&wire.Caption{Text: "good  day", Final: true})
		if c := one[*wire.Captioned](ada); c.Text != "good day" || !c.Final || c.Seq != 0 {
			t.Errorf("caption %+v", c)
		}
		if n := len(events[*wire.Captioned](bob)); n != 0 {
			t.Error("the author got his caption")
		}
		bob.ok(&wire.Rename{Name: "Robert"})
		bob.ok(&wire.Rename{Name: "Robert"})
		if r := one[*wire.ParticipantRenamed](ada); r.Name != "Robert" {
			t.Errorf("renamed %+v", r)
		}
		bob.ok(&wire.Leave{})
		if again := w.join("tea", "Again", 0); !slices.Equal(again.joined.Hands, []string{ada.id()}) {
			t.Errorf("hands %v after Bob left", again.joined.Hands)
		}
	})
}

func TestMute(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		if s := bob.session(); s.muted[wire.Microphone] || !s.muted[wire.Screen] {
			t.Errorf("muted at the start: %v", s.muted)
		}
		ada.clear()
		bob.ok(&wire.Mute{Source: wire.Camera, Muted: true})
		bob.ok(&wire.Mute{Source: wire.Camera, Muted: true})
		if m := one[*wire.Muted](ada); m.Participant != bob.id() || m.Source != wire.Camera || !m.Muted {
			t.Errorf("muted %+v", m)
		}
		w.advance(seatsEvery)
		if s := one[*wire.Seated](ada); s.Video || s.Seat != 0 {
			t.Errorf("seated %+v", s)
		}
		if !bob.session().muted[wire.Camera] || ada.session().sitting(0).Video {
			t.Error("the media side was not told")
		}
		bob.ok(&wire.Mute{Source: wire.Screen, Muted: false})
		w.advance(seatsEvery)
		if s := one[*wire.Seated](ada); s.Source != wire.Screen || !s.Video || s.Seat != 1 {
			t.Errorf("screen %+v", s)
		}
		bob.ok(&wire.Mute{Source: wire.Screen, Muted: true})
		w.advance(seatsEvery)
		if v := one[*wire.Vacated](ada); v.Seat != 1 {
			t.Errorf("vacated %+v", v)
		}
		if late := w.join("tea", "Late", 0); !late.joined.Participants[1].Sources[wire.Camera].Muted {
			t.Error("a newcomer is not told")
		}
	})
}

func TestSpeakersAreToldAtMostFiveTimesASecond(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		w.advance(time.Second)
		ada.clear()
		start := time.Now()
		for i := range 100 {
			bob.session().events.MediaSpeaking(true, 20+i%2*10)
			w.advance(10 * time.Millisecond)
		}
		w.advance(speakersEvery)
		told := events[*wire.Speakers](ada)
		if took := time.Since(start); len(told) < 5 || len(told) > int(took/speakersEvery)+1 {
			t.Errorf("told %d times in %v", len(told), took)
		}
		if s := told[0].Speakers; len(s) != 1 || s[0].Participant != bob.id() || s[0].Level != 20 {
			t.Errorf("speakers %+v", s)
		}
		bob.session().events.MediaSpeaking(false, 127)
		w.advance(speakersEvery)
		if s := one[*wire.Speakers](ada); len(s.Speakers) != 0 {
			t.Errorf("speakers %+v", s)
		}
		frames := w.engine.Figures().Frames
		w.advance(4 * time.Second)
		if n := w.engine.Figures().Frames - frames; n > 8 { // at most a quality event each
			t.Errorf("%d frames while nobody speaks", n)
		}
		bob.session().events.MediaSpeaking(true, 30)
		w.advance(time.Millisecond)
		one[*wire.Speakers](ada)
		if late := w.join("tea", "Late", 0); len(one[*wire.Speakers](late).Speakers) != 1 {
			t.Error("a newcomer is not told")
		}
		bob.ok(&wire.Mute{Source: wire.Microphone, Muted: true})
		bob.session().events.MediaSpeaking(true, 10) // a packet that was on its way
		w.advance(speakersEvery)
		if s := one[*wire.Speakers](ada); len(s.Speakers) != 0 {
			t.Errorf("a muted microphone speaks: %+v", s)
		}
	})
}

func TestQuality(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob, bot := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4), w.joinAs(&wire.Join{Room: "tea", Name: "Bot"})
		bob.session().events.MediaConnected()
		for _, c := range []*client{ada, bob} {
			c.session().setQuality(MediaQuality{Packets: 10, RTT: 20 * time.Millisecond})
		}
		w.advance(qualityEvery)
		if q := one[*wire.Quality](bot); len(q.Participants) != 2 || q.Participants[0].Score != wire.ScoreExcellent || q.Participants[0].RTTMS != 20 {
			t.Errorf("first %+v", q)
		}
		ada.clear()
		bob.clear()
		w.advance(qualityEvery)
		if q := one[*wire.Quality](ada); len(q.Participants) != 1 || q.Participants[0].Participant != ada.id() {
			t.Errorf("own figures %+v", q)
		}
		if n := len(events[*wire.Quality](bot)); n != 0 {
			t.Error("told although nothing changed")
		}
		bob.session().setQuality(MediaQuality{Packets: 10, UpLoss: 0.12345, RTT: time.Second})
		w.advance(qualityEvery)
		if q := one[*wire.Quality](bot); len(q.Participants) != 1 || q.Participants[0].Score != wire.ScorePoor || q.Participants[0].UpLoss != 0.1235 {
			t.Errorf("changed %+v", q)
		}
		late := w.join("tea", "Late", 0)
		if q := one[*wire.Quality](late); len(q.Participants) != 2 || q.Participants[0].Score != wire.ScoreExcellent || q.Participants[1].Score != wire.ScorePoor {
			t.Errorf("a newcomer is told %+v", q)
		}
		bob.session().fallSilent()
		w.advance(2 * qualityEvery)
		if q := one[*wire.Quality](bot); q.Participants[0].Score != wire.ScoreLost {
			t.Errorf("lost %+v", q)
		}
	})
}

func TestLayerChanged(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		ada.session().events.MediaLayer(0, "h", 640, 360, "size")
		ada.session().events.MediaLayer(1, "f", 1, 1, "size")  // an empty seat
		ada.session().events.MediaLayer(99, "f", 1, 1, "size") // no seat at all
		w.settle()
		if l := one[*wire.LayerChanged](ada); l.Seat != 0 || l.Layer != "h" || l.Width != 640 || l.Height != 360 || l.Reason != "size" {
			t.Errorf("layer %+v", l)
		}
		if n := len(events[*wire.LayerChanged](bob)); n != 0 {
			t.Error("Bob was told too")
		}
	})
}

func TestLimited(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		ada.session().events.MediaLimited("camera", 15e6)
		ada.session().events.MediaLimited("screen", 15e6)
		ada.session().events.MediaLimited("piano", 15e6)
		w.settle()
		list := events[*wire.Limited](ada)
		if len(list) != 2 || list[0].Source != wire.Camera || list[1].Source != wire.Screen {
			t.Fatalf("Ada was told %+v", list)
		}
		if l := list[0]; l.Reason != wire.LimitRate || l.LimitBPS != 15e6 || l.Seq != 0 {
			t.Errorf("limited %+v", l)
		}
		if n := len(events[*wire.Limited](bob)); n != 0 {
			t.Error("Bob was told too")
		}
	})
}

func TestView(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 2)
		var others []*client
		for i := range 5 {
			others = append(others, w.join("tea", fmt.Sprint("P", i), 2))
		}
		ada.clear()
		ada.ok(&wire.View{Items: []wire.ViewItem{
			{Participant: others[4].id(), Source: wire.Camera, Width: 1280, Height: 720},
			{Participant: others[0].id(), Source: wire.Camera, Width: 160, Height: 90},
			{Participant: others[0].id(), Source: wire.Camera, Width: 999, Height: 999},
		}})
		if s := one[*wire.Seated](ada); s.Participant != others[4].id() || s.Seat != 1 {
			t.Errorf("seated %+v", s) // P0 kept seat 0
		}
		if p := ada.session().sitting(1); p.Width != 1280 || p.Height != 720 || p.Rank != 1 {
			t.Errorf("placed %+v", p)
		}
		if p := ada.session().sitting(0); p.Width != 160 || p.Rank != 2 {
			t.Errorf("placed %+v", p)
		}
		// Another size is the media side's matter only.
		ada.ok(&wire.View{Items: []wire.ViewItem{
			{Participant: others[4].id(), Source: wire.Camera, Width: 320, Height: 180},
			{Participant: others[0].id(), Source: wire.Camera, Width: 160, Height: 90},
		}})
		if n := len(events[*wire.Seated](ada)); n != 0 || ada.session().sitting(1).Width != 320 {
			t.Error("a new size moved somebody")
		}
		// And so is another order.
		ada.ok(&wire.View{Items: []wire.ViewItem{
			{Participant: others[0].id(), Source: wire.Camera, Width: 160, Height: 90},
			{Participant: others[4].id(), Source: wire.Camera, Width: 320, Height: 180},
		}})
		if n := len(events[*wire.Seated](ada)); n != 0 || ada.session().sitting(0).Rank != 1 || ada.session().sitting(1).Rank != 2 {
			t.Error("a new order moved somebody, or nobody was told of it")
		}
		// More seats by an offer.
		req := joinReq("", "", 4)
		ada.ok(&wire.Offer{Offer: "v=0 more", Sources: req.Sources, Seats: req.Seats})
		w.advance(seatsEvery)
		ada.pump()
		if len(ada.seats) != 4 || ada.seats[1].Participant != others[4].id() {
			t.Errorf("seats %v", ada.seats)
		}
		ada.refused(&wire.Offer{Offer: "v=0 less", Sources: req.Sources, Seats: req.Seats[:1]}, wire.CodeSDPMismatch)
		ada.refused(&wire.Offer{Offer: "v=0", Sources: req.Sources, Seats: append(seatMIDs(wire.MaxSeats), wire.SeatMIDs{Audio: "x", Video: "y"})}, wire.CodeTooManySeat)
	})
}

// TestAnOfferPlacesTheSenderAgain: a new offer may have moved what he sends, so
// all who watch him are given it anew, and notice nothing.
func TestAnOfferPlacesTheSenderAgain(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		w.settle()
		ada.clear()
		before := ada.session().places
		req := joinReq("", "", 4)
		bob.ok(&wire.Offer{Offer: "v=0 elsewhere", Sources: req.Sources, Seats: req.Seats})
		w.settle()
		if n := ada.session().places - before; n != 1 || ada.session().sitting(0).From != MediaSession(bob.session()) {
			t.Errorf("placed %d times, %+v", n, ada.session().sitting(0))
		}
		if n := len(events[*wire.Seated](ada)) + len(events[*wire.Vacated](ada)); n != 0 {
			t.Errorf("told %d times", n)
		}
	})
}

func TestPictureThatCanNotBeDecoded(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 4)
		w.media.mu.Lock()
		ada.session0().decodes = map[string]bool{"H264": true}
		w.media.mu.Unlock()
		w.join("tea", "Bob", 4)
		w.settle()
		if s := one[*wire.Seated](ada); s.Problem != "codec" || !s.Video {
			t.Errorf("seated %+v", s)
		}
		if ada.session().sitting(0).Video {
			t.Error("the picture is sent")
		}
	})
}

// session0 is session for those who hold media.mu.
func (c *client) session0() *memSession { return c.w.media.sessions[c.id()] }

func TestASpeakerOutsideTheViewIsHeard(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 4)
		var others []*client
		var view []wire.ViewItem
		for i := range 6 {
			c := w.join("tea", fmt.Sprint("P", i), 4)
			others = append(others, c)
			if i < 4 {
				view = append(view, wire.ViewItem{Participant: c.id(), Source: wire.Camera, Width: 320, Height: 180})
			}
		}
		ada.ok(&wire.View{Items: view})
		ada.clear()
		others[5].session().events.MediaSpeaking(true, 20)
		w.advance(seatsEvery)
		if s := one[*wire.Seated](ada); s.Participant != others[5].id() || s.Video || s.Seat != 3 {
			t.Errorf("seated %+v", s)
		}
		others[5].session().events.MediaSpeaking(false, 127)
		w.advance(time.Minute)
		others[5].ok(&wire.Hand{Raised: true})
		others[0].ok(&wire.Mute{Source: wire.Screen, Muted: false}) // something changes
		w.advance(seatsEvery)
		ada.pump()
		if s := ada.seats[3]; s.Participant != others[3].id() || !s.Video {
			t.Errorf("seat 3 has %+v long after", s)
		}
	})
}
