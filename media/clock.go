package media

import "time"

// SenderClock ties a sender's RTP clock to its wall clock, from one sender
// report (RFC 3550 §6.4.1). NTP 0 means unknown.
type SenderClock struct {
	NTP NTP
	RTP Ticks
}

// Known reports whether a sender report has been seen.
func (c SenderClock) Known() bool { return c.NTP != 0 }

// NTPAt returns the sender's wall clock at RTP time ts. It is right within
// 2^31 ticks of the report: 6.6 hours at 90 kHz, 12.4 at 48 kHz.
func (c SenderClock) NTPAt(ts Ticks, clock uint32) NTP {
	d := int64(int32(ts - c.RTP))
	return c.NTP + NTP((d<<32)/int64(clock))
}

// TicksAt returns the RTP time at the sender's wall clock n.
func (c SenderClock) TicksAt(n NTP, clock uint32) Ticks {
	return c.RTP + ticksIn(n.Sub(c.NTP), clock)
}

// LayerClocks holds one SenderClock per simulcast layer of a track, as far as
// it is to be believed (see ClockWatch). Layers of one source have different
// RTP clocks and the same wall clock.
type LayerClocks [MaxLayers]SenderClock

// ClockOffset estimates how far a publisher's wall clock is behind ours, from
// the arrival of its sender reports. One is shared by all tracks of a
// publisher: whatever its error, it is the same for sound and picture, so
// they stay in sync. The zero value knows nothing.
type ClockOffset struct {
	known   bool
	assumed bool          // nothing was observed: our own clock stands in for theirs
	epoch   uint32        // rises when d leaps: what was told before is by another clock
	d       time.Duration // our clock minus theirs, one-way delay included
	at      Instant
}

const (
	// maxClockStep is a difference that no network delay explains: the
	// publisher's clock was set.
	maxClockStep = 5 * time.Second
	// maxHaste is the same for a report that seems to have come sooner than
	// those before: they would have taken so much longer.
	maxHaste = time.Second
	// clockDriftPPM is how fast the estimate may rise, to follow a drifting
	// clock; it falls at once, because a report that took less time on its
	// way is the better one.
	clockDriftPPM = 200
)

// Observe takes a sender report that arrived at now.
func (o *ClockOffset) Observe(sent NTP, now Instant) {
	d := now.NTP().Sub(sent)
	switch diff := d - o.d; {
	case !o.known || o.assumed || diff < -maxHaste || diff > maxClockStep:
		*o = ClockOffset{known: true, epoch: o.epoch + 1, d: d}
	case diff < 0:
		o.d = d
	default:
		o.d += min(diff, now.Sub(o.at)/1e6*clockDriftPPM)
	}
	o.at = now
}

// forget makes the next report count as the first: the publisher's clock was
// set.
func (o *ClockOffset) forget() { o.known = false }

// assume lets our own clock stand in for that of a publisher that reports
// nothing, until it does.
func (o *ClockOffset) assume() {
	if !o.known {
		*o = ClockOffset{known: true, assumed: true, epoch: o.epoch + 1}
	}
}

// Local converts the publisher's wall clock to ours.
func (o *ClockOffset) Local(n NTP) (NTP, bool) {
	return n.add(o.d), o.known
}

// remote converts our wall clock to the publisher's.
func (o *ClockOffset) remote(n NTP) NTP { return n.add(-o.d) }

func (n NTP) add(d time.Duration) NTP {
	sec, rest := int64(d)/1e9, int64(d)%1e9
	return n + NTP(sec<<32) + NTP((rest<<32)/1e9)
}
