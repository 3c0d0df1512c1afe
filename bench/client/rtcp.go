package client

import (
	"encoding/binary"
	"time"

	"parley/bench/gcm"
	"parley/bench/load"
	"parley/bench/netloop"
)

// RTCP packet types and feedback formats, RFC 3550 §12.1 and RFC 4585 §6.
const (
	rtcpSR    = 200
	rtcpRR    = 201
	rtcpRTPFB = 205
	rtcpPSFB  = 206

	fmtNACK = 1
	fmtTWCC = 15
	fmtPLI  = 1
	fmtFIR  = 4
)

// reporter is the SSRC of our RTCP packets where nothing is sent.
const reporter = 1

// maxCompound bounds the RTCP packets we send, in bytes.
const maxCompound = 1100

// senderReport is what a receiver report says about the last SR.
type senderReport struct {
	ntp uint32 // middle bits
	at  int64
}

// onRTCP opens and walks a compound packet.
func (c *Client) onRTCP(pkt []byte, now int64) {
	if c.in.open == nil {
		return
	}
	compound, err := c.in.open.OpenRTCP(pkt)
	if err != nil {
		c.shard.stats.Broken++
		return
	}
	walkRTCP(compound, func(kind, format byte, body []byte) { c.onReport(kind, format, body, now) })
}

// walkRTCP calls visit for each packet of a compound; body starts after the
// 4-byte head.
func walkRTCP(compound []byte, visit func(kind, format byte, body []byte)) {
	for len(compound) >= 4 {
		size := 4 + 4*int(binary.BigEndian.Uint16(compound[2:]))
		if compound[0]>>6 != 2 || size > len(compound) {
			return
		}
		visit(compound[1], compound[0]&0x1f, compound[4:size])
		compound = compound[size:]
	}
}

func (c *Client) onReport(kind, format byte, body []byte, now int64) {
	switch {
	case kind == rtcpSR && len(body) >= 24:
		ssrc := binary.BigEndian.Uint32(body)
		c.in.reports[ssrc] = senderReport{ntp: binary.BigEndian.Uint32(body[6:]), at: now}
	case kind == rtcpPSFB && (format == fmtPLI || format == fmtFIR):
		if c.out.pub != nil {
			c.shard.keyRequests++
			c.out.pub.RequestKey()
		}
	case kind == rtcpRTPFB && format == fmtNACK && len(body) >= 8:
		c.onNACK(binary.BigEndian.Uint32(body[4:]), body[8:])
	}
}

func (c *Client) onNACK(ssrc uint32, items []byte) {
	r := c.out.rings[ssrc]
	if r == nil {
		return
	}
	for ; len(items) >= 4; items = items[4:] {
		seq, more := binary.BigEndian.Uint16(items), binary.BigEndian.Uint16(items[2:])
		c.resend(r, seq)
		for i := range uint16(16) {
			if more&(1<<i) != 0 {
				c.resend(r, seq+1+i)
			}
		}
	}
}

// sendReports sends sender reports of what we publish and a receiver report.
func (c *Client) sendReports(now int64) {
	if p := c.out.pub; p != nil && !c.shard.paused {
		if p.Mic != nil {
			c.sendRTCP(appendSR(nil, p.Mic))
		}
		for _, l := range p.Layers {
			c.sendRTCP(appendSR(nil, &l.Track))
		}
	}
	if rr := c.appendRR(nil, now); rr != nil {
		c.sendRTCP(rr)
	}
}

func (c *Client) sendRTCP(compound []byte) {
	if c.out.seal == nil {
		return
	}
	var room [maxCompound + gcm.TagLen + 64]byte
	c.udp.Send(c.out.seal.SealRTCP(room[:0], compound))
}

// ntpEpoch is the Unix epoch on the NTP scale, in seconds.
const ntpEpoch = 2208988800

// appendSR appends a sender report without blocks (RFC 3550 §6.4.1).
func appendSR(dst []byte, t *load.Track) []byte {
	now := time.Now()
	seconds := uint32(now.Unix() + ntpEpoch)
	fraction := uint32(uint64(now.Nanosecond()) << 32 / 1e9)
	dst = append(dst, 0x80, rtcpSR, 0, 6)
	dst = binary.BigEndian.AppendUint32(dst, t.SSRC)
	dst = binary.BigEndian.AppendUint32(dst, seconds)
	dst = binary.BigEndian.AppendUint32(dst, fraction)
	dst = binary.BigEndian.AppendUint32(dst, t.TS)
	dst = binary.BigEndian.AppendUint32(dst, t.Stamp.Counter)
	return binary.BigEndian.AppendUint32(dst, t.Stamp.Counter*uint32(t.Datagram))
}

// appendRR appends a receiver report (RFC 3550 §6.4.2) on the streams that
// had packets, nil if none did. Jitter is not measured and told as 0.
func (c *Client) appendRR(dst []byte, now int64) []byte {
	dst = append(dst, 0x80, rtcpRR, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, reporter)
	blocks := 0
	for _, in := range c.in.order {
		r, ok := in.Report()
		if !ok || blocks == 31 {
			continue
		}
		blocks++
		dst = binary.BigEndian.AppendUint32(dst, in.SSRC)
		dst = append(dst, r.Fraction, byte(r.Lost>>16), byte(r.Lost>>8), byte(r.Lost))
		dst = binary.BigEndian.AppendUint32(dst, r.Highest)
		dst = binary.BigEndian.AppendUint32(dst, 0)
		sr := c.in.reports[in.SSRC]
		var delay uint32
		if sr.ntp != 0 {
			delay = uint32((now - sr.at) * 65536 / int64(time.Second))
		}
		dst = binary.BigEndian.AppendUint32(dst, sr.ntp)
		dst = binary.BigEndian.AppendUint32(dst, delay)
	}
	if blocks == 0 {
		return nil
	}
	dst[0] |= byte(blocks)
	binary.BigEndian.PutUint16(dst[2:], uint16(len(dst)/4-1))
	return dst
}

// noteGap remembers sequence numbers to ask for.
func (c *Client) noteGap(in *load.Inbound, seq uint16, gap int, now int64) {
	if in.Source != load.Video {
		return
	}
	c.in.missing.Lost(in.SSRC, seq, gap, now)
	c.arm()
}

// askMissing sends the NACKs that are due.
func (c *Client) askMissing(now int64) {
	c.in.missing.Ask(now, func(ssrc uint32, seqs []uint16) {
		c.sendRTCP(appendNACK(nil, ssrc, seqs))
	})
}

// appendNACK appends a generic NACK, one item per number (RFC 4585 §6.2.1).
func appendNACK(dst []byte, ssrc uint32, seqs []uint16) []byte {
	dst = append(dst, 0x80|fmtNACK, rtcpRTPFB, 0, byte(2+len(seqs)))
	dst = binary.BigEndian.AppendUint32(dst, reporter)
	dst = binary.BigEndian.AppendUint32(dst, ssrc)
	for _, seq := range seqs {
		dst = binary.BigEndian.AppendUint16(dst, seq)
		dst = append(dst, 0, 0)
	}
	return dst
}

// onRepair takes a packet of an RTX stream.
func (c *Client) onRepair(in *load.Inbound, pkt []byte, _ int64) {
	ext, seen, _ := in.Count(binary.BigEndian.Uint16(pkt[2:]))
	if seen == load.Duplicate {
		return
	}
	payload, ok := c.openRTP(pkt, uint32(ext>>16))
	if !ok || len(payload) < 2+load.StampLen {
		return // padding for probing has no payload
	}
	for _, main := range c.in.order {
		if main.Seat == in.Seat && main.Source == load.Video && !main.RTX {
			if c.in.missing.Found(main.SSRC, binary.BigEndian.Uint16(payload)) {
				c.shard.stats.Repaired++
			}
		}
	}
}

var _ netloop.PacketHandler = (*Client)(nil)
