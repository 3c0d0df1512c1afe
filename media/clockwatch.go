package media

import "time"

// ClockWatch tells what the RTP clock of one incoming stream reads, for the
// sender reports of those who get it: lips are in sync if it is right for sound
// and picture at the same time.
//
// A publisher's own report is the best there is, for it leaves the network and
// the encoder out: it counts as long as the clock runs on as it did when the
// report came. That is seen from the arrival of packets. A clock that stood
// still (a mute in some clients, another device), leapt or began anew makes
// them come later or sooner than before, for good; a network that hesitates
// does so for a moment. After that, and where nothing was ever reported, the
// quickest of the latest packets say what the clock reads: a packet that comes
// now was made as long ago as the encoder takes, which the last report told.
//
//	transit    arrival minus timestamp; its least, lately, is the level
//	           ┌ level when the report came
//	  ········ │ ·················
//	───────────┴──────────────────┐     ┌───────── the clock stood still:
//	                              └─────┘          the report is void
//	           report counts             unsure
//
// Reports are not taken for granted: one that is far from what arrives, or does
// not fit the one before while the clock runs on, is left out, until a second
// says the same (then the publisher's wall clock was set).
//
// The zero value knows nothing. It belongs to who owns the stream.
type ClockWatch struct {
	came   arrivals
	report SenderClock // the newest that is believed, NTP 0: none
	odd    SenderClock // did not fit report; waits for a second that says the same
	level  Ticks       // of came when report was taken
	lead   Ticks       // how long before its arrival a packet is made, by report
	epoch  uint32      // of the ClockOffset when report was taken
	seen   Ticks       // the level that Moved compares with
	moving bool        // seen is valid
}

const (
	// clockLeap is how much later or sooner packets have to come until it
	// counts: networks change by less as a rule, and devices take longer to
	// open.
	clockLeap = 80 * time.Millisecond
	// clockWindow is over what time the quickest packet is looked for.
	clockWindow = 500 * time.Millisecond
	// clockProof is for how long all packets have to come later until the clock
	// is found to have stood still, and not the network.
	clockProof = 250 * time.Millisecond
	// reportSlack is by how much the two clocks of a report may disagree with
	// those of the one before.
	reportSlack = 50 * time.Millisecond
	// maxLead and maxLag bound how long before its arrival a packet is made.
	// It is not made after it: then the report took longer than the packets.
	maxLead = 2 * time.Second
	maxLag  = 500 * time.Millisecond
)

// Arrived notes a packet: its arrival minus its timestamp in ticks (see
// ReceiveStats.Transit). It is called once for every packet that comes in, in
// order of arrival.
func (w *ClockWatch) Arrived(transit Ticks, now Instant, clock uint32) {
	w.came.note(transit, now, clock)
}

// Report takes a sender report of the stream that arrived at now. offset is
// its publisher's.
func (w *ClockWatch) Report(c SenderClock, now Instant, clock uint32, offset *ClockOffset) {
	if !c.Known() || w.came.from == 0 {
		return
	}
	level := w.came.newest(clock)
	if w.ranOn(level, clock) && !c.fits(w.report, clock) {
		if !w.odd.Known() || !c.fits(w.odd, clock) {
			w.odd = c
			return
		}
		offset.forget()
	}
	w.odd = SenderClock{}
	offset.Observe(c.NTP, now)
	made, _ := offset.Local(c.NTP)
	lead := c.RTP + ticksIn(now.NTP().Sub(made), clock) - arrivalClock(now, level, clock)
	if d := int32(lead); d > int32(ticksIn(maxLead, clock)) || d < -int32(ticksIn(maxLag, clock)) {
		w.report = SenderClock{}
		return
	}
	w.report, w.level, w.lead, w.epoch = c, level, lead, offset.epoch
}

// fits reports whether from report o to c both clocks went on by the same time.
func (c SenderClock) fits(o SenderClock, clock uint32) bool {
	off := c.NTP.Sub(o.NTPAt(c.RTP, clock))
	return off.Abs() <= reportSlack
}

// ranOn reports whether the clock runs as it did when the report was taken.
func (w *ClockWatch) ranOn(level Ticks, clock uint32) bool {
	d := int32(level - w.level)
	leap := int32(ticksIn(clockLeap, clock))
	return w.report.Known() && d <= leap && d >= -leap
}

// Reported reports whether some report of the publisher's is believed.
func (w *ClockWatch) Reported() bool { return w.report.Known() }

// Reading returns the clock now in the form of a report: by the publisher's
// wall clock, as offset has it. ok is false while nothing came, and for the
// moment in which packets come later than they did and nobody can say why: no
// report is better than a wrong one then.
func (w *ClockWatch) Reading(now Instant, clock uint32, offset *ClockOffset) (c SenderClock, ok bool) {
	level, sure := w.came.level(now, clock)
	if !sure {
		return c, false
	}
	offset.assume()
	c.NTP = offset.remote(now.NTP())
	if w.ranOn(level, clock) && w.epoch == offset.epoch {
		c.RTP = w.report.RTP + ticksIn(c.NTP.Sub(w.report.NTP), clock)
		return c, true
	}
	c.RTP = arrivalClock(now, level, clock)
	if int32(w.lead) > 0 {
		c.RTP += w.lead
	}
	return c, true
}

// Sure reports whether Reading has an answer now.
func (w *ClockWatch) Sure(now Instant, clock uint32) bool {
	_, sure := w.came.level(now, clock)
	return sure
}

// Moved reports, once, that the clock leapt: what was told of it is wrong.
func (w *ClockWatch) Moved(now Instant, clock uint32) bool {
	level, sure := w.came.level(now, clock)
	if !sure {
		return false
	}
	d, leap := int32(level-w.seen), int32(ticksIn(clockLeap, clock))
	if w.moving && d <= leap && d >= -leap {
		return false
	}
	first := !w.moving
	w.seen, w.moving = level, true
	return !first
}

// arrivalClock is the timestamp of a packet that arrives now and was as quick
// as the quickest.
func arrivalClock(now Instant, level Ticks, clock uint32) Ticks {
	return ticksIn(now.Sub(0), clock) - level
}

// arrivals keeps the least transit of the latest packets, of two windows. The
// second begins early with a packet that comes much later than the quickest: if
// the next ones do, too, the clock stood still.
type arrivals struct {
	least  Ticks   // since from
	before Ticks   // what counted until then
	from   Instant // 0: nothing came
}

// note takes a packet's transit.
func (a *arrivals) note(transit Ticks, now Instant, clock uint32) {
	leap, far := int32(ticksIn(clockLeap, clock)), int32(ticksIn(maxClockStep, clock))
	switch up := int32(transit - a.least); {
	case a.from == 0 || up > far || up < -far: // no network does that
		*a = arrivals{least: transit, before: transit, from: now}
	case up > leap || now.Sub(a.from) >= clockWindow:
		if !a.rose(clock) {
			a.before = a.least
		}
		a.least, a.from = transit, now
	case up < 0:
		a.least = transit
	}
	if a.rose(clock) && now.Sub(a.from) >= clockProof {
		a.before = a.least
	}
}

// rose reports whether all packets of this window come later than before.
func (a *arrivals) rose(clock uint32) bool {
	return int32(a.least-a.before) > int32(ticksIn(clockLeap, clock))
}

// level returns the least transit lately. It is not sure while packets come
// later than they did; few of them prove nothing.
func (a *arrivals) level(now Instant, clock uint32) (least Ticks, sure bool) {
	switch {
	case a.from == 0:
		return 0, false
	case a.rose(clock):
		return a.before, now.Sub(a.from) >= clockWindow
	case int32(a.least-a.before) < 0:
		return a.least, true
	}
	return a.before, true
}

// newest is the level that the latest packets have, whatever it comes to.
func (a *arrivals) newest(clock uint32) Ticks {
	if a.rose(clock) || int32(a.least-a.before) < 0 {
		return a.least
	}
	return a.before
}
