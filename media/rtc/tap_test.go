package rtc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"

	"parley/media"
	"parley/media/netem"
	"parley/media/rtc/rtctest"
)

// tapped is what a reader keeps of a packet.
type tapped struct {
	TapPacket
	text string // of its payload
}

// keep copies what is valid for the moment only.
func keep(p *TapPacket) tapped {
	k := tapped{TapPacket: *p, text: string(p.Payload)}
	k.RTP, k.Payload = bytes.Clone(p.RTP), bytes.Clone(p.Payload)
	return k
}

// listener reads a tap on a goroutine of its own.
type listener struct {
	t       *testing.T
	tap     *Tap
	mu      sync.Mutex // guards packets
	packets []tapped
	err     chan error
}

// listenTo makes a tap and reads it until the test ends.
func listenTo(t *testing.T, s *Server, o TapOptions) *listener {
	t.Helper()
	tap, err := s.OpenTap(o)
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{t: t, tap: tap, err: make(chan error, 1)}
	go func() {
		for {
			err := tap.Read(context.Background(), func(p *TapPacket) {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.packets = append(l.packets, keep(p))
			})
			if err != nil {
				l.err <- err
				return
			}
		}
	}()
	t.Cleanup(func() {
		tap.Close()
		if err := <-l.err; !errors.Is(err, ErrClosed) && !errors.Is(err, ErrPanicked) {
			t.Errorf("reading ended with %v", err)
		}
	})
	return l
}

// of returns what came of a source.
func (l *listener) of(source string) (list []tapped) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.packets {
		if p.Source == source {
			list = append(list, p)
		}
	}
	return list
}

func (l *listener) wait(what string, ok func() bool) {
	l.t.Helper()
	eventually(l.t, what, ok)
}

// seamless checks that one packet follows the other, whatever changed.
func seamless(t *testing.T, list []tapped) {
	t.Helper()
	for i, p := range list {
		var h rtp.Packet
		if err := h.Unmarshal(p.RTP); err != nil || !bytes.Equal(h.Payload, p.Payload) ||
			media.Seq(h.SequenceNumber) != p.Number.Seq() || media.Ticks(h.Timestamp) != p.Time || h.Marker != p.Marker {
			t.Fatalf("packet %d is not what its RTP says: %+v, %v %v", i, p.TapPacket, h.Header, err)
		}
		if p.Arrived.IsZero() || time.Since(p.Arrived) > time.Minute || time.Since(p.Arrived) < 0 {
			t.Fatalf("packet %d arrived at %v", i, p.Arrived)
		}
		switch {
		case i == 0 && !p.Begins:
			t.Fatal("the first packet begins nothing")
		case p.Begins && p.Codec.Codec.Kind() == media.KindVideo && !(p.Keyframe && p.Start):
			t.Fatalf("packet %d begins without a key frame", i)
		case i > 0 && p.Number != list[i-1].Number+1:
			t.Fatalf("packet %d has number %d after %d", i, p.Number, list[i-1].Number)
		case i > 0 && p.Time != list[i-1].Time && !p.Time.Newer(list[i-1].Time):
			t.Fatalf("packet %d goes back from %d to %d", i, list[i-1].Time, p.Time)
		}
	}
}

// TestTapGetsWhatASeatGets: sound and picture, with all that is told of them.
func TestTapGetsWhatASeatGets(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	from, seat, tap := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1}), listenTo(t, s, TapOptions{})
	p := Placement{From: from.session, Source: Camera, Video: true, Width: 640, Height: 360}
	seat.session.Place(0, p)
	tap.tap.Place(p)
	const n = 40
	for i := range uint16(n) {
		sound := rtctest.Opus(100+i, fmt.Sprintf("sound %d", i))
		from.must(sound.SetExtension(rtctest.ExtAudioLevel, []byte{0x80 | 20}))
		from.send(sound)
		from.send(rtctest.VP8(30000+i, i == 3, fmt.Sprintf("picture %d", i)))
	}
	tap.wait("all packets", func() bool { return len(tap.of(Microphone)) == n && len(tap.of(Camera)) == n-3 })
	seat.wait("as many at the seat", func() bool {
		return len(seat.rtp[seat.answer.audio[0]]) == n && len(seat.rtp[seat.answer.video[0]]) == n-3
	})
	for source, ssrc := range map[string]uint32{Microphone: seat.answer.audio[0], Camera: seat.answer.video[0]} {
		got, at := tap.of(source), seat.received(ssrc)
		seamless(t, got)
		for i, p := range got {
			q := at[i]
			if q.SequenceNumber-at[0].SequenceNumber != uint16(p.Number-got[0].Number) || q.Timestamp-at[0].Timestamp != uint32(p.Time-got[0].Time) || q.Marker != p.Marker {
				t.Errorf("%s %d: the seat got %v, the tap %+v", source, i, q.Header, p.TapPacket)
			}
			if p.Begins != (i == 0) {
				t.Errorf("%s %d begins: %v", source, i, p.Begins)
			}
			if source == Microphone {
				if !bytes.Equal(p.Payload, q.Payload) || p.Codec.Codec != media.CodecOpus || p.Level != (media.AudioLevel{Known: true, Byte: 0x94}) {
					t.Errorf("sound %d: %+v", i, p.TapPacket)
				}
			} else if p.Codec.Codec != media.CodecVP8 || p.Keyframe != (i == 0) || !p.Start || p.Width != 640 || p.Height != 360 {
				t.Errorf("picture %d: %+v", i, p.TapPacket)
			}
		}
	}
	if n := tap.tap.LeftOut(); n != 0 {
		t.Errorf("%d packets were left out", n)
	}
}

// TestTapThroughChanges: mute, another source and another layer leave no trace
// in numbers and times.
func TestTapThroughChanges(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	anna, ben := join(t, s, peerOptions{rids: []string{"q", "h", "f"}}), join(t, s, peerOptions{rids: []string{"q", "h", "f"}})
	on := newFlags("q", "h", "f")
	startSimulcast(t, anna, on.get)
	startSimulcast(t, ben, on.get)
	tap := listenTo(t, s, TapOptions{})
	count := func() int { return len(tap.of(Camera)) }
	more := func() {
		t.Helper()
		before := count()
		tap.wait("more pictures", func() bool { return count() > before+5 })
	}
	show := func(p *peer, height int, layer string) {
		t.Helper()
		before := count()
		tap.tap.Place(Placement{From: p.session, Source: Camera, Video: true, Width: height * 16 / 9, Height: height})
		tap.wait("layer "+layer, func() bool {
			l := tap.of(Camera)
			return len(l) > before && l[len(l)-1].text[len(l[len(l)-1].text)-1:] == layer && l[len(l)-1].Height == layerSizes[layer][1]
		})
	}
	show(anna, 180, "q")
	more()
	show(anna, 720, "f")
	more()
	anna.session.SetMuted(Camera, true)
	time.Sleep(50 * time.Millisecond)
	anna.session.SetMuted(Camera, false)
	more()
	show(ben, 360, "h")
	more()
	tap.tap.Vacate()
	list := tap.of(Camera)
	seamless(t, list)
	begun := 0
	for _, p := range list {
		if p.Begins {
			begun++
		}
	}
	if begun < 4 {
		t.Errorf("%d beginnings, want at least 4", begun)
	}
}

// TestTapThroughLoss: what the publisher repeats comes late, and all is there.
func TestTapThroughLoss(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	link := netem.Link{Loss: 0.05, Delay: 5 * time.Millisecond}
	from, _ := through(t, s, peerOptions{}, link, netem.Link{Delay: 5 * time.Millisecond})
	tap := listenTo(t, s, TapOptions{})
	tap.tap.Place(Placement{From: from.session, Source: Camera, Video: true})
	const n = 300
	sent := make(map[uint16]*rtp.Packet)
	for i := range uint16(n) {
		sent[i] = rtctest.VP8(i, i < 5, fmt.Sprintf("picture %d", i))
	}
	repeated := answerNACKs(t, from, func(seq uint16) *rtp.Packet { return sent[seq] })
	for i := range uint16(n) {
		from.send(sent[i])
		time.Sleep(2 * time.Millisecond)
	}
	tap.wait("nearly all", func() bool { return len(tap.of(Camera)) >= n-8 })
	if repeated() == 0 {
		t.Error("nothing was lost")
	}
	seen := make(map[media.ExtSeq]bool)
	for i, p := range tap.of(Camera) {
		if seen[p.Number] {
			t.Errorf("packet %d has a number that was there", i)
		}
		seen[p.Number] = true
		if !bytes.Contains(p.Payload, []byte("picture")) {
			t.Errorf("packet %d: %q", i, p.Payload)
		}
	}
}

// TestTapAsksForKeyframes: as often as a peer may, and not when it shows nothing.
func TestTapAsksForKeyframes(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	from, tap := join(t, s, peerOptions{}), listenTo(t, s, TapOptions{})
	tap.tap.RequestKeyframe()
	tap.tap.Place(Placement{From: from.session, Source: Camera, Video: true})
	from.send(rtctest.VP8(1, true, "one"))
	tap.wait("a picture", func() bool { return len(tap.of(Camera)) == 1 })
	from.mu.Lock()
	before := from.plis()
	from.mu.Unlock()
	for range 1000 {
		tap.tap.RequestKeyframe()
	}
	from.wait("a request", func() bool { return from.plis() > before })
	if s.Figures().Drops[dropThrottled.String()] == 0 {
		t.Error("a thousand requests at once were taken")
	}
}

// TestTapsEnd: with what they carry, before it, with the server, in any order.
func TestTapsEnd(t *testing.T) {
	s, err := Listen(Config{Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	from := join(t, s, peerOptions{})
	kept, err := s.OpenTap(TapOptions{})
	if err != nil {
		t.Fatal(err)
	}
	kept.Place(Placement{From: from.session, Source: Camera, Video: true})
	gone := listenTo(t, s, TapOptions{})
	gone.tap.Place(Placement{From: from.session, Source: Camera, Video: true})
	from.send(rtctest.VP8(1, true, "one"))
	gone.wait("a picture", func() bool { return len(gone.of(Camera)) == 1 })
	gone.tap.Close()
	gone.tap.Close()
	gone.tap.Place(Placement{From: from.session, Source: Camera, Video: true})
	from.send(rtctest.VP8(2, true, "two"))
	eventually(t, "the other's pictures", func() bool {
		f := s.Figures()
		return f.Workers[0].Forwarded+f.Workers[1].Forwarded == 3 // one to both, two to one
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := 0
	if err := kept.Read(ctx, func(*TapPacket) { n++ }); err != nil || n != 2 {
		t.Errorf("%d packets, %v", n, err)
	}
	if err := kept.Read(ctx, func(*TapPacket) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("read with %v", err)
	}
	from.session.Close()
	kept.Vacate()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := kept.Read(t.Context(), func(*TapPacket) {}); !errors.Is(err, ErrClosed) {
		t.Errorf("read with %v", err)
	}
	if _, err := s.OpenTap(TapOptions{}); !errors.Is(err, ErrClosed) {
		t.Errorf("opened with %v", err)
	}
}
