package media

import "time"

// NackTracker finds the holes in one incoming layer and says when to ask for
// the missing packets (RFC 4585 §6.2.1) and when to stop asking. It also tells
// duplicates, which appear when a packet and its repair both arrive.
//
// The zero value is ready. It belongs to the worker that receives the layer
// and holds memory only once packets were missing, at most a few KiB.
type NackTracker struct {
	highest ExtSeq // 0: nothing received yet
	seen    replayWindow
	missing []missing // ascending by ext, at most maxMissing
}

// missing is one hole.
type missing struct {
	ext   ExtSeq
	since Instant // when the hole was noticed
	asked Instant // last request, 0 if never
	tries uint8
}

// Bounds of asking.
const (
	maxMissing = 256 // holes remembered at once
	maxNackGap = 512 // a larger jump is a new start, not a loss
	maxTries   = 10
	maxNackAge = time.Second // older holes are past any jitter buffer
	maxBurst   = 64          // numbers per call of Due
	// reorderWait is how long a hole may close by itself before it is asked
	// for: packets of one batch often arrive in disorder.
	reorderWait = 5 * time.Millisecond
	// A repeated request waits for one round trip and a little more, within
	// these bounds; unknownRTT stands in before the first measurement.
	minRetry   = 20 * time.Millisecond
	maxRetry   = 250 * time.Millisecond
	unknownRTT = 100 * time.Millisecond
)

// Arrival says how a packet relates to those before.
type Arrival uint8

// The kinds of arrivals.
const (
	ArrivalNew       Arrival = iota // newest so far; may leave holes behind
	ArrivalLate                     // fills a hole
	ArrivalDuplicate                // received before: drop it
	ArrivalOld                      // too old to know: drop it
	ArrivalJump                     // newest, after a gap too large to repair: pictures need a key frame
)

// Drop reports whether the packet has no use any more.
func (a Arrival) Drop() bool { return a == ArrivalDuplicate || a == ArrivalOld }

// Push takes the number of a packet that arrived at now, original or repair.
func (t *NackTracker) Push(ext ExtSeq, now Instant) Arrival {
	switch {
	case t.highest == 0:
		t.highest = ext
		t.seen.mark(uint64(ext))
		return ArrivalNew
	case ext > t.highest:
		return t.pushNew(ext, now)
	case !t.seen.fresh(uint64(ext)):
		if t.seen.top-uint64(ext) > replayWindowSize {
			return ArrivalOld
		}
		return ArrivalDuplicate
	}
	t.seen.mark(uint64(ext))
	t.forget(ext)
	return ArrivalLate
}

func (t *NackTracker) pushNew(ext ExtSeq, now Instant) Arrival {
	t.seen.mark(uint64(ext))
	first := t.highest + 1
	t.highest = ext
	if ext-first > maxNackGap {
		t.missing = t.missing[:0]
		return ArrivalJump
	}
	if ext-first > maxMissing {
		first = ext - maxMissing
	}
	if over := len(t.missing) + int(ext-first) - maxMissing; over > 0 {
		t.missing = t.missing[:copy(t.missing, t.missing[over:])] // the oldest give way
	}
	for e := first; e < ext; e++ {
		t.missing = append(t.missing, missing{ext: e, since: now})
	}
	return ArrivalNew
}

// forget removes ext from the holes. The search starts at the newest.
func (t *NackTracker) forget(ext ExtSeq) {
	for i := len(t.missing) - 1; i >= 0 && t.missing[i].ext >= ext; i-- {
		if t.missing[i].ext == ext {
			t.missing = append(t.missing[:i], t.missing[i+1:]...)
			return
		}
	}
}

// Due appends to dst the numbers to ask for now, ascending, at most 64, and
// notes them as asked. rtt is the round trip to the sender, 0 if unknown.
// gaveUp counts the holes dropped in this call because asking is of no more
// use; for pictures a key frame may be needed then.
func (t *NackTracker) Due(now Instant, rtt time.Duration, dst []Seq) (seqs []Seq, gaveUp int) {
	retry := retryAfter(rtt)
	keep := t.missing[:0]
	n := 0
	for _, m := range t.missing {
		if now.Sub(m.since) > maxNackAge || m.tries >= maxTries && now.Sub(m.asked) >= retry {
			gaveUp++
			continue
		}
		if n < maxBurst && m.tries < maxTries && now >= m.due(retry) {
			m.asked = now
			m.tries++
			dst = append(dst, m.ext.Seq())
			n++
		}
		keep = append(keep, m)
	}
	t.missing = keep
	return dst, gaveUp
}

// due returns when m is to be asked for next.
func (m *missing) due(retry time.Duration) Instant {
	if m.tries == 0 {
		return m.since.Add(reorderWait)
	}
	return m.asked.Add(retry)
}

func retryAfter(rtt time.Duration) time.Duration {
	if rtt <= 0 {
		rtt = unknownRTT
	}
	return min(max(rtt+rtt/4, minRetry), maxRetry)
}

// Missing returns how many holes are open.
func (t *NackTracker) Missing() int { return len(t.missing) }

// Reset forgets everything: the layer starts anew.
func (t *NackTracker) Reset() {
	*t = NackTracker{missing: t.missing[:0]}
}
