package rtc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"parley/media"
)

// videoFormat is how the tests write and read pictures of one codec.
type videoFormat struct {
	codec string
	pt    uint8
	// picture returns a one-packet picture of a publisher's.
	picture func(seq uint16, key bool, text string) *rtp.Packet
	// count returns what counts the pictures of a received packet, modulo 2^bits;
	// bits is 0 if nothing does.
	count func(p *rtp.Packet) (n uint32, bits int)
	// from and to say whether the publishers and the viewer know dependency
	// descriptors.
	from, to bool
}

// vp9 returns a picture with a 15-bit picture id, whose key frames tell a size.
func vp9(seq uint16, key bool, text string) *rtp.Packet {
	p := []byte{0xcc, 0x80 | byte(seq>>8), byte(seq)}
	if key {
		p = append(p, 0x10, 2, 0x80, 1, 0x68) // 640×360
		p[0] = 0x8e
	}
	return pictureOf(ptVP9, seq, append(p, text...))
}

// av1 returns a picture of one unit; before that of a key frame is a sequence
// header.
func av1(seq uint16, key bool, text string) *rtp.Packet {
	frame := append([]byte{0x30}, text...) // OBU_FRAME
	if !key {
		return pictureOf(ptAV1, seq, append([]byte{0x10}, frame...))
	}
	header := []byte{0x28, 5, 0x08, 0, 0, 0, 0} // N, and a header that is cut off
	return pictureOf(ptAV1, seq, append(header, frame...))
}

// described is av1 with a descriptor whose frame number is the packet's; that of
// a key frame needs the long form.
func described(seq uint16, key bool, text string) *rtp.Packet {
	p := av1(seq, key, text)
	d := []byte{0xc1, byte(seq >> 8), byte(seq)}
	if key { // as Chromium describes one spatial and three temporal layers
		d = append([]byte{0xc0}, d[1], d[2], 0x80, 0x02, 0x14, 0xea, 0xa8, 0x60, 0x41, 0x4d, 0x14, 0x10, 0x20, 0x84, 0x27, 0x02, 0x7f, 0x01, 0x67)
		p.Extension, p.ExtensionProfile = true, rtp.ExtensionProfileTwoByte
	}
	if err := p.SetExtension(extDependency, d); err != nil {
		panic(err)
	}
	return p
}

func uncounted(*rtp.Packet) (uint32, int) { return 0, 0 }

// frameNumber is that of a descriptor that is otherwise as described made it.
func frameNumber(p *rtp.Packet) (uint32, int) {
	d := p.GetExtension(extDependency)
	if len(d) != 3 && len(d) != 20 || d[0] != 0xc0 && d[0] != 0xc1 || len(d) == 20 && d[19] != 0x67 {
		panic(fmt.Sprintf("descriptor %x", d))
	}
	return uint32(d[1])<<8 | uint32(d[2]), 16
}

func pictureOf(pt uint8, seq uint16, payload []byte) *rtp.Packet {
	return &rtp.Packet{
		Header:  rtp.Header{Version: 2, PayloadType: pt, Marker: true, SequenceNumber: seq, Timestamp: uint32(seq) * 3000, SSRC: ssrcCam},
		Payload: payload,
	}
}

var videoFormats = map[string]videoFormat{
	"VP8": {codec: "VP8", pt: ptVP8, picture: vp8, count: func(p *rtp.Packet) (uint32, int) {
		return uint32(p.Payload[2]&0x7f)<<8 | uint32(p.Payload[3]), 15
	}},
	"VP9": {codec: "VP9", pt: ptVP9, picture: vp9, count: func(p *rtp.Packet) (uint32, int) {
		return uint32(p.Payload[1]&0x7f)<<8 | uint32(p.Payload[2]), 15
	}},
	"H264":            {codec: "H264", pt: ptH264, picture: h264, count: uncounted},
	"AV1":             {codec: "AV1", pt: ptAV1, picture: av1, count: uncounted},
	"AV1, described":  {codec: "AV1", pt: ptAV1, picture: described, count: frameNumber, from: true, to: true},
	"AV1, to nobody":  {codec: "AV1", pt: ptAV1, picture: described, count: uncounted, from: true},
	"AV1, not wanted": {codec: "AV1", pt: ptAV1, picture: av1, count: uncounted, to: true},
}

// TestEveryCodecTakesTurns: whatever two publishers send, who watches them one
// after the other gets one stream, numbered without a break, and repairs that
// are what was lost.
func TestEveryCodecTakesTurns(t *testing.T) {
	for name, f := range videoFormats {
		t.Run(name, func(t *testing.T) {
			s := listen(t, Config{Workers: 1})
			only := map[string]string{"cam": f.codec}
			viewer := join(t, s, peerOptions{seats: 1, descriptors: f.to})
			publisher := func() *peer { return join(t, s, peerOptions{only: only, descriptors: f.from}) }
			turns := []*turn{{f, publisher(), "anna", 0xfff0}, {f, publisher(), "bert", 100}}
			for i := range 4 {
				turns[i%2].take(viewer, 10)
			}
			got := viewer.received(viewer.answer.video[0])
			f.checkCounts(t, got)
			checkRepairs(t, viewer, got)
		})
	}
}

// TestStartsOfAV1: units that begin within a frame do not look like the next
// one, of which the rate of a source leaves out all or nothing.
func TestStartsOfAV1(t *testing.T) {
	from := &publisher{}
	from.incoming.Store(newIncoming())
	l := &layer{track: &track{from: from}}
	for i, step := range []struct {
		ts      media.Ticks
		payload []byte
		start   bool
	}{
		{0, []byte{0x18, 0x08, 0}, true}, // a key frame, whatever its time
		{0, []byte{0x10, 0x30, 1}, false},
		{3000, []byte{0x50, 0x30, 1}, true},
		{3000, []byte{0x90, 1, 2}, false},
		{3000, []byte{0x10, 0x20, 1}, false},
		{6000, []byte{0x90, 1, 2}, false}, // its first packet is missing
		{9000, []byte{0x10, 0x30, 1}, true},
	} {
		p := packet{params: &media.CodecParams{Codec: media.CodecAV1}, payload: step.payload}
		if !l.read(&p, &media.Header{TS: step.ts}, false) || p.facts.Start != step.start {
			t.Errorf("packet %d starts a frame: %v", i, p.facts.Start)
		}
		l.ts = step.ts
	}
}

// turn is a publisher that is to be seen now and then.
type turn struct {
	videoFormat
	from *peer
	name string
	seq  uint16
}

// take makes the publisher the one that is seen, by a key frame and n more
// pictures.
func (u *turn) take(viewer *peer, n int) {
	u.from.t.Helper()
	ssrc := viewer.answer.video[0]
	seen := len(viewer.received(ssrc))
	viewer.session.Place(0, Placement{From: u.from.session, Source: Camera, Video: true})
	for began := time.Now(); len(viewer.received(ssrc)) == seen; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > patience {
			u.from.t.Fatalf("no picture of %s", u.name)
		}
		u.send(true)
	}
	for range n {
		u.send(false)
	}
	last := u.text()
	viewer.wait("the last picture of "+u.name, func() bool {
		list := viewer.rtp[ssrc]
		return bytes.HasSuffix(list[len(list)-1].Payload, []byte(last))
	})
}

func (u *turn) text() string { return fmt.Sprintf("%s %d", u.name, u.seq) }

func (u *turn) send(key bool) {
	u.seq++
	u.from.send(u.picture(u.seq, key, u.text()))
}

// checkCounts looks at a stream in the order that it came in.
func (f *videoFormat) checkCounts(t *testing.T, packets []*rtp.Packet) {
	t.Helper()
	for i, p := range packets {
		if p.PayloadType != f.pt {
			t.Fatalf("packet %d has payload type %d", i, p.PayloadType)
		}
		if d := p.GetExtension(extDependency); (d != nil) != (f.from && f.to) {
			t.Fatalf("packet %d has descriptor %x", i, d)
		}
		if i == 0 {
			continue
		}
		before := packets[i-1]
		if p.SequenceNumber != before.SequenceNumber+1 || int32(p.Timestamp-before.Timestamp) <= 0 {
			t.Fatalf("packet %d does not follow the one before: %v, %v", i, before.Header, p.Header)
		}
		was, bits := f.count(before)
		if now, _ := f.count(p); bits != 0 && (now-was)&(1<<bits-1) != 1 {
			t.Fatalf("packet %d counts %d pictures, the one before %d", i, now, was)
		}
	}
}

// checkRepairs asks for the newest packets again.
func checkRepairs(t *testing.T, viewer *peer, got []*rtp.Packet) {
	t.Helper()
	want := make(map[uint16]*rtp.Packet)
	var seqs []uint16
	for _, p := range got[len(got)-8:] {
		want[p.SequenceNumber] = p
		seqs = append(seqs, p.SequenceNumber)
	}
	viewer.sendRTCP(&rtcp.TransportLayerNack{MediaSSRC: viewer.answer.video[0], Nacks: rtcp.NackPairsFromSequenceNumbers(seqs)})
	viewer.wait("repairs", func() bool { return len(viewer.rtp[viewer.answer.repair[0]]) >= len(seqs) })
	for _, p := range viewer.received(viewer.answer.repair[0]) {
		q := want[binary.BigEndian.Uint16(p.Payload)]
		if q == nil || !bytes.Equal(p.Payload[2:], q.Payload) || p.Timestamp != q.Timestamp || p.Marker != q.Marker ||
			!bytes.Equal(p.GetExtension(extDependency), q.GetExtension(extDependency)) {
			t.Errorf("repair %v %x of %v", p.Header, p.Payload, q)
		}
	}
}
