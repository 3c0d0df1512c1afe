package media

import (
	"math/rand/v2"
	"testing"
	"time"
)

// sealing is a peer under one key, and what opens it.
type sealing struct {
	t      *testing.T
	key    MasterKey
	sealer *Sealer
	opener *Opener
	now    Instant
	sc     Scratch
}

func newSealing(t *testing.T, most int) *sealing {
	s := &sealing{t: t, key: testKey(ProfileAES128GCM), now: 1e15}
	s.sealer, _ = NewSealer(s.key)
	s.opener, _ = NewOpener(s.key, most)
	return s
}

func (s *sealing) pass(d time.Duration) { s.now = s.now.Add(d) }

// rtp seals a packet of ssrc.
func (s *sealing) rtp(ssrc SSRC, index ExtSeq) []byte {
	s.t.Helper()
	pkt := make([]byte, 40)
	pkt[0], pkt[1], pkt[2], pkt[3] = 0x80, 96, byte(index>>8), byte(index)
	pkt[8], pkt[9], pkt[10], pkt[11] = byte(ssrc>>24), byte(ssrc>>16), byte(ssrc>>8), byte(ssrc)
	return seal(s.t, s.sealer, &s.sc, pkt, index)
}

// rtcp seals a report by ssrc.
func (s *sealing) rtcp(ssrc SSRC, index uint32) []byte {
	s.t.Helper()
	slot := append(AppendPLI(nil, ssrc, 1), make([]byte, MaxSealOverhead)...)
	n, err := s.sealer.SealRTCP(slot, 12, index)
	if err != nil {
		s.t.Fatal(err)
	}
	return slot[:n]
}

func (s *sealing) open(pkt []byte) error {
	b := append([]byte(nil), pkt...)
	if IsRTCP(b) {
		_, err := s.opener.OpenRTCP(b, s.now)
		return err
	}
	var h Header
	if err := ParseHeader(b, &h); err != nil {
		s.t.Fatal(err)
	}
	_, _, err := s.opener.OpenRTP(b, &h, s.now)
	return err
}

func (s *sealing) want(want error, what string, pkt []byte) {
	s.t.Helper()
	if err := s.open(pkt); err != want {
		s.t.Fatalf("%s: %v, want %v", what, err, want)
	}
}

// TestIdleSSRCsGiveWay: a voice that comes back under a new SSRC every time is
// heard for as long as the session lasts, and costs it no more than a few words
// each time. One that sends all the while keeps its window.
func TestIdleSSRCsGiveWay(t *testing.T) {
	s := newSealing(t, 3)
	steady := ExtSeq(100)
	for ssrc := SSRC(1000); ssrc < 1200; ssrc++ {
		s.want(nil, "the voice", s.rtp(ssrc, 65535))
		s.want(nil, "the voice", s.rtp(ssrc, 65536))
		s.want(nil, "its report", s.rtcp(ssrc, 1))
		for range 3 {
			s.want(nil, "the steady one", s.rtp(1, steady+1))
			s.want(nil, "a late one of it", s.rtp(1, steady))
			steady += 2
			s.pass(400 * time.Millisecond)
		}
	}
	if rtp, rtcp := s.opener.SSRCs(); rtp != 3 || rtcp != 3 {
		t.Errorf("%d and %d SSRCs have a place, want 3", rtp, rtcp)
	}
	if n := len(s.opener.rtp.past) + len(s.opener.rtcp.past); n != 198+197 {
		t.Errorf("%d are remembered, want %d", n, 198+197)
	}
}

// TestSSRCFloodKeepsTheLive: a flood of new SSRCs gets the places that nobody
// uses, and none of those that sent within a second.
func TestSSRCFloodKeepsTheLive(t *testing.T) {
	s := newSealing(t, 8)
	index := ExtSeq(10)
	next := SSRC(1 << 20)
	for range 100 {
		for ssrc := SSRC(1); ssrc <= 4; ssrc++ {
			s.want(nil, "a live one", s.rtp(ssrc, index+1))
			s.want(nil, "a late packet of it", s.rtp(ssrc, index))
		}
		index += 2
		taken := 0
		for range 100 {
			next++
			switch err := s.open(s.rtp(next, 5)); err {
			case nil:
				taken++
			case ErrTooManySSRC:
			default:
				t.Fatal(err)
			}
		}
		if taken > 4 {
			t.Fatalf("%d of a flood got in at once", taken)
		}
		s.pass(20 * time.Millisecond)
	}
	if n := len(s.opener.rtp.past); n > 2*4 {
		t.Errorf("the flood of 2 s filled %d places", n+4)
	}
}

// TestForgottenSSRCIsNotReplayed: what somebody captured of an SSRC that has
// given way since opens no more, from whatever roll-over it is; what the SSRC
// itself sends next does.
func TestForgottenSSRCIsNotReplayed(t *testing.T) {
	s := newSealing(t, 2)
	var captured [][]byte
	last := ExtSeq(0)
	for i := ExtSeq(60000); i < 1<<17+500; i += 250 { // roll-over counter 0, 1 and 2
		last = i
		captured = append(captured, s.rtp(9, i))
		s.want(nil, "at its time", captured[len(captured)-1])
	}
	missed := s.rtp(9, last-3) // never arrived
	for i := range uint32(50) {
		captured = append(captured, s.rtcp(9, 100+i))
		s.want(nil, "at its time", captured[len(captured)-1])
	}
	replay := func(when string) {
		t.Helper()
		for i, pkt := range captured { // very old ones are taken for those of another roll-over
			if err := s.open(pkt); err != ErrReplayed && err != ErrAuth {
				t.Fatalf("packet %d of %d, %s: %v", i, len(captured), when, err)
			}
		}
	}
	replay("live")
	for ssrc := SSRC(20); ssrc < 24; ssrc++ { // push it out
		s.pass(2 * time.Second)
		s.want(nil, "another", s.rtp(ssrc, 1))
		s.want(nil, "another's report", s.rtcp(ssrc, 1))
		replay("while others come")
	}
	if s.opener.rtp.find(9) != nil || s.opener.rtcp.find(9) != nil {
		t.Fatal("it has a place still")
	}
	s.pass(2 * time.Second)
	s.want(ErrReplayed, "one that was missed", missed)
	replay("with room for it")
	s.want(nil, "what it sends next", s.rtp(9, last+1))
	s.want(nil, "what it reports next", s.rtcp(9, 150))
	captured = append(captured, s.rtp(9, last+1), s.rtcp(9, 150))
	replay("since it came back")
	s.want(ErrReplayed, "one that was missed", missed)
	s.want(nil, "a newer one", s.rtp(9, last+3))
	s.want(nil, "one that it overtook", s.rtp(9, last+2))
}

// TestNoIndexOpensTwice lets a handful of SSRCs come and go for a long time, in
// disorder and with everything repeated: nothing opens twice, and what is newer
// than all before always opens if there is a place.
func TestNoIndexOpensTwice(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	s := newSealing(t, 3)
	type at struct {
		ssrc  SSRC
		index ExtSeq
	}
	opened := map[at]bool{}
	newest := map[SSRC]ExtSeq{}
	var sent []at
	for range 30_000 {
		if rng.IntN(40) == 0 {
			s.pass(time.Duration(rng.IntN(1500)) * time.Millisecond)
		}
		p := at{ssrc: SSRC(1 + rng.IntN(8))}
		fresh, step := rng.IntN(3) > 0 || len(sent) == 0, ExtSeq(1+rng.IntN(2000))
		if fresh {
			if newest[p.ssrc] == 0 {
				newest[p.ssrc] = ExtSeq(rng.IntN(1 << 15))
			}
			newest[p.ssrc] += step
			p.index = newest[p.ssrc]
			sent = append(sent, p)
		} else {
			p = sent[rng.IntN(len(sent))]
		}
		err := s.open(s.rtp(p.ssrc, p.index))
		switch {
		case err == nil && opened[p]:
			t.Fatalf("%v opened twice", p)
		case err == nil:
			opened[p] = true
		case err == ErrTooManySSRC && fresh:
			newest[p.ssrc] -= step // it waits
			sent = sent[:len(sent)-1]
		case fresh && err != nil:
			t.Fatalf("%v, the newest of its SSRC: %v", p, err)
		}
	}
	if len(opened) < 5000 {
		t.Errorf("only %d packets opened", len(opened))
	}
}

// TestSSRCsAreSpent: when the past is full the keys are; what is live goes on,
// and no forger can bring that about.
func TestSSRCsAreSpent(t *testing.T) {
	s := newSealing(t, 2)
	for ssrc := SSRC(1); ssrc <= maxPastSSRCs+2; ssrc++ {
		s.want(nil, "one more", s.rtp(ssrc, 7))
		s.want(nil, "its report", s.rtcp(ssrc, 7))
		s.pass(time.Second)
	}
	forged := s.rtp(1<<30, 7)
	forged[20] ^= 1
	s.want(ErrAuth, "a forged one", forged)
	for _, pkt := range [][]byte{s.rtp(1<<30, 7), s.rtcp(1<<30, 7)} {
		s.want(ErrSSRCsSpent, "one too many", pkt)
	}
	s.want(nil, "the newest", s.rtp(maxPastSSRCs+2, 8))
	s.want(ErrReplayed, "the first", s.rtp(1, 7))
	for _, b := range []*ssrcBook{&s.opener.rtp, &s.opener.rtcp} {
		if bytes := 12 * cap(b.past); len(b.past) != maxPastSSRCs || bytes > 64<<10 {
			t.Errorf("%d SSRCs are remembered in %d bytes", len(b.past), bytes)
		}
	}
}
