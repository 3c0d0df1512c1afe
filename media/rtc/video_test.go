package rtc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"parley/media/rtc/rtctest"
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

func uncounted(*rtp.Packet) (uint32, int) { return 0, 0 }

// frameNumber is that of a descriptor that is otherwise as described made it.
func frameNumber(p *rtp.Packet) (uint32, int) {
	d := p.GetExtension(rtctest.ExtDependency)
	if len(d) != 3 && len(d) != 20 || d[0] != 0xc0 && d[0] != 0xc1 || len(d) == 20 && d[19] != 0x67 {
		panic(fmt.Sprintf("descriptor %x", d))
	}
	return uint32(d[1])<<8 | uint32(d[2]), 16
}

var videoFormats = map[string]videoFormat{
	"VP8": {codec: "VP8", pt: rtctest.PTVP8, picture: rtctest.VP8, count: func(p *rtp.Packet) (uint32, int) {
		return uint32(p.Payload[2]&0x7f)<<8 | uint32(p.Payload[3]), 15
	}},
	"VP9": {codec: "VP9", pt: rtctest.PTVP9, picture: rtctest.VP9, count: func(p *rtp.Packet) (uint32, int) {
		return uint32(p.Payload[1]&0x7f)<<8 | uint32(p.Payload[2]), 15
	}},
	"H264":            {codec: "H264", pt: rtctest.PTH264, picture: rtctest.H264, count: uncounted},
	"AV1":             {codec: "AV1", pt: rtctest.PTAV1, picture: rtctest.AV1, count: uncounted},
	"AV1, described":  {codec: "AV1", pt: rtctest.PTAV1, picture: rtctest.Described, count: frameNumber, from: true, to: true},
	"AV1, to nobody":  {codec: "AV1", pt: rtctest.PTAV1, picture: rtctest.Described, count: uncounted, from: true},
	"AV1, not wanted": {codec: "AV1", pt: rtctest.PTAV1, picture: rtctest.AV1, count: uncounted, to: true},
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
		if time.Since(began) > rtctest.Patience {
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
		if d := p.GetExtension(rtctest.ExtDependency); (d != nil) != (f.from && f.to) {
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
			!bytes.Equal(p.GetExtension(rtctest.ExtDependency), q.GetExtension(rtctest.ExtDependency)) {
			t.Errorf("repair %v %x of %v", p.Header, p.Payload, q)
		}
	}
}
