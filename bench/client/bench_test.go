package client

import (
	"testing"

	"parley/bench/gcm"
	"parley/bench/load"
	"parley/bench/netloop"
)

// rig is a client without sockets that sends to itself.
func rig(b *testing.B, stride int) (*Client, [][]byte) {
	b.Helper()
	shard, err := newShard(&Config{Run: 7, Stride: stride}, NewDirectory())
	if err != nil {
		b.Fatal(err)
	}
	shard.dir.add("p", Peer{Sender: 1, Room: "r", Video: true})
	c := &Client{spec: &Spec{Sender: 1, Room: "r"}, shard: shard}
	keys := gcm.Keys{Key: [gcm.KeyLen]byte{1}}
	c.in.open, _ = gcm.NewSession(keys)
	c.in.streams = make(map[uint32]*load.Inbound)
	c.in.seats = []seat{{participant: "p", video: true}}
	c.expect(&load.Inbound{SSRC: 5, Source: load.Video})
	seal, _ := gcm.NewSession(keys)
	p := &load.Publisher{FPS: 30, Layers: []*load.Layer{{
		Track:    load.Track{Stamp: load.Stamp{Run: 7, Sender: 1, Source: load.Video}, SSRC: 5, PT: 96, Datagram: 1200},
		PerFrame: 64,
	}}}
	p.Start(0, 0)
	tape := &sealed{seal: seal}
	p.Run(0, func() int64 { return 0 }, tape)
	return c, tape.packets
}

type sealed struct {
	seal    *gcm.Session
	packets [][]byte
}

func (s *sealed) Packet(_ *load.Track, plain []byte, header int, roc uint32) {
	s.packets = append(s.packets, s.seal.SealRTP(nil, plain[:header], plain[header:], roc))
}

// BenchmarkOnPacket is what one arriving packet costs the bench, without the
// kernel: with every packet opened, and with every 17th.
func BenchmarkOnPacket(b *testing.B) {
	for name, stride := range map[string]int{"open=all": 1, "open=17th": 17} {
		b.Run(name, func(b *testing.B) {
			c, packets := rig(b, stride)
			room := make([]byte, 1500)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if n%len(packets) == 0 {
					*c.in.order[0] = load.Inbound{SSRC: 5, Source: load.Video}
				}
				pkt := room[:copy(room, packets[n%len(packets)])]
				c.OnPacket(pkt, netloop.Now())
				n++
			}
			if st := c.shard.stats; st.Broken+st.Crosstalk+st.Duplicates > 0 || st.Packets == 0 {
				b.Errorf("%+v", *st)
			}
		})
	}
}
