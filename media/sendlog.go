package media

import (
	"sync/atomic"
	"time"
)

// SendLogSize is how many packets a SendLog remembers: a second's at 2,000 a second,
// which covers feedback that comes every 100 ms over a round trip of 900.
const SendLogSize = 1 << sendLogBits

const sendLogBits = 11

// SendLog remembers what was sent under the newest transport-wide numbers of a
// session, for the feedback that comes about them. Any goroutine may Note what it
// drew a number for; one at a time reads. A packet is one word, so that the reader
// sees all of it or nothing:
//
//	| tag (8) | stream (9) | size (13) | µs when it was sent (34) |
//	 63        55           46          33                       0
//
// tag is the number's part above the slot's, so what half a million numbers ago
// was in the slot is not taken for it. A size of 0 is an empty slot. The zero value is
// ready.
type SendLog struct {
	slots [SendLogSize]atomic.Uint64
}

const (
	sendTagShift    = 56
	sendStreamShift = 47
	sendSizeShift   = 34
	sendSizeMask    = 1<<13 - 1
	sendStreamMask  = 1<<9 - 1
	sendTimeMask    = 1<<34 - 1
)

// Note remembers a packet of 1 … 8,191 bytes. stream is what the caller knows its
// stream by, 0 … 511.
func (l *SendLog) Note(number uint32, stream uint16, size int, now Instant) {
	l.slots[number%SendLogSize].Store(sendTag(number) | uint64(stream&sendStreamMask)<<sendStreamShift |
		uint64(size&sendSizeMask)<<sendSizeShift | uint64(now/1e3)&sendTimeMask)
}

func sendTag(number uint32) uint64 { return uint64(uint8(number>>sendLogBits)) << sendTagShift }

// Outcome is what became of a packet, as its receiver says.
type Outcome struct {
	// Sent is when it was sent, to a microsecond, by our clock; Arrived when it
	// arrived, to 250 µs, by the receiver's, whose epoch is its own: only
	// differences count. Arrived means nothing if it was Lost.
	Sent    Instant
	Arrived time.Duration
	Lost    bool
	Stream  uint16
	Size    uint16 // with all headers up to UDP's
}

// AppendOutcomes appends what f says of packets in the log to dst, up to its
// capacity, and leaves the rest in f. newest is the last number that was drawn.
// An arrival is told once, whatever the receiver repeats; a loss that proves to be
// an arrival later is told again. What was not sent, or too long ago, is passed over.
func (l *SendLog) AppendOutcomes(dst []Outcome, f *TransportFeedback, newest uint32, now Instant) []Outcome {
	for len(dst) < cap(dst) && f.Next() {
		behind := uint16(newest) - f.Seq
		if behind >= SendLogSize {
			continue
		}
		number := newest - uint32(behind)
		slot := &l.slots[number%SendLogSize]
		word := slot.Load()
		size := uint16(word >> sendSizeShift & sendSizeMask)
		if size == 0 || word>>sendTagShift<<sendTagShift != sendTag(number) {
			continue
		}
		if f.Received && !slot.CompareAndSwap(word, 0) {
			continue // another packet is there by now
		}
		age := (uint64(now/1e3) - word) & sendTimeMask
		dst = append(dst, Outcome{
			Sent: Instant(int64(now/1e3)-int64(age)) * 1e3, Arrived: f.At, Lost: !f.Received,
			Stream: uint16(word >> sendStreamShift & sendStreamMask), Size: size,
		})
	}
	return dst
}
