package media

import (
	"encoding/binary"
	"time"
)

// RTCP packet types (RFC 3550 §12.1, RFC 4585 §6.1) and feedback formats.
const (
	rtcpSR    = 200
	rtcpRR    = 201
	rtcpSDES  = 202
	rtcpBYE   = 203
	rtcpRTPFB = 205
	rtcpPSFB  = 206

	fmtNACK = 1
	fmtTWCC = 15
	fmtPLI  = 1
	fmtFIR  = 4
)

// RTCPKind is what a packet of a compound is about.
type RTCPKind uint8

// The kinds that are read; all else is RTCPOther and skipped by callers.
const (
	RTCPOther RTCPKind = iota
	RTCPSenderReport
	RTCPReceiverReport
	RTCPNACK
	RTCPTransportFeedback
	RTCPPLI
	RTCPFIR
	RTCPBye
)

// RTCPReader walks a compound packet without allocating. Reduced-size
// compounds (RFC 5506) are fine.
type RTCPReader struct {
	rest []byte
	err  error
}

// ReadRTCP starts reading a decrypted compound packet.
func ReadRTCP(compound []byte) RTCPReader { return RTCPReader{rest: compound} }

// RTCPPacket is one packet of a compound. It aliases the compound.
type RTCPPacket struct {
	Kind   RTCPKind
	Sender SSRC // who sent it
	count  int
	body   []byte // behind the sender's SSRC, without padding
}

// Next reads the next packet into p. It returns false at the end or at the
// first malformed packet; Err tells which.
func (r *RTCPReader) Next(p *RTCPPacket) bool {
	if len(r.rest) == 0 || r.err != nil {
		return false
	}
	b := r.rest
	if len(b) < 4 || b[0]>>6 != 2 {
		r.err = ErrRTCP
		return false
	}
	n := 4 * (int(binary.BigEndian.Uint16(b[2:])) + 1)
	if n > len(b) {
		r.err = ErrRTCP
		return false
	}
	r.rest = b[n:]
	body := b[4:n]
	if b[0]&0x20 != 0 { // padding, legal in the last packet only
		pad := 0
		if len(body) > 0 {
			pad = int(body[len(body)-1])
		}
		if pad == 0 || pad > len(body) || len(r.rest) > 0 {
			r.err = ErrRTCP
			return false
		}
		body = body[:len(body)-pad]
	}
	*p = RTCPPacket{count: int(b[0] & 0x1f)}
	if len(body) >= 4 {
		p.Sender = SSRC(binary.BigEndian.Uint32(body))
		p.body = body[4:]
		p.Kind = rtcpKind(b[1], p.count, len(p.body))
	}
	return true
}

// Err returns ErrRTCP if the compound was malformed, nil if it was read to
// its end. What came before the fault is valid.
func (r *RTCPReader) Err() error { return r.err }

// rtcpKind names a packet, or RTCPOther if its body is too short for its type.
func rtcpKind(pt uint8, count, body int) RTCPKind {
	switch {
	case pt == rtcpSR && body >= senderInfoLen+count*reportBlockLen:
		return RTCPSenderReport
	case pt == rtcpRR && body >= count*reportBlockLen:
		return RTCPReceiverReport
	case pt == rtcpBYE:
		return RTCPBye
	case pt == rtcpRTPFB && count == fmtNACK && body >= 4:
		return RTCPNACK
	case pt == rtcpRTPFB && count == fmtTWCC && body >= 12:
		return RTCPTransportFeedback
	case pt == rtcpPSFB && count == fmtPLI && body >= 4:
		return RTCPPLI
	case pt == rtcpPSFB && count == fmtFIR && body >= 12:
		return RTCPFIR
	}
	return RTCPOther
}

// Media returns the media SSRC that feedback (NACK, PLI, transport feedback)
// is about. For FIR it is that of the first entry (RFC 5104 §4.3.1.2: the
// common field is unused there). 0 for other kinds.
func (p *RTCPPacket) Media() SSRC {
	switch p.Kind {
	case RTCPNACK, RTCPPLI, RTCPTransportFeedback:
		return SSRC(binary.BigEndian.Uint32(p.body))
	case RTCPFIR:
		return SSRC(binary.BigEndian.Uint32(p.body[4:]))
	}
	return 0
}

// AppendNACKs appends the sequence numbers that a NACK asks for to dst, up to
// its capacity: a peer can not make us allocate.
func (p *RTCPPacket) AppendNACKs(dst []Seq) []Seq {
	if p.Kind != RTCPNACK {
		return dst
	}
	for b := p.body[4:]; len(b) >= 4; b = b[4:] {
		pid, mask := Seq(binary.BigEndian.Uint16(b)), binary.BigEndian.Uint16(b[2:])
		if len(dst) == cap(dst) {
			return dst
		}
		dst = append(dst, pid)
		for i := Seq(1); mask != 0; i, mask = i+1, mask>>1 {
			if mask&1 == 0 {
				continue
			}
			if len(dst) == cap(dst) {
				return dst
			}
			dst = append(dst, pid+i)
		}
	}
	return dst
}

// FIRs returns how many entries a FIR has; FIR returns one of them.
func (p *RTCPPacket) FIRs() int {
	if p.Kind != RTCPFIR {
		return 0
	}
	return (len(p.body) - 4) / 8
}

// FIR returns the i-th entry: the SSRC to refresh and the command's number,
// which stays the same when the command is repeated.
func (p *RTCPPacket) FIR(i int) (media SSRC, command uint8) {
	b := p.body[4+8*i:]
	return SSRC(binary.BigEndian.Uint32(b)), b[4]
}

// SenderInfo is the sender's part of an SR (RFC 3550 §6.4.1).
type SenderInfo struct {
	Clock   SenderClock
	Packets uint32
	Octets  uint32 // of payload
}

// ReportBlock is one block of an SR or RR (RFC 3550 §6.4.1).
type ReportBlock struct {
	SSRC         SSRC
	FractionLost uint8 // since the last report, in 1/256
	TotalLost    int32 // 24 bits, may be negative with duplicates
	Highest      uint32
	Jitter       uint32 // in clock ticks
	LastSR       uint32 // NTP.Middle of the last SR, 0: none
	Delay        uint32 // since then, in 1/65536 s
}

const (
	senderInfoLen  = 20
	reportBlockLen = 24
)

// SenderInfo returns the sender's part of an SR.
func (p *RTCPPacket) SenderInfo() (s SenderInfo, ok bool) {
	if p.Kind != RTCPSenderReport {
		return s, false
	}
	b := p.body
	s.Clock.NTP = NTP(binary.BigEndian.Uint64(b))
	s.Clock.RTP = Ticks(binary.BigEndian.Uint32(b[8:]))
	s.Packets = binary.BigEndian.Uint32(b[12:])
	s.Octets = binary.BigEndian.Uint32(b[16:])
	return s, true
}

// Reports returns how many report blocks an SR or RR has.
func (p *RTCPPacket) Reports() int {
	if p.Kind == RTCPSenderReport || p.Kind == RTCPReceiverReport {
		return p.count
	}
	return 0
}

// Report returns the i-th report block.
func (p *RTCPPacket) Report(i int) ReportBlock {
	b := p.body[reportBlockLen*i:]
	if p.Kind == RTCPSenderReport {
		b = b[senderInfoLen:]
	}
	loss := binary.BigEndian.Uint32(b[4:])
	return ReportBlock{
		SSRC:         SSRC(binary.BigEndian.Uint32(b)),
		FractionLost: uint8(loss >> 24),
		TotalLost:    int32(loss<<8) >> 8,
		Highest:      binary.BigEndian.Uint32(b[8:]),
		Jitter:       binary.BigEndian.Uint32(b[12:]),
		LastSR:       binary.BigEndian.Uint32(b[16:]),
		Delay:        binary.BigEndian.Uint32(b[20:]),
	}
}

// RTT returns the round trip that a report block about our stream shows, as
// of its arrival (RFC 3550 §6.4.1). ok is false if it answers no report of
// ours, or claims more than a minute or less than nothing.
func (b *ReportBlock) RTT(now Instant) (rtt time.Duration, ok bool) {
	if b.LastSR == 0 {
		return 0, false
	}
	d := int64(int32(now.NTP().Middle() - b.LastSR - b.Delay))
	rtt = time.Duration(d * 1e9 >> 16)
	if d < -64 || rtt > time.Minute { // a millisecond of rounding and clocks
		return 0, false
	}
	return max(rtt, 0), true
}
