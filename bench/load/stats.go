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
	Arrived    uint64 // of Expected
	Duplicates uint64
	Reordered  uint64
	Gaps       uint64 // sequence numbers left out
	Repaired   uint64 // retransmissions that came
	Opened     uint64 // packets decrypted
	Broken     uint64 // packets that did not open, or without our stamp
	Crosstalk  uint64 // packets of somebody who does not sit there
	Strangers  uint64 // packets on no known SSRC
	Silent     uint64 // seats whose source sends, but nothing came
	Delay      *hdrhistogram.Histogram
}

// MaxDelay is the longest delay that is told apart, in microseconds.
const MaxDelay = 60_000_000

// NewStats makes empty statistics.
func NewStats() *Stats { return &Stats{Delay: NewDelays()} }

// NewDelays makes a histogram of microseconds with three digits.
func NewDelays() *hdrhistogram.Histogram { return hdrhistogram.New(1, MaxDelay, 3) }

// RecordDelay books the way from at to now, both in nanoseconds.
func (s *Stats) RecordDelay(at, now int64) {
	s.Delay.RecordValue(min(max((now-at)/1000, 1), MaxDelay))
}

// Add adds o to s.
func (s *Stats) Add(o *Stats) {
	s.Packets += o.Packets
	s.Bytes += o.Bytes
	s.AudioCount += o.AudioCount
	s.Sent += o.Sent
	s.Expected += o.Expected
	s.Arrived += o.Arrived
	s.Duplicates += o.Duplicates
	s.Reordered += o.Reordered
	s.Gaps += o.Gaps
	s.Repaired += o.Repaired
	s.Opened += o.Opened
	s.Broken += o.Broken
	s.Crosstalk += o.Crosstalk
	s.Strangers += o.Strangers
	s.Silent += o.Silent
	s.Delay.Merge(o.Delay)
}

// LossPct is the share of expected packets that did not arrive, in percent.
// ok is false when nothing was expected.
func (s *Stats) LossPct() (pct float64, ok bool) {
	if s.Expected == 0 {
		return 0, false
	}
	lost := max(int64(s.Expected)-int64(s.Arrived), 0)
	return 100 * float64(lost) / float64(s.Expected), true
}
