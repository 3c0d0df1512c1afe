package load

import "github.com/HdrHistogram/hdrhistogram-go"

// Stats is what the clients of one loop have received in one window. It is
// owned by the loop.
type Stats struct {
	Packets    uint64 // RTP that arrived on seats, without repairs
	Bytes      uint64 // of those, whole datagrams
	AudioCount uint64 // of Packets, sound
	Sent       uint64 // packets published
	Expected   uint64 // as the stamps tell
	Lost       int64  // of Expected; less than 0 where late ones came after all
	Surplus    int64  // came although no more was sent: copies that were not opened
	Duplicates uint64 // copies, by their sequence number or their stamp
	Reordered  uint64
	Gaps       uint64 // sequence numbers left out
	Repaired   uint64 // retransmissions that came
	Opened     uint64 // packets decrypted
	Broken     uint64 // packets that did not open, or without our stamp
	Crosstalk  uint64 // packets of somebody who does not sit there
	Strangers  uint64 // packets on no known SSRC
	Silent     uint64 // seats whose source sends, but nothing came
	Early      uint64 // packets that came before they were sent: a clock was set
	Delay      *hdrhistogram.Histogram
}

// MaxDelay is the longest delay that is told apart, in microseconds.
const MaxDelay = 60_000_000

// NewStats makes empty statistics.
func NewStats() *Stats { return &Stats{Delay: NewDelays()} }

// NewDelays makes a histogram of microseconds with three digits.
func NewDelays() *hdrhistogram.Histogram { return hdrhistogram.New(1, MaxDelay, 3) }

// RecordSpan books the way from at to now, both in nanoseconds, at least a
// microsecond and at most MaxDelay. It reports false for a way back in time,
// which is no delay: then a clock was set, or somebody made the time up.
func RecordSpan(h *hdrhistogram.Histogram, at, now int64) bool {
	if now < at {
		return false
	}
	return h.RecordValue(min(max((now-at)/1000, 1), MaxDelay)) == nil
}

// RecordDelay books the way from at to now, both in nanoseconds.
func (s *Stats) RecordDelay(at, now int64) {
	if !RecordSpan(s.Delay, at, now) {
		s.Early++
	}
}

// Add adds o to s.
func (s *Stats) Add(o *Stats) {
	s.Packets += o.Packets
	s.Bytes += o.Bytes
	s.AudioCount += o.AudioCount
	s.Sent += o.Sent
	s.Expected += o.Expected
	s.Lost += o.Lost
	s.Surplus += o.Surplus
	s.Duplicates += o.Duplicates
	s.Reordered += o.Reordered
	s.Gaps += o.Gaps
	s.Repaired += o.Repaired
	s.Opened += o.Opened
	s.Broken += o.Broken
	s.Crosstalk += o.Crosstalk
	s.Strangers += o.Strangers
	s.Silent += o.Silent
	s.Early += o.Early
	s.Delay.Merge(o.Delay)
}

// LossPct is the share of expected packets that did not arrive, in percent.
// ok is false when nothing was expected.
func (s *Stats) LossPct() (pct float64, ok bool) {
	if s.Expected == 0 {
		return 0, false
	}
	return 100 * float64(max(s.Lost, 0)) / float64(s.Expected), true
}

// Copies is how many packets came more than once.
func (s *Stats) Copies() uint64 { return s.Duplicates + uint64(max(s.Surplus, 0)) }
