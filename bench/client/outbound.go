package client

import (
	"encoding/binary"

	"parley/bench/gcm"
	"parley/bench/load"
	"parley/bench/netloop"
)

// outbound is the sending side.
type outbound struct {
	seal  *gcm.Session
	pub   *load.Publisher // nil: nothing is sent
	rings map[uint32]*ring
	rtxPT uint8 // 0: no retransmission was negotiated
}

// batchSize is how many packets wait for one sendmmsg. They wait only while
// one picture is being cut.
const batchSize = 64

// packetRoom is the size of a packet slot: a datagram and its RTX head.
const packetRoom = 1280

// batch is where sealed packets are built; the clients of a shard share it.
type batch struct {
	room [batchSize][packetRoom]byte
	pkts [][]byte
}

// publish sends what is due.
func (c *Client) publish(now int64) {
	c.out.pub.Run(now, netloop.Now, c)
	c.flush()
}

// Packet seals one packet of a track; it is load.Sink.
func (c *Client) Packet(t *load.Track, plain []byte, header int, roc uint32) {
	b := &c.shard.batch
	if len(b.pkts) == batchSize {
		c.flush()
	}
	if r := c.out.rings[t.SSRC]; r != nil {
		r.put(t.Seq-1, plain, header)
	}
	sealed := c.out.seal.SealRTP(b.room[len(b.pkts)][:0], plain[:header], plain[header:], roc)
	b.pkts = append(b.pkts, sealed)
	c.shard.stats.Sent++
}

func (c *Client) flush() {
	b := &c.shard.batch
	if len(b.pkts) > 0 {
		c.udp.Send(b.pkts...)
		b.pkts = b.pkts[:0]
	}
}

// ringSize is how many packets of a layer are kept for retransmission.
const ringSize = 256

// ring keeps plain packets of one layer and numbers its RTX stream.
type ring struct {
	slots [ringSize]struct {
		seq    uint16
		header int
		data   []byte
	}
	ssrc uint32 // of the RTX stream
	seq  uint16
	roc  uint32
}

func (r *ring) put(seq uint16, plain []byte, header int) {
	s := &r.slots[seq%ringSize]
	s.seq, s.header = seq, header
	s.data = append(s.data[:0], plain...)
}

// resend answers a NACK for seq with an RTX packet (RFC 4588 §4).
func (c *Client) resend(r *ring, seq uint16) {
	s := &r.slots[seq%ringSize]
	if len(s.data) == 0 || s.seq != seq || c.out.rtxPT == 0 {
		return
	}
	var plain [packetRoom]byte
	n := copy(plain[:], s.data[:s.header])
	binary.BigEndian.PutUint16(plain[n:], seq)
	total := n + 2 + copy(plain[n+2:], s.data[s.header:])
	plain[1] = plain[1]&0x80 | c.out.rtxPT
	binary.BigEndian.PutUint16(plain[2:], r.seq)
	binary.BigEndian.PutUint32(plain[8:], r.ssrc)
	var room [packetRoom + gcm.TagLen]byte
	c.udp.Send(c.out.seal.SealRTP(room[:0], plain[:n], plain[n:total], r.roc))
	if r.seq++; r.seq == 0 {
		r.roc++
	}
}
