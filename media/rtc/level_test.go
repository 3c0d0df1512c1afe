package rtc

import (
	"testing"
	"time"

	"github.com/pion/rtp"

	"parley/media/rtc/rtctest"
)

// TestLevelsDoNotLeak: a microphone that tells no levels is forwarded without
// one, whatever somebody in another room said a moment before, and so is the
// single packet without one of a microphone that does.
func TestLevelsDoNotLeak(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	loud, without := join(t, s, peerOptions{}), join(t, s, peerOptions{noLevel: true})
	to := join(t, s, peerOptions{seats: 2})
	to.session.Place(0, Placement{From: without.session, Source: Camera})
	to.session.Place(1, Placement{From: loud.session, Source: Camera})
	say := func(p *peer, seq uint16, level ...byte) {
		packet := rtctest.Opus(seq, "word")
		if level != nil {
			if err := packet.SetExtension(rtctest.ExtAudioLevel, level); err != nil {
				t.Fatal(err)
			}
		}
		p.send(packet)
	}
	const n = 50
	for i := range uint16(n) {
		say(loud, 100+2*i, 0x85)
		say(without, 100+i)
		say(loud, 101+2*i)
	}
	seats := to.answer.audio
	to.wait("all packets", func() bool { return len(to.rtp[seats[0]]) == n && len(to.rtp[seats[1]]) == 2*n })
	for i, p := range to.received(seats[0]) {
		if v := p.GetExtension(rtctest.ExtAudioLevel); v != nil {
			t.Fatalf("packet %d of a microphone without levels has %x", i, v)
		}
		if p.GetExtension(rtctest.ExtMID) == nil || p.GetExtension(rtctest.ExtTransportCC) == nil {
			t.Fatalf("packet %d lost other extensions: %v", i, p.Header)
		}
	}
	for _, p := range to.received(seats[1]) {
		v := p.GetExtension(rtctest.ExtAudioLevel)
		if told := (p.SequenceNumber-to.received(seats[1])[0].SequenceNumber)%2 == 0; told != (v != nil) || told && v[0] != 0x85 {
			t.Fatalf("packet %d of a microphone with a level in every other has %x", p.SequenceNumber, v)
		}
	}
}

// TestSpeakingWithoutLevels: who tells no levels still becomes a speaker, and
// stops being one.
func TestSpeakingWithoutLevels(t *testing.T) {
	s := listen(t, Config{})
	p := join(t, s, peerOptions{noLevel: true})
	say := func(size, n int, from uint16) {
		for i := range uint16(n) {
			payload := make([]byte, size)
			payload[0] = 15 << 3 // 20 ms
			p.send(&rtp.Packet{
				Header:  rtp.Header{Version: 2, PayloadType: rtctest.PTOpus, SequenceNumber: from + i, Timestamp: uint32(from+i) * 960, SSRC: rtctest.SSRCMic},
				Payload: payload,
			})
			time.Sleep(10 * time.Millisecond)
		}
	}
	say(80, 60, 0)
	p.events.wait(t, "speaking", func() bool { return len(p.events.speaking) > 0 && p.events.speaking[0] })
	say(1, 150, 60) // as discontinuous transmission has it
	p.events.wait(t, "silence", func() bool { return !p.events.speaking[len(p.events.speaking)-1] })
}
