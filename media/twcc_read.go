package media

import (
	"encoding/binary"
	"time"
)

// TransportFeedback is a transport-cc feedback packet (draft-holmer-rmcat-
// transport-wide-cc-extensions-01 §3.1), read one status at a time:
//
//	f, err := p.TransportFeedback()
//	for f.Next() { … f.Seq, f.Received, f.At … }
type TransportFeedback struct {
	// Seq is the transport-wide number that the current status is about.
	Seq uint16
	// Received tells whether it arrived, At when: since the receiver's
	// 64 ms × 2^24 epoch, in steps of 250 µs.
	Received bool
	At       time.Duration
	// Count is the feedback packet's number, to notice lost feedback.
	Count uint8

	chunks, deltas []byte
	left           int // statuses to come
	chunk          uint16
	inChunk        int // statuses left in chunk
	started        bool
}

// TransportFeedback starts reading p. It checks that all chunks and deltas
// are there, so Next can not fail. Error: ErrRTCP.
func (p *RTCPPacket) TransportFeedback() (TransportFeedback, error) {
	var f TransportFeedback
	if p.Kind != RTCPTransportFeedback {
		return f, ErrRTCP
	}
	b := p.body
	f.Seq = binary.BigEndian.Uint16(b[4:])
	f.left = int(binary.BigEndian.Uint16(b[6:]))
	ref := int32(binary.BigEndian.Uint32(b[8:])) >> 8 // 24 bits, signed
	f.At = time.Duration(ref) * twccRefUnit
	f.Count = b[11]
	f.chunks = b[12:]
	chunks, deltas := 0, 0
	for n := 0; n < f.left; chunks++ {
		if len(f.chunks) < 2*(chunks+1) {
			return f, ErrRTCP
		}
		f.chunk = binary.BigEndian.Uint16(f.chunks[2*chunks:])
		size := min(chunkLen(f.chunk), f.left-n)
		if size == 0 {
			return f, ErrRTCP
		}
		if f.chunk&0x8000 == 0 {
			deltas += size * deltaLen(chunkSymbol(f.chunk, 0))
		} else {
			for i := range size {
				deltas += deltaLen(chunkSymbol(f.chunk, i))
			}
		}
		n += size
	}
	if len(f.chunks) < 2*chunks+deltas {
		return f, ErrRTCP
	}
	f.chunks, f.deltas = f.chunks[:2*chunks], f.chunks[2*chunks:2*chunks+deltas]
	return f, nil
}

// Len returns how many statuses are still to come.
func (f *TransportFeedback) Len() int { return f.left }

// Next moves to the next status and reports whether there is one.
func (f *TransportFeedback) Next() bool {
	if f.left == 0 {
		return false
	}
	if f.started {
		f.Seq++
	}
	f.started = true
	f.left--
	if f.inChunk == 0 {
		f.chunk = binary.BigEndian.Uint16(f.chunks)
		f.chunks = f.chunks[2:]
		f.inChunk = chunkLen(f.chunk)
	}
	symbol := chunkSymbol(f.chunk, chunkLen(f.chunk)-f.inChunk)
	f.inChunk--
	n := deltaLen(symbol)
	switch f.Received = n > 0; n {
	case 1:
		f.At += time.Duration(f.deltas[0]) * twccTick
	case 2:
		f.At += time.Duration(int16(binary.BigEndian.Uint16(f.deltas))) * twccTick
	}
	f.deltas = f.deltas[n:]
	return true
}

// chunkLen returns how many statuses a chunk holds.
func chunkLen(c uint16) int {
	switch {
	case c&0x8000 == 0:
		return int(c & 0x1fff)
	case c&0x4000 == 0:
		return 14
	}
	return 7
}

// chunkSymbol returns the i-th status of a chunk.
func chunkSymbol(c uint16, i int) uint8 {
	switch {
	case c&0x8000 == 0:
		return uint8(c>>13) & 3
	case c&0x4000 == 0:
		return uint8(c>>(13-i)) & 1
	}
	return uint8(c>>(12-2*i)) & 3
}

// deltaLen returns the bytes of a status's delta. Symbol 3 is reserved and
// counts as not received.
func deltaLen(symbol uint8) int {
	switch symbol {
	case twccSmall:
		return 1
	case twccLarge:
		return 2
	}
	return 0
}
