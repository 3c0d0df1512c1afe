package media

// ReceiveStats keeps what a report block says about one incoming SSRC
// (RFC 3550 §6.4.1, appendix A.3 and A.8). The zero value is ready.
type ReceiveStats struct {
	first, highest ExtSeq // first 0: nothing received
	received       uint64 // all packets, duplicates included
	bytes          uint64
	// Jitter is kept in 1/16 ticks, as in appendix A.8.
	jitter  uint32
	transit uint32
	// What Report told last.
	reportedExpected, reportedReceived uint64
	lastSR                             uint32
	lastSRAt                           Instant
}

// Update takes a received packet: its number, timestamp, length in bytes on
// the wire and arrival. clock is the timestamp's rate in Hz.
func (s *ReceiveStats) Update(ext ExtSeq, ts Ticks, length int, now Instant, clock uint32) {
	// Arrival in ticks may wrap: only differences count.
	transit := uint32(ticksIn(now.Sub(0), clock)) - uint32(ts)
	if s.first == 0 {
		s.first, s.highest = ext, ext
	} else {
		d := int32(transit - s.transit)
		if d < 0 {
			d = -d
		}
		s.jitter += uint32(d) - (s.jitter+8)>>4
	}
	s.transit = transit
	s.first, s.highest = min(s.first, ext), max(s.highest, ext)
	s.received++
	s.bytes += uint64(length)
}

// Transit returns the newest packet's arrival minus its timestamp, in ticks. It
// may wrap: only differences count.
func (s *ReceiveStats) Transit() Ticks { return Ticks(s.transit) }

// SawSenderReport notes the sender report that the next blocks answer.
func (s *ReceiveStats) SawSenderReport(ntp NTP, now Instant) {
	s.lastSR, s.lastSRAt = ntp.Middle(), now
}

// Totals returns the packets and bytes received, and the packets lost since
// the start (0 if duplicates outweigh losses).
func (s *ReceiveStats) Totals() (packets, bytes, lost uint64) {
	return s.received, s.bytes, max(s.expected(), s.received) - s.received
}

func (s *ReceiveStats) expected() uint64 {
	if s.first == 0 {
		return 0
	}
	return uint64(s.highest-s.first) + 1
}

// Report returns the block to send now. The fraction covers the time since
// the call before. ok is false while nothing has been received.
func (s *ReceiveStats) Report(ssrc SSRC, now Instant) (b ReportBlock, ok bool) {
	if s.first == 0 {
		return b, false
	}
	expected := s.expected()
	b = ReportBlock{
		SSRC:      ssrc,
		TotalLost: int32(min(max(int64(expected-s.received), -1<<23), 1<<23-1)),
		// The first number counts as cycle 0 of RFC 3550: incoming numbers
		// start one cycle up.
		Highest: uint32(s.highest - min(s.highest, 1<<16)),
		Jitter:  s.jitter >> 4,
		LastSR:  s.lastSR,
	}
	want := int64(expected - s.reportedExpected)
	lost := want - int64(s.received-s.reportedReceived)
	if want > 0 && lost > 0 {
		b.FractionLost = uint8(min(lost<<8/want, 255))
	}
	s.reportedExpected, s.reportedReceived = expected, s.received
	if s.lastSR != 0 {
		b.Delay = uint32(uint64(max(0, now.Sub(s.lastSRAt))) << 16 / 1e9)
	}
	return b, true
}
