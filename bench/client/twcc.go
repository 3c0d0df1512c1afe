package client

import (
	"encoding/binary"
	"sort"
)

// twccEvery is the pace of transport-wide feedback, in nanoseconds.
const twccEvery = 100_000_000

// twccMax bounds the packets of one feedback message.
const twccMax = 400

// twccRecorder notes when packets came and builds transport-wide congestion
// control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
type twccRecorder struct {
	id       uint8 // header extension id
	due      int64
	count    uint8
	arrivals []arrival
}

type arrival struct {
	seq uint16
	at  int64
}

// record notes a packet by its transport-wide number.
func (r *twccRecorder) record(pkt []byte, now int64) {
	data := findExt(pkt, r.id)
	if len(data) == 2 && len(r.arrivals) < twccMax {
		r.arrivals = append(r.arrivals, arrival{binary.BigEndian.Uint16(data), now})
	}
}

// findExt finds an element of a one-byte header extension (RFC 8285 §4.2),
// nil if there is none.
func findExt(pkt []byte, id uint8) []byte {
	at := 12 + 4*int(pkt[0]&0x0f)
	if pkt[0]&0x10 == 0 || len(pkt) < at+4 || pkt[at] != 0xbe || pkt[at+1] != 0xde {
		return nil
	}
	size := 4 * int(binary.BigEndian.Uint16(pkt[at+2:]))
	block := pkt[at+4:]
	if len(block) < size {
		return nil
	}
	block = block[:size]
	for len(block) > 0 {
		if block[0] == 0 {
			block = block[1:]
			continue
		}
		n := 2 + int(block[0]&0x0f)
		if len(block) < n {
			return nil
		}
		if block[0]>>4 == id {
			return block[1:n]
		}
		block = block[n:]
	}
	return nil
}

// sendTWCC sends the feedback that is due.
func (c *Client) sendTWCC(now int64) {
	r := c.in.twcc
	if r.due > now {
		return
	}
	r.due = now + twccEvery
	if len(r.arrivals) > 0 {
		c.sendRTCP(r.feedback())
	}
}

// Units of a feedback message, in nanoseconds.
const (
	twccReference = 64_000_000
	twccDelta     = 250_000
)

// feedback builds one message of all arrivals and forgets them.
func (r *twccRecorder) feedback() []byte {
	list := r.arrivals
	r.arrivals = r.arrivals[:0]
	sort.Slice(list, func(i, j int) bool { return int16(list[i].seq-list[j].seq) < 0 })
	base := list[0].seq
	span := int(list[len(list)-1].seq-base) + 1
	if span > 2*twccMax {
		list, span = list[:1], 1
	}
	reference := list[0].at / twccReference
	symbols := make([]byte, span)
	var deltas []byte
	last := reference * twccReference / twccDelta
	for i, a := range list {
		if i > 0 && a.seq == list[i-1].seq {
			continue
		}
		tick := a.at / twccDelta
		delta := tick - last
		last = tick
		if delta >= 0 && delta <= 255 {
			symbols[a.seq-base] = 1
			deltas = append(deltas, byte(delta))
			continue
		}
		delta = min(max(delta, -32768), 32767)
		symbols[a.seq-base] = 2
		deltas = binary.BigEndian.AppendUint16(deltas, uint16(int16(delta)))
	}
	r.count++
	return appendTWCC(base, uint32(reference)&0xffffff, r.count-1, symbols, deltas)
}

// appendTWCC encodes a message with two-bit status vector chunks of seven
// symbols each.
func appendTWCC(base uint16, reference uint32, count uint8, symbols, deltas []byte) []byte {
	m := []byte{0x80 | fmtTWCC, rtcpRTPFB, 0, 0}
	m = binary.BigEndian.AppendUint32(m, reporter)
	m = binary.BigEndian.AppendUint32(m, 0)
	m = binary.BigEndian.AppendUint16(m, base)
	m = binary.BigEndian.AppendUint16(m, uint16(len(symbols)))
	m = binary.BigEndian.AppendUint32(m, reference<<8|uint32(count))
	for len(symbols) > 0 {
		chunk := uint16(0xc000)
		for i := range min(7, len(symbols)) {
			chunk |= uint16(symbols[i]) << (12 - 2*i)
		}
		m = binary.BigEndian.AppendUint16(m, chunk)
		symbols = symbols[min(7, len(symbols)):]
	}
	m = append(m, deltas...)
	for len(m)%4 != 0 {
		m = append(m, 0)
	}
	binary.BigEndian.PutUint16(m[2:], uint16(len(m)/4-1))
	return m
}
