package rtc

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"parley/media"
	"parley/media/rtc/rtctest"
)

// reject gives a section of an offer port 0, as a stopped transceiver has.
func reject(o *Offer, mid string) {
	sections := strings.Split(o.SDP, "\r\nm=")
	for i, s := range sections {
		if strings.Contains(s+"\r\n", "\r\na=mid:"+mid+"\r\n") {
			sections[i] = strings.Replace(s, " 9 ", " 0 ", 1)
		}
	}
	o.SDP = strings.Join(sections, "\r\nm=")
	group, rest, _ := strings.Cut(o.SDP, "\r\nm=")
	o.SDP = strings.Replace(group+"\r\n", " "+mid+"\r\n", "\r\n", 1)
	o.SDP = strings.TrimSuffix(strings.Replace(o.SDP, " "+mid+" ", " ", 1), "\r\n") + "\r\nm=" + rest
}

// held counts what a session remembers of its offers.
func (s *Session) held() string {
	m := s.media().State()
	return fmt.Sprintf("%d tracks, %d SSRCs in, %d seats, %d streams, %d SSRCs out, %d uses",
		m.Tracks, m.SSRCsIn, len(m.Seats), m.Streams, m.SSRCsOut, s.nego.InUse())
}

// TestOffersDoNotAddUp: whatever a hundred offers say, a session holds exactly what
// it held before. What each left behind would show as well as after a thousand.
func TestOffersDoNotAddUp(t *testing.T) {
	spec := offerSpec{ufrag: "abcd", pwd: "abcdefghijklmnopqrstuvwx", seats: 2, fingerprint: "sha-256 " + fingerprintText}
	rename := func(o *Offer, mid, to string) {
		o.SDP = strings.ReplaceAll(o.SDP, "a=mid:"+mid+"\r\n", "a=mid:"+to+"\r\n")
		o.SDP = strings.Replace(o.SDP, " "+mid+" ", " "+to+" ", 1)
	}
	for name, tc := range map[string]struct {
		change func(i int, o *Offer)
		taken  bool
	}{
		"a source under another mid": {change: func(i int, o *Offer) {
			o.Sources[Camera] = fmt.Sprint("cam", i)
			rename(o, "cam", o.Sources[Camera])
		}},
		"a seat under other mids": {change: func(i int, o *Offer) {
			o.Seats[1].Audio = fmt.Sprint("x", i)
			rename(o, "a1", o.Seats[1].Audio)
		}},
		"one more seat, of which a half is missing": {change: func(i int, o *Offer) {
			more := spec
			more.seats = 3
			*o = more.offer()
			o.Seats[2].Video = "nowhere"
		}},
		"a section without a use": {change: func(i int, o *Offer) { delete(o.Sources, Camera) }},
		"sources exchanged":       {change: func(i int, o *Offer) { o.Sources = map[string]string{ScreenAudio: "mic", Screen: "cam"} }},
		"seats exchanged":         {change: func(i int, o *Offer) { o.Seats[0], o.Seats[1] = o.Seats[1], o.Seats[0] }},
		"fewer seats":             {change: func(i int, o *Offer) { o.Seats = o.Seats[:1] }},
		"other SSRCs": {taken: true, change: func(i int, o *Offer) {
			o.SDP = strings.ReplaceAll(o.SDP, fmt.Sprint(rtctest.SSRCMic), fmt.Sprint(50000+i))
		}},
		"sections stopped and started": {taken: true, change: func(i int, o *Offer) {
			if i%2 == 0 {
				reject(o, "cam")
				reject(o, "v1")
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, Config{Workers: 1})
			session, _, err := s.Open(t.Context(), "p", spec.offer(), newRecorder())
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			before := session.held()
			const n = 100
			for i := range n + 1 {
				o := spec.offer()
				if i < n || !tc.taken { // or it ends where it began
					tc.change(i, &o)
				}
				_, err := session.Offer(t.Context(), o)
				var sdp *media.SDPError
				if !tc.taken && (!errors.As(err, &sdp) || sdp.Code != media.SDPMismatch) || tc.taken && err != nil {
					t.Fatalf("offer %d: %v", i, err)
				}
			}
			if after := session.held(); after != before {
				t.Errorf("before: %s\nafter:  %s", before, after)
			}
		})
	}
}

// TestStoppedSectionsKeepTheirPlace: a client stops its screen and a seat's
// picture; neither is named or carried any more, all else goes on, and a
// section that comes back is what it was.
func TestStoppedSectionsKeepTheirPlace(t *testing.T) {
	s := listen(t, Config{})
	anna, viewer := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 2})
	startPump(t, anna, "anna")
	first := viewer.answer
	for seat := range 2 {
		viewer.session.Place(seat, Placement{From: anna.session, Source: Camera, Video: true})
	}
	pictures := func(seat int) {
		t.Helper()
		n := len(viewer.received(first.video[seat]))
		viewer.wait("pictures", func() bool { return len(viewer.rtp[first.video[seat]]) > n+10 })
	}
	pictures(0)
	pictures(1)

	for name, stop := range map[string]func(o *Offer){
		"rejected": func(o *Offer) { reject(o, "v1") },
		"rejected and not named": func(o *Offer) {
			reject(o, "v1")
			o.Seats[1].Video = ""
		},
		"inactive": func(o *Offer) {
			head, tail, _ := strings.Cut(o.SDP, "a=mid:v1\r\n")
			o.SDP = head + "a=mid:v1\r\n" + strings.Replace(tail, "a=recvonly", "a=inactive", 1)
		},
	} {
		o := viewer.spec.offer()
		stop(&o)
		if _, err := viewer.session.Offer(t.Context(), o); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		pictures(0) // what was on its way has arrived
		n := len(viewer.received(first.video[1]))
		sound := len(viewer.received(first.audio[1]))
		pictures(0)
		viewer.wait("sound", func() bool { return len(viewer.rtp[first.audio[1]]) > sound+5 })
		if more := len(viewer.received(first.video[1])) - n; more > 0 {
			t.Errorf("%s: %d pictures came all the same", name, more)
		}
		text, err := viewer.session.Offer(t.Context(), viewer.spec.offer())
		if err != nil {
			t.Fatal(err)
		}
		if again := parseAnswer(t, text.SDP); fmt.Sprint(again.video, again.audio) != fmt.Sprint(first.video, first.audio) {
			t.Errorf("%s: SSRCs have changed", name)
		}
		pictures(1)
	}

	o := anna.spec.offer()
	reject(&o, "cam")
	delete(o.Sources, Camera)
	if _, err := anna.session.Offer(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got := anna.session.Codec(Camera); got != "" {
		t.Errorf("the stopped camera sends %s", got)
	}
	anna.session.SetMuted(Microphone, true)
	if m := anna.session.media().State(); m.Tracks != 1 || !maps.Equal(m.Sources, map[string]string{Microphone: "mic"}) {
		t.Errorf("%d tracks left: %v", m.Tracks, m.Sources)
	}

	// It comes back as another track, which sits where it is placed again.
	if _, err := anna.session.Offer(t.Context(), anna.spec.offer()); err != nil {
		t.Fatal(err)
	}
	viewer.session.Place(0, Placement{From: anna.session, Source: Camera, Video: true})
	pictures(0)
}

// TestStoppedMicrophoneFallsSilent: who speaks when the section of the microphone
// is stopped, or gets another, does not speak for ever.
func TestStoppedMicrophoneFallsSilent(t *testing.T) {
	s := listen(t, Config{})
	p := join(t, s, peerOptions{})
	lines := slotsOf(&p.spec)
	for i, stop := range []func(){
		func() { lines.find("mic").stopped = true },
		func() { *lines.find("mic") = slot{mid: "mic1", source: Microphone, ssrc: rtctest.SSRCMic + 1} },
		func() { lines.find("mic1").stopped = true },
	} {
		stop()
		speaking := func(on bool) func() bool {
			return func() bool { l := p.events.speaking; return len(l) > 0 && l[len(l)-1] == on }
		}
		if i == 1 {
			_, err := p.session.Offer(t.Context(), lines.offer(&p.spec, 0))
			p.must(err)
			continue
		}
		for n := uint16(0); !p.events.waitFor(0, speaking(true)); n++ {
			packet := rtctest.Opus(uint16(i)*1000+n, "word")
			packet.SSRC = rtctest.SSRCMic + uint32(i)/2
			p.must(packet.SetExtension(rtctest.ExtAudioLevel, []byte{0x80 | 20}))
			p.send(packet)
			time.Sleep(10 * time.Millisecond)
			if n == 1000 {
				t.Fatal("nobody hears it")
			}
		}
		_, err := p.session.Offer(t.Context(), lines.offer(&p.spec, 0))
		p.must(err)
		p.events.wait(t, "silence", speaking(false))
	}
}
