package rtc

import (
	"bytes"
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"

	"parley/media/rtc/rtctest"
)

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
		packet := rtctest.Picture(rtctest.PTH264, b.seq, p)
		packet.Timestamp, packet.Marker = b.ts, i == len(payloads)-1
		b.from.send(packet)
	}
}

// TestParameterSetsForWhoComesLater: publishers that send their sets once, or
// say them in the offer only, are seen by who begins to watch later: the sets
// go before the key frame, in a packet of their own that is repaired like any
// other.
func TestParameterSetsForWhoComesLater(t *testing.T) {
	first := slices.Concat([]byte{0x7c, 0x85}, rtctest.H264IDR[1:], []byte("first")) // FU-A
	rest := slices.Concat([]byte{0x7c, 0x45}, []byte("rest"))
	offered := "42e01f;sprop-parameter-sets=" + base64.StdEncoding.EncodeToString(rtctest.H264SPS) + "," + base64.StdEncoding.EncodeToString(rtctest.H264PPS)
	for name, tc := range map[string]struct {
		h264 string
		sets [][]byte // payloads sent before anybody watches
	}{
		"once":            {sets: [][]byte{rtctest.Aggregate(rtctest.H264SPS, rtctest.H264PPS)}},
		"once, PPS first": {sets: [][]byte{rtctest.H264PPS, rtctest.H264SPS}},
		"in the offer":    {h264: offered},
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, Config{Workers: 1})
			only := map[string]string{"cam": "H264"}
			p := &bareH264{from: join(t, s, peerOptions{only: only, h264: tc.h264}), seq: 0xfff8}
			if tc.sets != nil {
				p.send(tc.sets...)
			}
			p.send(rtctest.H264Slice)
			viewer := join(t, s, peerOptions{seats: 1})
			video := viewer.answer.video[0]
			viewer.session.Place(0, Placement{From: p.from.session, Source: Camera, Video: true})
			for began := time.Now(); len(viewer.received(video)) == 0; time.Sleep(10 * time.Millisecond) {
				if time.Since(began) > rtctest.Patience {
					t.Fatal("nothing is seen")
				}
				p.send(first, rest)
			}
			p.send(rtctest.H264Slice)
			p.send(first, rest)
			p.send(slices.Concat(rtctest.H264Slice, []byte("the end")))
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
	sets := rtctest.Aggregate(rtctest.H264SPS, rtctest.H264PPS)
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
		p.send(rtctest.H264IDR)
		time.Sleep(5 * time.Millisecond)
	}
	if got := viewer.received(video); len(got) != 0 {
		t.Fatalf("%d packets of pictures that can not be decoded, the first %v", len(got), got[0])
	}
	for began := time.Now(); len(viewer.received(video)) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > rtctest.Patience {
			t.Fatal("nothing is seen with sets either")
		}
		p.send(rtctest.H264PPS, rtctest.H264SPS, rtctest.H264IDR)
	}
	viewer.wait("a picture", func() bool { return len(viewer.rtp[video]) >= 2 })
	if got := viewer.received(video); !bytes.Equal(got[0].Payload, rtctest.Aggregate(rtctest.H264SPS, rtctest.H264PPS)) || !bytes.Equal(got[1].Payload, rtctest.H264IDR) {
		t.Errorf("begins with %x and %x", got[0].Payload, got[1].Payload)
	}
}
