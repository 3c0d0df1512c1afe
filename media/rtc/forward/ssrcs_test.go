package forward

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtp"

	"parley/media"
	"parley/media/rtc/rtctest"
)

// TestSpentKeysEndTheSession: a peer that has used all the SSRCs that its keys
// may protect is told so, and comes back with other keys.
func TestSpentKeysEndTheSession(t *testing.T) {
	r := newRig(t, 0, options{})
	s := r.from
	opener := s.keys.Load().Opener
	packet := func(ssrc uint32) []byte {
		pkt := append([]byte{0x80, rtctest.PTVP8, 0, 1, 0, 0, 0, 0, byte(ssrc >> 24), byte(ssrc >> 16), byte(ssrc >> 8), byte(ssrc)}, make([]byte, 100)...)
		n, err := r.sealer.SealRTP(&r.sc, pkt, 12, make([]byte, 20), 1)
		if err != nil {
			t.Fatal(err)
		}
		return pkt[:n]
	}
	at := r.group.clock.now().Add(-3 * time.Hour)
	var err error
	for ssrc := uint32(1); err == nil; ssrc++ {
		pkt := packet(ssrc)
		var h media.Header
		if err = media.ParseHeader(pkt, &h); err == nil {
			_, _, err = opener.OpenRTP(pkt, &h, at)
		}
		at = at.Add(2 * media.SSRCIdle)
	}
	if err != media.ErrSSRCsSpent {
		t.Fatal(err)
	}
	if _, err := r.client.Write(packet(1 << 30)); err != nil {
		t.Fatal(err)
	}
	r.turn(1)
	r.control()
	if r.w.count.drops[dropSSRCs].Load() != 1 || s.running() {
		t.Errorf("the session runs on; drops %v", r.figures().Drops)
	}
	if !s.told.failedWith(ErrSSRCsSpent) {
		t.Errorf("it failed with %v", s.told.failures)
	}
}

// TestTwoHundredUnmutes: a microphone that comes back under another SSRC each
// time is heard each time, in one stream without a hole, and nothing that was
// sent before can be played to the viewers again.
func TestTwoHundredUnmutes(t *testing.T) {
	r := newRig(t, 1, options{})
	rng := rand.New(rand.NewPCG(2, 0))
	var captured [][]byte
	for i := range uint32(200) {
		seq := uint16(rng.IntN(60000))
		for n := range uint16(5) {
			packet := rtctest.Opus(seq+n, "voice")
			packet.SSRC = 500_000 + i
			r.must(packet.SetExtension(rtctest.ExtMID, []byte("mic")))
			captured = append(captured, r.sealed(packet))
			r.put(packet)
		}
		if tx := r.to[0].seat(0).audio.tx; tx == nil || tx.packets != 5*(i+1) {
			t.Fatalf("the voice is not heard after unmute %d: %v", i, r.figures().Drops)
		}
		r.pass(1200 * time.Millisecond)
	}
	if n := len(r.from.rx.streams); n > maxStreams {
		t.Errorf("%d SSRCs are held", n)
	}
	for _, pkt := range captured {
		_, err := r.client.Write(pkt)
		r.must(err)
		r.turn(1)
	}
	if n := r.to[0].seat(0).audio.tx.packets; n != 1000 {
		t.Errorf("%d packets were heard again", n-1000)
	}
	if n := r.w.count.drops[dropReplay].Load(); int(n) != len(captured) {
		t.Errorf("%d of %d replays were refused as such", n, len(captured))
	}
}

// sharer is a client that shares its screen time and again.
type sharer struct {
	*rig
	lines lines
	ssrc  uint32
}

// share begins another share, in a section of its own.
func (s *sharer) share(i int, recycle bool) *line {
	s.t.Helper()
	mid := fmt.Sprint("share", i)
	next := &line{mid: mid, source: media.Screen, video: true, codecs: rtctest.Codecs(""), rids: []string{"q", "h", "f"}}
	before := len(s.lines)
	for _, l := range s.lines {
		l.stopped = l.stopped || l.source == media.Screen
	}
	if recycle {
		s.must(s.from.agree(s.lines, 0))
		s.lines = s.lines.put(next)
	} else if s.lines = append(s.lines, next); before+1 != len(s.lines) {
		s.t.Fatal("the share has no section of its own")
	}
	s.must(s.from.agree(s.lines, 0))
	s.to[0].Place(0, Placement{From: s.from, Source: media.Screen, Video: true, Width: 1280, Height: 720})
	s.group.handOver()
	return next
}

// frames sends a key frame of each layer, another frame, of which only the
// repair arrives, and one more.
func (s *sharer) frames(mid string) {
	s.t.Helper()
	for _, rid := range []string{"q", "h", "f"} {
		ssrc := s.ssrc
		s.ssrc += 2
		for seq := range uint16(3) {
			packet := rtctest.VP8(100+seq, seq == 0, rid)
			packet.SSRC = ssrc
			id := uint8(rtctest.ExtRID)
			if seq == 1 {
				packet.Payload = append([]byte{0, 101}, packet.Payload...)
				packet.SSRC, packet.PayloadType, packet.SequenceNumber, id = ssrc+1, rtctest.PTVP8RTX, 7, rtctest.ExtRepairedRID
			}
			s.must(packet.SetExtension(rtctest.ExtMID, []byte(mid)))
			s.must(packet.SetExtension(id, []byte(rid)))
			s.put(packet)
		}
		s.tick()
	}
}

// TestHundredShares: shares of three layers with repairs, each in a section of
// its own or in the one before's, are all seen.
func TestHundredShares(t *testing.T) {
	for name, recycle := range map[string]bool{"at the end": false, "recycled": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 1, options{})
			s := &sharer{rig: r, lines: linesOf(0), ssrc: 700_000}
			for i := range 100 {
				recovered := r.w.count.recovered.Load()
				s.frames(s.share(i, recycle).mid)
				if tx := r.to[0].seat(0).video.tx; tx == nil || tx.packets < uint32(3*(i+1)) {
					t.Fatalf("share %d is black: %v", i, r.figures().Drops)
				}
				if n := r.w.count.recovered.Load() - recovered; n != 3 {
					t.Fatalf("share %d: %d packets were repaired, want 3", i, n)
				}
				r.pass(1200 * time.Millisecond)
			}
			if n := r.w.count.drops[dropStream].Load() + r.w.count.drops[dropSSRCs].Load(); n != 0 {
				t.Errorf("%d packets of the shares belonged to nothing", n)
			}
		})
	}
}

// TestSSRCFlood: a publisher that comes under a thousand SSRCs in a second
// neither loses the sound that it sends meanwhile nor costs anybody memory.
func TestSSRCFlood(t *testing.T) {
	r := newRig(t, 1, options{})
	for i := range uint16(100) {
		r.put(rtctest.Opus(i, "voice"))
		for n := range uint32(10) {
			packet := rtctest.VP8(1, true, "flood")
			packet.SSRC = 900_000 + uint32(i)*10 + n
			r.must(packet.SetExtension(rtctest.ExtMID, []byte("cam")))
			r.put(packet)
		}
		if tx := r.to[0].seat(0).audio.tx; tx == nil || tx.packets != uint32(i)+1 {
			t.Fatalf("the sound is lost at packet %d: %v", i, r.figures().Drops)
		}
		r.pass(9 * time.Millisecond)
	}
	if n := len(r.from.rx.streams); n > maxStreams {
		t.Errorf("%d SSRCs are held", n)
	}
	if n := r.w.count.drops[dropSSRCs].Load(); n < 1000-2*maxStreams {
		t.Errorf("%d of a flood of 1,000 were refused", n)
	}
}

// TestSilentSSRCKeepsItsPlace: what a layer goes by is known for as long as the
// layer is there, for browsers say only in the beginning what an SSRC is.
func TestSilentSSRCKeepsItsPlace(t *testing.T) {
	r := newRig(t, 1, options{})
	packet := rtctest.VP8(1, true, "picture")
	packet.SSRC = 4000
	r.must(packet.SetExtension(rtctest.ExtMID, []byte("cam")))
	r.put(packet)
	for i := range uint32(100) {
		r.pass(1200 * time.Millisecond)
		packet := rtctest.Opus(1, "voice")
		packet.SSRC = 500_000 + i
		r.must(packet.SetExtension(rtctest.ExtMID, []byte("mic")))
		r.put(packet)
	}
	before := r.to[0].seat(0).video.tx.packets
	packet = rtctest.VP8(2, true, "picture")
	packet.SSRC = 4000
	r.put(packet)
	if n := r.to[0].seat(0).video.tx.packets; n != before+1 {
		t.Errorf("the camera was forgotten: %v", r.figures().Drops)
	}
}

// TestFormerSSRC: what comes late of an SSRC that a layer has left, packets or
// repairs, is dropped as such and disturbs nothing. An SSRC that was left may
// come back.
func TestFormerSSRC(t *testing.T) {
	r := newRig(t, 1, options{})
	packets := func() uint32 { return r.to[0].seat(0).video.tx.packets }
	one := func(ssrc uint32, seq uint16, key bool) *rtp.Packet {
		p := rtctest.VP8(seq, key, "picture")
		p.SSRC = ssrc
		r.must(p.SetExtension(rtctest.ExtMID, []byte("cam")))
		return p
	}
	repair := func(ssrc uint32, seq, osn uint16) *rtp.Packet {
		p := one(ssrc, seq, false)
		p.PayloadType, p.Payload = rtctest.PTVP8RTX, append([]byte{byte(osn >> 8), byte(osn)}, p.Payload...)
		return p
	}
	r.put(one(1, 100, true), repair(2, 5, 101), one(1, 102, false))
	r.pass(200 * time.Millisecond)
	r.put(one(3, 40000, true))
	want := packets()
	r.put(one(1, 103, true), repair(2, 6, 104), one(1, 105, false))
	if n := r.w.count.drops[dropFormer].Load(); n != 3 || packets() != want {
		t.Fatalf("%d late packets of the former SSRC were dropped as such, %d were forwarded: %v", n, packets()-want, r.figures().Drops)
	}
	for seq := uint16(40001); seq < 40010; seq++ {
		r.put(one(3, seq, false))
		if want++; packets() != want {
			t.Fatalf("packet %d of the present SSRC was not forwarded: %v", seq, r.figures().Drops)
		}
	}
	r.pass(1100 * time.Millisecond)
	r.put(one(1, 106, true), one(1, 107, false))
	if want += 2; packets() != want {
		t.Errorf("the former SSRC did not come back: %v", r.figures().Drops)
	}
}

// TestTwoSSRCsAtOnce: of a section that sends under two SSRCs without saying what
// they are, as simulcast of old does, one is forwarded.
func TestTwoSSRCsAtOnce(t *testing.T) {
	r := newRig(t, 1, options{})
	for i := range uint16(50) {
		for ssrc := range uint32(2) {
			packet := rtctest.VP8(1000*uint16(ssrc+1)+i, i%10 == 0, "picture")
			packet.SSRC = 60 + ssrc
			r.must(packet.SetExtension(rtctest.ExtMID, []byte("cam")))
			r.put(packet)
		}
		r.pass(20 * time.Millisecond)
	}
	if tx := r.to[0].seat(0).video.tx; tx.packets < 50 {
		t.Errorf("%d of 50 pictures were forwarded: %v", tx.packets, r.figures().Drops)
	}
}
