package forward

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/pion/rtp"

	"parley/media"
	"parley/media/rtc/rtctest"
)

// tap makes a tap of the rig's publisher, and a function that reads what waits.
func (r *rig) tap(o TapOptions) (*Tap, func(*Tap) []tapped) {
	r.t.Helper()
	tap, err := r.group.OpenTap(o)
	r.must(err)
	r.t.Cleanup(tap.Close)
	tap.Place(Placement{From: r.from, Source: media.Camera, Video: true})
	return tap, func(tap *Tap) (list []tapped) {
		for len(tap.queue) > 0 {
			r.must(tap.Read(context.Background(), func(p *TapPacket) { list = append(list, keep(p)) }))
		}
		return list
	}
}

// TestTapTellsWhenItWasCaptured: as soon as the publisher's clock is known.
func TestTapTellsWhenItWasCaptured(t *testing.T) {
	r := newRig(t, 0, options{})
	tap, got := r.tap(TapOptions{})
	for range 30 {
		r.frame(1, 500, r.frames == 0)
		r.turn(1)
		r.report()
		r.tick()
	}
	got(tap)
	r.frame(1, 500, false)
	r.turn(1)
	last := got(tap)
	if len(last) != 1 || last[0].Captured.IsZero() || last[0].Arrived.Sub(last[0].Captured).Abs() > time.Minute {
		t.Errorf("captured: %+v", last)
	}
}

// TestSlowReader: whoever reads a tap too slowly misses whole pictures, goes on
// at a key frame that is asked for when there is room again, and costs nobody
// else anything.
func TestSlowReader(t *testing.T) {
	const packets, queue = 4, 32
	r := newRig(t, 1, options{})
	tap, got := r.tap(TapOptions{Queue: queue})
	gate := &r.from.track(media.Camera).layers[0].gate
	pictures := func(n int, key bool) {
		for i := range n {
			r.frame(packets, 900, key && i == 0)
			r.turn(packets)
		}
	}
	whole := func(list []tapped) {
		t.Helper()
		seamless(t, list)
		for i := 0; i < len(list); i += packets {
			if p := list[i]; !p.Start || i+packets > len(list) || list[i+packets-1].Time != p.Time || !list[i+packets-1].Marker {
				t.Fatalf("packet %d begins half a picture: %+v", i, p.TapPacket)
			}
		}
	}
	asked := func() bool { return gate.wanted || gate.unanswered(r.w.loop.now) != 0 }
	pictures(1, true)
	r.tick() // asks for those who came just now
	pictures(99, true)
	if n := len(tap.queue); n < queue || n > queue+packets {
		t.Fatalf("%d packets wait in a queue of %d", n, queue)
	}
	if n := r.to[0].seat(0).video.tx.packets; n != 100*packets {
		t.Errorf("the other viewer got %d packets", n)
	}
	left := tap.LeftOut()
	if want := uint64(100*packets - len(tap.queue)); left != want || r.figures().Drops[dropTapFull.String()] != want {
		t.Errorf("%d packets were left out, %d counted, of %d", left, r.figures().Drops[dropTapFull.String()], want)
	}
	r.tick()
	if asked() {
		t.Error("a key frame is asked for though there is no room for it")
	}
	pictures(1, true) // nor is one taken
	if tap.LeftOut() != left+packets {
		t.Error("a key frame was taken though there is no room for it")
	}
	first := got(tap)
	whole(first)
	r.tick()
	if !asked() {
		t.Error("no key frame is asked for though there is room again")
	}
	pictures(3, false)
	if n := len(tap.queue); n != 0 {
		t.Errorf("%d packets came before a key frame", n)
	}
	pictures(3, true)
	then := got(tap)
	if len(then) != 3*packets || !then[0].Begins {
		t.Fatalf("%d packets after the key frame", len(then))
	}
	whole(append(first, then...))
}

// TestSlowReaderOfSound: packets are left out one by one.
func TestSlowReaderOfSound(t *testing.T) {
	r := newRig(t, 0, options{})
	tap, got := r.tap(TapOptions{Queue: 8})
	for i := range uint16(20) {
		r.put(rtctest.Opus(100+i, fmt.Sprint(i)))
	}
	first := got(tap)
	for i := range uint16(3) {
		r.put(rtctest.Opus(120+i, fmt.Sprint(20+i)))
	}
	then := got(tap)
	if len(first) != 8 || tap.LeftOut() != 12 || len(then) != 3 || then[0].text != "20" || !then[0].Begins {
		t.Errorf("%d packets, then %d left out, then %d: %q", len(first), tap.LeftOut(), len(then), then[0].text)
	}
	seamless(t, append(first, then...))
	if d := int32(then[0].Time - first[7].Time); d < 12*960 {
		t.Errorf("%d ticks for thirteen packets", d)
	}
}

// TestFrameWithoutEnd: a picture that is longer than a tap holds is cut, so that
// memory stays bounded.
func TestFrameWithoutEnd(t *testing.T) {
	r := newRig(t, 0, options{})
	tap, got := r.tap(TapOptions{Queue: 1})
	for i := range 1200 {
		r.must(write(r, r.packet(100, i == 0, i == 0, false)))
		r.turn(1)
	}
	if n := len(tap.queue); n != cap(tap.queue) || n > 1100 {
		t.Errorf("%d packets wait of %d", n, cap(tap.queue))
	}
	if tap.LeftOut() == 0 {
		t.Error("nothing was counted")
	}
	got(tap)
	r.frame(1, 500, true)
	r.turn(1)
	if list := got(tap); len(list) != 1 || !list[0].Begins {
		t.Errorf("after the cut: %v", list)
	}
}

func write(r *rig, pkt []byte) error {
	_, err := r.client.Write(pkt)
	return err
}

// TestPanicOnTheWayToATap ends that tap; others notice nothing.
func TestPanicOnTheWayToATap(t *testing.T) {
	r := newRig(t, 1, options{})
	broken, _ := r.tap(TapOptions{})
	other, got := r.tap(TapOptions{})
	broken.seat.video.shape.Store(&shape{any: true, formats: []format{{params: &media.CodecParams{Codec: media.CodecVP8}}}})
	r.frame(1, 100, true)
	r.turn(1)
	r.control()
	if err := broken.Read(t.Context(), func(*TapPacket) {}); !errors.Is(err, ErrPanicked) {
		t.Errorf("reading ended with %v", err)
	}
	before := r.w.count.forwarded.Load()
	r.frame(1, 100, true)
	r.turn(1)
	if n := r.w.count.forwarded.Load() - before; n != 2 {
		t.Errorf("%d packets were forwarded afterwards, want one each to a seat and a tap", n)
	}
	if n := len(got(other)); n == 0 {
		t.Error("nothing came to the other tap")
	}
	if n := len(r.from.told.failures); n != 0 {
		t.Errorf("the publisher failed with %v", r.from.told.failures)
	}
}

// wantPooled checks that a step which takes so many buffers allocates less than
// those: a collection empties the pool and, under the race detector, it loses
// every fourth on purpose.
func wantPooled(t *testing.T, step func(), buffers int) {
	t.Helper()
	const steps = 400
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range steps {
		step()
	}
	runtime.ReadMemStats(&after)
	if n, most := after.Mallocs-before.Mallocs, uint64(steps*buffers/2); n > most {
		t.Errorf("%d allocations in %d steps of %d packets, want at most %d", n, steps, buffers, most)
	}
}

// TestTapsDoNotAllocate: nor block, nor lock anything of the packet path's.
func TestTapsDoNotAllocate(t *testing.T) {
	const packets = 4
	r := newRig(t, 1, options{})
	tap, _ := r.tap(TapOptions{})
	read := func(*TapPacket) {}
	step := func() {
		r.frame(packets, 1100, r.frames == 0)
		r.turn(packets)
		for len(tap.queue) > 0 {
			_ = tap.Read(context.Background(), read)
		}
	}
	for range 300 {
		step()
	}
	wantPooled(t, step, packets)
	if n := tap.LeftOut(); n != 0 {
		t.Errorf("%d packets were left out", n)
	}
}

// BenchmarkTap is the cost of one packet to one tap and its reader, receiving
// included.
func BenchmarkTap(b *testing.B) {
	for _, taps := range []int{1, 10} {
		b.Run(fmt.Sprint("taps", taps), func(b *testing.B) {
			const packets = 4
			r := newRig(b, 0, options{})
			var list []*Tap
			for range taps {
				tap, _ := r.tap(TapOptions{})
				list = append(list, tap)
			}
			read := func(*TapPacket) {}
			b.ReportAllocs()
			for b.Loop() {
				r.frame(packets, 1100, r.frames == 0)
				r.turn(packets)
				for _, tap := range list {
					for len(tap.queue) > 0 {
						_ = tap.Read(context.Background(), read)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*packets*taps), "ns/packet")
			b.ReportMetric(0, "ns/op")
		})
	}
}

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
