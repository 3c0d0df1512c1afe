package rtc

import (
	"bytes"
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// The parameter sets of a picture of 640×360, and the starts of slices that
// refer to them.
var (
	h264SPS   = []byte{0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0x50, 0x17, 0xfc, 0xb0, 0x0f, 0x08, 0x84, 0x6a}
	h264PPS   = []byte{0x68, 0xce, 0x3c, 0x80}
	h264IDR   = []byte{0x65, 0x88, 0x80}
	h264Slice = []byte{0x41, 0x9a, 0x80}
)

// aggregate returns units as one payload (RFC 6184 §5.7.1).
func aggregate(units ...[]byte) []byte {
	b := []byte{0x78}
	for _, u := range units {
		b = append(append(b, byte(len(u)>>8), byte(len(u))), u...)
	}
	return b
}

// h264 returns a one-packet picture. That of a key frame has its sets.
func h264(seq uint16, key bool, text string) *rtp.Packet {
	if !key {
		return pictureOf(ptH264, seq, slices.Concat(h264Slice, []byte(text)))
	}
	return pictureOf(ptH264, seq, aggregate(h264SPS, h264PPS, slices.Concat(h264IDR, []byte(text))))
}

// sender of H264 whose key frames come without their sets.
type bareH264 struct {
	from *peer
	seq  uint16
	ts   uint32
}

// send sends payloads as the packets of one picture.
func (b *bareH264) send(payloads ...[]byte) {
	b.ts += 3000
	for i, p := range payloads {
		b.seq++
		packet := pictureOf(ptH264, b.seq, p)
		packet.Timestamp, packet.Marker = b.ts, i == len(payloads)-1
		b.from.send(packet)
	}
}

// TestParameterSetsForWhoComesLater: publishers that send their sets once, or
// say them in the offer only, are seen by who begins to watch later: the sets
// go before the key frame, in a packet of their own that is repaired like any
// other.
func TestParameterSetsForWhoComesLater(t *testing.T) {
	first := slices.Concat([]byte{0x7c, 0x85}, h264IDR[1:], []byte("first")) // FU-A
	rest := slices.Concat([]byte{0x7c, 0x45}, []byte("rest"))
	offered := "42e01f;sprop-parameter-sets=" + base64.StdEncoding.EncodeToString(h264SPS) + "," + base64.StdEncoding.EncodeToString(h264PPS)
	for name, tc := range map[string]struct {
		h264 string
		sets [][]byte // payloads sent before anybody watches
	}{
		"once":            {sets: [][]byte{aggregate(h264SPS, h264PPS)}},
		"once, PPS first": {sets: [][]byte{h264PPS, h264SPS}},
		"in the offer":    {h264: offered},
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, Config{Workers: 1})
			only := map[string]string{"cam": "H264"}
			p := &bareH264{from: join(t, s, peerOptions{only: only, h264: tc.h264}), seq: 0xfff8}
			if tc.sets != nil {
				p.send(tc.sets...)
			}
			p.send(h264Slice)
			viewer := join(t, s, peerOptions{seats: 1})
			video := viewer.answer.video[0]
			viewer.session.Place(0, Placement{From: p.from.session, Source: Camera, Video: true})
			for began := time.Now(); len(viewer.received(video)) == 0; time.Sleep(10 * time.Millisecond) {
				if time.Since(began) > patience {
					t.Fatal("nothing is seen")
				}
				p.send(first, rest)
			}
			p.send(h264Slice)
			p.send(first, rest)
			p.send(slices.Concat(h264Slice, []byte("the end")))
			viewer.wait("the end", func() bool {
				list := viewer.rtp[video]
				return bytes.HasSuffix(list[len(list)-1].Payload, []byte("the end"))
			})
			got := viewer.received(video)
			checkSetsFirst(t, got)
			checkRepairs(t, viewer, got)
		})
	}
}

// checkSetsFirst: each key frame comes behind its sets, in one frame with them.
func checkSetsFirst(t *testing.T, packets []*rtp.Packet) {
	t.Helper()
	sets := aggregate(h264SPS, h264PPS)
	keys := 0
	for i, p := range packets {
		if i > 0 && p.SequenceNumber != packets[i-1].SequenceNumber+1 {
			t.Errorf("packet %d has number %d, the one before %d", i, p.SequenceNumber, packets[i-1].SequenceNumber)
		}
		if isSets := bytes.Equal(p.Payload, sets); isSets && p.Marker {
			t.Errorf("packet %d, the sets, ends a frame", i)
		}
		if !bytes.HasSuffix(p.Payload, []byte("first")) {
			continue
		}
		keys++
		if i == 0 || !bytes.Equal(packets[i-1].Payload, sets) || packets[i-1].Timestamp != p.Timestamp {
			t.Errorf("packet %d starts a key frame without its sets: %v", i, p.Header)
		}
		if i+1 == len(packets) || packets[i+1].Timestamp != p.Timestamp || !packets[i+1].Marker {
			t.Errorf("packet %d starts a key frame that does not go on", i)
		}
	}
	if keys < 2 {
		t.Errorf("%d key frames", keys)
	}
}

// TestUndecodableH264 asks for nothing that can not be shown: a key frame whose
// sets nobody knows starts no picture.
func TestUndecodableH264(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	p := &bareH264{from: join(t, s, peerOptions{only: map[string]string{"cam": "H264"}})}
	viewer := join(t, s, peerOptions{seats: 1})
	video := viewer.answer.video[0]
	viewer.session.Place(0, Placement{From: p.from.session, Source: Camera, Video: true})
	for range 20 {
		p.send(h264IDR)
		time.Sleep(5 * time.Millisecond)
	}
	if got := viewer.received(video); len(got) != 0 {
		t.Fatalf("%d packets of pictures that can not be decoded, the first %v", len(got), got[0])
	}
	for began := time.Now(); len(viewer.received(video)) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatal("nothing is seen with sets either")
		}
		p.send(h264PPS, h264SPS, h264IDR)
	}
	viewer.wait("a picture", func() bool { return len(viewer.rtp[video]) >= 2 })
	if got := viewer.received(video); !bytes.Equal(got[0].Payload, aggregate(h264SPS, h264PPS)) || !bytes.Equal(got[1].Payload, h264IDR) {
		t.Errorf("begins with %x and %x", got[0].Payload, got[1].Payload)
	}
}
