package rtc

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"parley/media"
	"parley/media/rtc/rtctest"
)

// bargain is a session that only negotiates.
type bargain struct {
	t       *testing.T
	spec    offerSpec
	session *Session
	lines   slots
	seats   int
	got     map[string]answered
}

func newBargain(t *testing.T, seats int) *bargain {
	b := &bargain{t: t, seats: seats, spec: offerSpec{
		ufrag: "abcd", pwd: "abcdefghijklmnopqrstuvwx", seats: seats, fingerprint: "sha-256 " + fingerprintText,
	}}
	b.lines = slotsOf(&b.spec)
	session, text, err := listen(t, Config{Workers: 1}).Open(t.Context(), "p", b.lines.offer(&b.spec, seats), newRecorder())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	b.session = session
	b.got = answeredTo(t, b.lines, text.SDP)
	return b
}

// offer makes an offer of the m-lines as they are, which has to be taken.
func (b *bargain) offer() {
	b.t.Helper()
	text, err := b.session.Offer(b.t.Context(), b.lines.offer(&b.spec, b.seats))
	if err != nil {
		b.t.Fatalf("offer of %v: %v", mids(b.lines), err)
	}
	b.got = answeredTo(b.t, b.lines, text.SDP)
}

// refused makes an offer of other m-lines, which has to be refused as a
// mismatch.
func (b *bargain) refused(lines slots, seats int) {
	b.t.Helper()
	_, err := b.session.Offer(b.t.Context(), lines.offer(&b.spec, seats))
	var sdp *media.SDPError
	if !errors.As(err, &sdp) || sdp.Code != media.SDPMismatch {
		b.t.Fatalf("offer of %v: %v, want %s", mids(lines), err, media.SDPMismatch)
	}
}

func (b *bargain) stop(mid string) { b.lines.find(mid).stopped = true }

func mids(l slots) (list []string) {
	for _, s := range l {
		mid := s.mid
		if s.stopped {
			mid += "=0"
		}
		list = append(list, mid)
	}
	return list
}

// TestRecycledSections: what a client stopped gives its place to something new
// under another mid, whatever it is, and the rest stays what it was.
func TestRecycledSections(t *testing.T) {
	picture := (&offerSpec{}).videoCodecs("")
	for name, tc := range map[string]struct {
		stop string
		next slot
	}{
		"a source by itself":        {"cam", slot{mid: "7", source: Camera, video: true, codecs: picture}},
		"a source by another":       {"cam", slot{mid: "7", source: Screen, video: true, codecs: picture}},
		"a source by another kind":  {"cam", slot{mid: "7", source: ScreenAudio}},
		"the first one, the tag":    {"mic", slot{mid: "7", source: Microphone}},
		"a seat's picture":          {"v1", slot{mid: "7", seat: 1, video: true, codecs: picture}},
		"a seat's sound":            {"a0", slot{mid: "7", seat: 0}},
		"a seat's half by a source": {"v0", slot{mid: "7", source: Screen, video: true, codecs: picture}},
		"a source by a seat's half": {"cam", slot{mid: "7", seat: 2}},
		"by the same mid":           {"cam", slot{mid: "cam", source: Screen, video: true, codecs: picture}},
		"by the same mid as a seat": {"v1", slot{mid: "v1", seat: 0, video: true, codecs: picture}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBargain(t, 3)
			before := b.got
			if tc.next.seat == 2 { // an audio-only seat that gets its sound later
				b.stop("a2")
			}
			if tc.next.seat == 0 && tc.next.mid == "v1" {
				b.stop("v0")
			}
			b.stop(tc.stop)
			b.offer()
			next := tc.next
			at := b.lines.find(tc.stop)
			*at = next
			b.offer()
			b.offer()
			for mid, was := range before {
				now := b.got[mid]
				switch {
				case mid == next.mid && was.ssrc != 0 && now.ssrc == was.ssrc:
					t.Errorf("another stream has the SSRC %d of %q", was.ssrc, mid)
				case mid == next.mid || b.lines.find(mid) == nil || b.lines.find(mid).stopped:
				case now.ssrc != was.ssrc || now.rtx != was.rtx:
					t.Errorf("%q changed from %+v to %+v", mid, was, now)
				}
			}
			if next.source != "" && b.session.media().State().Sources[next.source] != next.mid {
				t.Errorf("%s is not what sends %s", next.mid, next.source)
			}
			if next.source == "" {
				half := b.session.media().State().Seats[next.seat][map[bool]int{true: 1}[next.video]]
				if half.MID != next.mid || uint32(half.SSRC) != b.got[next.mid].ssrc {
					t.Errorf("seat %d has not the half that was negotiated", next.seat)
				}
			}
		})
	}
}

// TestRecycledAfterOurRejection: a section that we gave port 0 is free, too.
func TestRecycledAfterOurRejection(t *testing.T) {
	b := newBargain(t, 1)
	o := append(b.lines.clone(), &slot{mid: "x", source: "nobody's"})
	offer := o.offer(&b.spec, 1)
	delete(offer.Sources, "nobody's")
	if _, err := b.session.Offer(t.Context(), offer); err != nil {
		t.Fatal(err)
	}
	b.lines = append(b.lines, &slot{mid: "y", source: ScreenAudio})
	b.offer()
	if b.session.media().State().Sources[ScreenAudio] == "" {
		t.Error("nothing took its place")
	}
}

// TestLostAnswer: a client that never saw the answer to an offer rolls it back
// and makes another. What it has offered twice it can not take back so.
func TestLostAnswer(t *testing.T) {
	b := newBargain(t, 1)
	before := b.session.held()
	sure := b.lines.clone()
	for i := range 5 {
		b.lines = append(sure.clone(), &slot{mid: fmt.Sprint("s", i), source: ScreenAudio})
		b.lines.find("v0").stopped = true
		b.offer() // in vain
	}
	b.lines = sure
	b.offer()
	if after := b.session.held(); after != before {
		t.Errorf("before: %s\nafter:  %s", before, after)
	}
	b.lines = append(b.lines, &slot{mid: "s", source: ScreenAudio})
	b.offer()
	b.offer()
	b.refused(b.lines[:len(b.lines)-1], 1)
	b.offer()
}

// TestRefusedOffersChangeNothing: whatever was wrong with an offer, the next good
// one is taken and all is as it was.
func TestRefusedOffersChangeNothing(t *testing.T) {
	for name, bad := range map[string]func(l slots) (slots, int){
		"a live place taken":      func(l slots) (slots, int) { l.find("cam").mid = "7"; return l, 2 },
		"a live seat's place":     func(l slots) (slots, int) { l.find("v1").mid = "7"; return l, 2 },
		"one is missing":          func(l slots) (slots, int) { return l[:len(l)-1], 2 },
		"stopped and gone":        func(l slots) (slots, int) { return l[1:], 2 },
		"fewer seats":             func(l slots) (slots, int) { l.find("a1").stopped, l.find("v1").stopped = true, true; return l, 1 },
		"a seat's half elsewhere": func(l slots) (slots, int) { l.find("v0").stopped = true; l.find("v1").seat = 0; return l, 2 },
		"a source for another":    func(l slots) (slots, int) { l.find("cam").source = Screen; return l, 2 },
		"an unknown source":       func(l slots) (slots, int) { return append(l, &slot{mid: "7", source: "smell"}), 2 },
		"of a seat that can not be": func(l slots) (slots, int) {
			return append(l, &slot{mid: "7", seat: 2, video: true, codecs: []rtctest.Codec{rtctest.AsVP8}, source: Camera}), 2
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBargain(t, 2)
			b.offer()
			before, got := b.session.held(), fmt.Sprint(b.got)
			for range 3 {
				lines, seats := bad(b.lines.clone())
				b.refused(lines, seats)
				b.offer()
			}
			if after := b.session.held(); after != before || fmt.Sprint(b.got) != got {
				t.Errorf("before: %s\nafter:  %s", before, after)
			}
			b.stop("cam")
			b.offer()
			*b.lines.find("cam") = slot{mid: "9", source: Camera, video: true, codecs: b.lines.find("v0").codecs}
			b.offer()
		})
	}
}

// TestSeatOfOneHalf: an audio-only seat may get its picture later, and one that
// lost it again goes on with the sound.
func TestSeatOfOneHalf(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	anna, viewer := join(t, s, peerOptions{}), join(t, s, peerOptions{})
	startPump(t, anna, "anna")
	lines := append(slotsOf(&viewer.spec), &slot{mid: "a0"})
	offer := func() map[string]answered {
		t.Helper()
		text, err := viewer.session.Offer(t.Context(), lines.offer(&viewer.spec, 1))
		viewer.must(err)
		return answeredTo(t, lines, text.SDP)
	}
	comes := func(ssrc uint32) {
		t.Helper()
		viewer.session.Place(0, Placement{From: anna.session, Source: Camera, Video: true})
		n := len(viewer.received(ssrc))
		viewer.wait("more", func() bool { return len(viewer.rtp[ssrc]) > n+5 })
	}
	audio := offer()["a0"].ssrc
	comes(audio)
	if viewer.session.CanDecode(0, anna.session, Camera) {
		t.Error("a seat without a picture can decode one")
	}
	lines = append(lines, &slot{mid: "v0", video: true, codecs: viewer.spec.videoCodecs("v0")})
	got := offer()
	if got["a0"].ssrc != audio {
		t.Error("the sound has another SSRC")
	}
	comes(got["v0"].ssrc)
	if !viewer.session.CanDecode(0, anna.session, Camera) {
		t.Error("a seat that has a picture can not decode it")
	}
	lines.find("v0").stopped = true
	offer()
	if viewer.session.CanDecode(0, anna.session, Camera) {
		t.Error("a seat whose picture was stopped can decode one")
	}
	*lines.find("v0") = slot{mid: "scr", source: ScreenAudio}
	offer()
	comes(audio)
	lines = append(lines, &slot{mid: "v9", video: true, codecs: viewer.spec.videoCodecs("v9")})
	got = offer()
	comes(got["v9"].ssrc)
	comes(audio)
}

// TestThousandRecyclings: sessions that have renegotiated a thousand times hold
// what they held in the beginning, though a source and a seat are in another section
// each time. What is forwarded meanwhile is forward.TestThousandRecyclings's.
func TestThousandRecyclings(t *testing.T) {
	b := newBargain(t, 1)
	picture := b.lines.find("cam").codecs
	camera, seat := b.lines.find("cam"), b.lines.find("v0")
	var was, before string
	var heap uint64
	for i := range 1000 {
		camera.stopped, seat.stopped = true, true
		b.offer()
		*camera = slot{mid: fmt.Sprint("c", i), source: Camera, video: true, codecs: picture}
		*seat = slot{mid: fmt.Sprint("w", i), video: true, codecs: picture}
		b.offer()
		was = b.session.held()
		if i == 100 {
			before, heap = was, heapNow()
		}
	}
	if was != before {
		t.Errorf("after 100:   %s\nafter 1,000: %s", before, was)
	}
	if grown := int64(heapNow()) - int64(heap); grown > 64<<10 {
		t.Errorf("900 recyclings grew the heap by %d bytes", grown)
	}
}

func heapNow() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
