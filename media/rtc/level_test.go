package rtc

import (
	"testing"
	"time"

	"github.com/pion/rtp"

	"parley/media"
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
		packet := opus(seq, "word")
		if level != nil {
			if err := packet.SetExtension(extLevel, level); err != nil {
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
		if v := p.GetExtension(extLevel); v != nil {
			t.Fatalf("packet %d of a microphone without levels has %x", i, v)
		}
		if p.GetExtension(extMID) == nil || p.GetExtension(extTWCC) == nil {
			t.Fatalf("packet %d lost other extensions: %v", i, p.Header)
		}
	}
	for _, p := range to.received(seats[1]) {
		v := p.GetExtension(extLevel)
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
				Header:  rtp.Header{Version: 2, PayloadType: ptOpus, SequenceNumber: from + i, Timestamp: uint32(from+i) * 960, SSRC: ssrcMic},
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

// TestNothingOfAPacketSurvives: whatever a slot held, what comes next starts
// from a zero packet.
func TestNothingOfAPacketSurvives(t *testing.T) {
	var r runs
	fresh := *r.next()
	if fresh.in.Facts != &r.packets[0].facts {
		t.Fatal("the facts are somewhere else")
	}
	*r.next() = packet{
		in: media.Input{
			Source: 9, Layer: 9, Ext: 9, TS: 9, Marker: true, Facts: &media.Facts{}, Clocks: &media.LayerClocks{}, Now: 9,
		},
		facts:  media.Facts{Keyframe: true, Width: 9, Counters: media.Counters{PIDBits: 9}},
		params: &media.CodecParams{}, payload: make([]byte, 9), descriptor: make([]byte, 9), lead: make([]byte, 9),
		level: media.AudioLevel{Known: true, Byte: 5}, skip: true, next: 9,
	}
	p := r.next()
	if p.in != fresh.in || p.facts != fresh.facts || p.params != nil || p.payload != nil || p.descriptor != nil || p.lead != nil || p.level != fresh.level || p.skip || p.next != noPacket {
		t.Errorf("left over: %+v", *p)
	}
}
