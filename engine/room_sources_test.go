package engine

import (
	"maps"
	"testing"

	"parley/engine/wire"
)

// again is an offer of so many seats with all sources but some.
func again(sdp string, seats int, without ...wire.Source) *wire.Offer {
	req := joinReq("", "", seats)
	sources := maps.Clone(req.Sources)
	for _, s := range without {
		delete(sources, s)
	}
	return &wire.Offer{Offer: sdp, Sources: sources, Seats: req.Seats}
}

// TestStoppedSourceIsMuted: what an offer leaves out can not be sent, which
// everybody is told; when it comes back it is as muted as anything new.
func TestStoppedSourceIsMuted(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		bob.session().events.MediaSpeaking(true, 20)
		w.settle()
		if !ada.session().sitting(0).Video {
			t.Fatal("Ada does not see Bob")
		}
		ada.clear()
		bob.ok(again("v=0 less", 4, wire.Camera, wire.Microphone))
		w.advance(2 * speakersEvery)
		muted := map[wire.Source]bool{}
		for _, m := range events[*wire.Muted](ada) {
			muted[m.Source] = m.Muted && m.Codec == ""
		}
		if len(muted) != 2 || !muted[wire.Camera] || !muted[wire.Microphone] {
			t.Errorf("told of %v", muted)
		}
		if s := events[*wire.Speakers](ada); len(s) != 1 || len(s[0].Speakers) != 0 {
			t.Errorf("who can not be heard speaks: %+v", s)
		}
		if ada.session().sitting(0).Video {
			t.Error("the picture is placed still")
		}
		for _, s := range events[*wire.Seated](ada) {
			if s.Problem != "" {
				t.Errorf("what is muted has a problem: %+v", s)
			}
		}
		bob.refused(&wire.Mute{Source: wire.Camera, Muted: false}, wire.CodeNoSource)

		bob.ok(again("v=0 more", 4))
		if !bob.session().muted[wire.Camera] {
			t.Error("the camera is sent at once")
		}
		w.settle()
		if n := len(events[*wire.Muted](ada)); n != 0 {
			t.Errorf("told %d times of what stays muted", n)
		}
		bob.ok(&wire.Mute{Source: wire.Camera, Muted: false})
		w.settle()
		if m := one[*wire.Muted](ada); m.Source != wire.Camera || m.Muted || !ada.session().sitting(0).Video {
			t.Errorf("the camera did not come back: %+v", m)
		}
	})
}

// TestCodecOfASourceChanges: everybody hears of it, whether an offer brings it or
// the packets do, and is seated anew by what can be decoded then. Who changes what
// his own seats take is seated anew, too.
func TestCodecOfASourceChanges(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		w.settle()
		sees := func(want bool) {
			t.Helper()
			w.settle()
			if got := ada.session().sitting(0).Video; got != want {
				t.Errorf("Ada sees Bob: %v, want %v", got, want)
			}
		}
		is := func(codec string) {
			t.Helper()
			told := map[wire.Source]string{}
			for _, m := range events[*wire.Muted](ada) {
				told[m.Source] = m.Codec
			}
			if told[wire.Camera] != codec {
				t.Errorf("told of %v, want %s", told, codec)
			}
		}
		sees(true)
		ada.clear()
		bob.ok(again("v=0 H264", 4))
		sees(false)
		is("H264")
		if late := w.join("tea", "Late", 0); late.joined.Participants[1].Sources[wire.Camera].Codec != "H264" {
			t.Error("a newcomer is told of another codec")
		}
		w.media.mu.Lock()
		bob.session0().codecs[wire.Camera] = "VP8"
		w.media.mu.Unlock()
		bob.session().events.MediaProblem("camera")
		bob.session().events.MediaProblem("piano")
		sees(true)
		is("VP8")
		bob.session().events.MediaProblem("camera")
		w.settle()
		if n := len(events[*wire.Muted](ada)); n != 0 {
			t.Errorf("told %d times that nothing has changed", n)
		}

		bob.ok(again("v=0 H264", 4))
		sees(false)
		w.media.mu.Lock()
		ada.session0().decodes["H264"] = true
		w.media.mu.Unlock()
		ada.ok(again("v=0 H264", 4))
		sees(true)
	})
}
