package media

import (
	"encoding/binary"
	"time"
)

// TWCCRecorder notes when packets with transport-wide sequence numbers
// arrive and reports it to their sender, whose bandwidth estimate lives on it
// (draft-holmer-rmcat-transport-wide-cc-extensions-01). There is one per
// session. The zero value is ready; memory is taken with the first packet.
type TWCCRecorder struct {
	unwrap   Unwrapper
	base     ExtSeq    // first number not reported yet
	arrivals []Instant // ring by number, 0: not received
	feedback uint8     // fb pkt count
	media    SSRC      // of the newest packet, as the draft wants it named
}

// twccWindow is how many numbers the recorder can hold, reported or not: about
// 100 ms at 10,000 packets a second, a second at 1,000.
const twccWindow = 1024

// twccMaxStatus bounds the numbers in one feedback packet, so that it fits a
// datagram: 2 bytes each at worst and a bit for the status.
const twccMaxStatus = 450

// Record takes a packet's number. Late packets are reported with the next
// feedback, duplicates keep their first time.
func (r *TWCCRecorder) Record(seq uint16, media SSRC, now Instant) {
	if r.arrivals == nil {
		r.arrivals = make([]Instant, twccWindow)
	}
	before := r.unwrap.Highest()
	ext := r.unwrap.Unwrap(Seq(seq))
	r.media = media
	switch {
	case before == 0:
		r.base = ext
	case ext > before:
		if ext-before >= twccWindow {
			clear(r.arrivals)
		} else {
			for e := before + 1; e < ext; e++ {
				*r.slot(e) = 0
			}
		}
		*r.slot(ext) = 0
		if ext-r.base >= twccWindow { // never reported: lost to the sender
			r.base = ext - twccWindow + 1
		}
	case before-ext >= twccWindow:
		return
	case ext < r.base:
		r.base = ext
	}
	if s := r.slot(ext); *s == 0 {
		*s = now
	}
}

func (r *TWCCRecorder) slot(e ExtSeq) *Instant { return &r.arrivals[e%twccWindow] }

// Pending returns how many numbers wait to be reported. Feedback is due every
// 50 to 100 ms while there are any, and at once beyond a few hundred.
func (r *TWCCRecorder) Pending() int {
	if r.arrivals == nil || r.unwrap.Highest() < r.base {
		return 0
	}
	return int(r.unwrap.Highest() - r.base + 1)
}

// Units of the feedback format (draft §3.1).
const (
	twccTick    = 250 * time.Microsecond
	twccRefUnit = 64 * time.Millisecond
)

// Packet status symbols (draft §3.1.1).
const (
	twccLost  = 0
	twccSmall = 1 // delta in one byte, 0 … 63.75 ms
	twccLarge = 2 // delta in two bytes, signed
)

// AppendFeedback appends one feedback packet about what is pending. It is to
// be called until it returns false, which says that nothing was appended.
func (r *TWCCRecorder) AppendFeedback(dst []byte, sender SSRC) ([]byte, bool) {
	first := r.skipToArrival()
	if first == 0 {
		return dst, false
	}
	ref := int64(first) / int64(twccRefUnit)
	var symbols [twccMaxStatus]uint8
	n := r.symbols(symbols[:], ref)

	dst, start := appendRTCP(dst, fmtTWCC, rtcpRTPFB, sender)
	dst = binary.BigEndian.AppendUint32(dst, uint32(r.media))
	dst = binary.BigEndian.AppendUint16(dst, uint16(r.base))
	dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	dst = append(dst, byte(ref>>16), byte(ref>>8), byte(ref), r.feedback)
	dst = appendChunks(dst, symbols[:n])
	dst = r.appendDeltas(dst, symbols[:n], ref)
	if pad := (4 - (len(dst)-start)%4) % 4; pad > 0 {
		dst[start] |= 0x20
		dst = append(dst, 0, 0, 0)[:len(dst)+pad]
		dst[len(dst)-1] = byte(pad)
	}
	r.feedback++
	r.base += ExtSeq(n)
	return endRTCP(dst, start), true
}

// skipToArrival returns when the first pending packet that arrived did so, 0
// if none did. Numbers before it are reported as lost, unless they are more
// than one feedback packet holds.
func (r *TWCCRecorder) skipToArrival() Instant {
	for e := r.base; e < r.base+ExtSeq(r.Pending()); e++ {
		if at := *r.slot(e); at != 0 {
			if e-r.base >= twccMaxStatus {
				r.base = e
			}
			return at
		}
	}
	return 0
}

// ticks returns the arrival of e since the reference time.
func (r *TWCCRecorder) ticks(e ExtSeq, ref int64) int64 {
	return (int64(*r.slot(e)) - ref*int64(twccRefUnit)) / int64(twccTick)
}

// symbols fills in the status of the pending numbers and returns how many
// fit: it stops where a delta does not fit 16 bits, which the next feedback
// begins with.
func (r *TWCCRecorder) symbols(out []uint8, ref int64) int {
	n := min(r.Pending(), len(out))
	prev := int64(0)
	for i := range n {
		e := r.base + ExtSeq(i)
		if *r.slot(e) == 0 {
			out[i] = twccLost
			continue
		}
		t := r.ticks(e, ref)
		switch d := t - prev; {
		case d >= 0 && d <= 255:
			out[i] = twccSmall
		case d >= -32768 && d <= 32767:
			out[i] = twccLarge
		default:
			return i
		}
		prev = t
	}
	return n
}

func (r *TWCCRecorder) appendDeltas(dst []byte, symbols []uint8, ref int64) []byte {
	prev := int64(0)
	for i, s := range symbols {
		if s == twccLost {
			continue
		}
		t := r.ticks(r.base+ExtSeq(i), ref)
		if s == twccSmall {
			dst = append(dst, byte(t-prev))
		} else {
			dst = binary.BigEndian.AppendUint16(dst, uint16(t-prev))
		}
		prev = t
	}
	return dst
}

// appendChunks packs symbols (draft §3.1.3, §3.1.4): a run where it is worth
// it, else 14 one-bit or 7 two-bit symbols.
//
//	run:     0 S S n n n n n n n n n n n n n
//	vector:  1 0 s × 14        1 1 SS × 7
func appendChunks(dst []byte, symbols []uint8) []byte {
	for len(symbols) > 0 {
		run := 1
		for run < len(symbols) && symbols[run] == symbols[0] {
			run++
		}
		ones := 0 // symbols that need one bit only
		for ones < min(14, len(symbols)) && symbols[ones] != twccLarge {
			ones++
		}
		var chunk uint16
		n := 0
		switch {
		case run >= 14 || run == len(symbols) || run >= 7 && ones < 14:
			n = run
			chunk = uint16(symbols[0])<<13 | uint16(n)
		case ones == 14 || ones == len(symbols):
			n = ones
			chunk = 0x8000
			for i, s := range symbols[:n] {
				chunk |= uint16(s) << (13 - i)
			}
		default:
			n = min(7, len(symbols))
			chunk = 0xc000
			for i, s := range symbols[:n] {
				chunk |= uint16(s) << (12 - 2*i)
			}
		}
		dst = binary.BigEndian.AppendUint16(dst, chunk)
		symbols = symbols[n:]
	}
	return dst
}
