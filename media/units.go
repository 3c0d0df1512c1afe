package media

import "time"

// SSRC is an RTP synchronisation source (RFC 3550 §3). Zero is a legal value
// on the wire; this package uses it as "none" only where a comment says so.
type SSRC uint32

// Seq is an RTP sequence number. It wraps from 65535 to 0.
type Seq uint16

// ExtSeq is an extended sequence number: Seq in the low 16 bits, the number of
// wraps above. It never wraps in practice, so it is compared with < and >.
//
// On the way out it is the SRTP packet index i = 2^16 · ROC + SEQ of RFC 3711
// §3.3.1 and so starts below 2^16. On the way in it starts at 2^16, which
// leaves room for packets older than the first one seen.
type ExtSeq uint64

// Seq returns the 16 bits that stand on the wire.
func (e ExtSeq) Seq() Seq { return Seq(e) }

// Ticks is an RTP timestamp in units of the codec's clock. It wraps at 2^32.
type Ticks uint32

// Newer reports whether t follows o in circular order: the distance from o to t is
// 1 … 2^31-1. A distance of 2^31 counts as older.
func (t Ticks) Newer(o Ticks) bool { return t != o && int32(t-o) > 0 }

// BitsPerSecond is a rate.
type BitsPerSecond uint64

// Instant is a moment in nanoseconds since the Unix epoch, taken from a clock
// that never steps back: the edge reads the wall clock once at start and adds
// the monotonic time since then, once per batch. Zero means "never".
type Instant int64

// InstantOf converts t. Use it once, at the start of a clock.
func InstantOf(t time.Time) Instant { return Instant(t.UnixNano()) }

// Add returns the instant d later.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// Sub returns the time from o to i.
func (i Instant) Sub(o Instant) time.Duration { return time.Duration(i - o) }

// ntpEpochOffset is the time from 1900 to 1970 in seconds.
const ntpEpochOffset = 2208988800

// NTP returns i as 32.32 fixed point seconds since 1900 (RFC 3550 §4), which
// wraps in 2036.
func (i Instant) NTP() NTP {
	sec := uint64(i)/1e9 + ntpEpochOffset
	frac := (uint64(i) % 1e9 << 32) / 1e9
	return NTP(sec<<32 | frac)
}

// AbsSendTime returns the 24-bit value of the abs-send-time header extension:
// 6.18 fixed point seconds, wrapping every 64 s.
func (i Instant) AbsSendTime() uint32 {
	n := uint64(i) % (64 * 1e9)
	return uint32(n<<18/1e9) & 0xffffff
}

// NTP is a time stamp in 32.32 fixed point seconds.
type NTP uint64

// Middle returns the middle 32 bits, the form of LSR and DLSR in reports.
func (n NTP) Middle() uint32 { return uint32(n >> 16) }

// Sub returns the time from o to n; it is right for distances below 68 years
// across the wrap in 2036.
func (n NTP) Sub(o NTP) time.Duration {
	d := int64(n - o)
	sec, frac := d>>32, d&0xffffffff
	return time.Duration(sec*1e9 + (frac*1e9)>>32)
}

// ticksIn converts a duration to clock ticks, rounding down; negative
// durations give the two's complement, so that adding the result works.
func ticksIn(d time.Duration, clock uint32) Ticks {
	sec, rest := int64(d)/1e9, int64(d)%1e9
	return Ticks(sec*int64(clock) + rest*int64(clock)/1e9)
}

// Unwrapper turns the sequence numbers of one stream into extended ones. The
// zero value is ready: the first number becomes 2^16 + seq.
type Unwrapper struct {
	highest ExtSeq // 0: nothing seen
}

// Unwrap returns the extended number nearest to the highest seen. Only newer
// numbers move it, so a late packet from before a wrap is placed rightly.
func (u *Unwrapper) Unwrap(seq Seq) ExtSeq {
	if u.highest == 0 {
		u.highest = 1<<16 | ExtSeq(seq)
		return u.highest
	}
	e := extendNear(u.highest, seq)
	if e > u.highest {
		u.highest = e
	}
	return e
}

// Highest returns the newest extended number so far, 0 if none.
func (u *Unwrapper) Highest() ExtSeq { return u.highest }

// extendNear returns the extended number with low bits seq that is nearest to
// ref. Ties (distance 32768) go to the older one. At the very start, where the
// older one would be negative, it returns the newer one.
func extendNear(ref ExtSeq, seq Seq) ExtSeq {
	d := int64(int16(seq - ref.Seq()))
	if d < 0 && uint64(-d) > uint64(ref) {
		d += 1 << 16
	}
	return ExtSeq(int64(ref) + d)
}
