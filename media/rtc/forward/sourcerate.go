package forward

import (
	"time"

	"parley/media"
)

// sourceRate is the most that one source may send to those who have it in a
// seat, all its layers together: every packet costs a copy to each of them. The
// zero value is no limit.
//
// What is dropped leaves no trace: it counts as received, so that nobody asks
// the publisher for it again, and the numbers of those who watch close up over
// it, so that nobody asks us. Sound loses single packets. Of a picture whole
// frames are left out, until a key frame that fits: what comes in between could
// not be decoded. A frame that has begun is let through, unless it is absurdly
// large. What is dropped uses nothing of the rate up.
type sourceRate struct {
	told              media.BitsPerSecond
	perSecond, burst  int // bytes
	resume, overdrawn int // of pictures: what there must be for a key frame, and how far a frame may overdraw
}

const (
	// leastBurst lets the key frame of a slow source through.
	leastBurst = 256 << 10
	// overdraft is how much longer a frame may be than what is left.
	overdraft = 256 << 10
	// leastCost is what a short packet counts: it costs nearly as much to
	// forward as a long one. It also bounds the packets: at 15 Mbit/s some
	// 25,000 in any 3 s, so that a viewer that missed them all still knows the
	// roll-over counter (media.Rewriter).
	leastCost = 300
	// limitedEvery is how often the publisher is told at most.
	limitedEvery = 5 * time.Second
)

func newSourceRate(limit media.BitsPerSecond) (r sourceRate) {
	if limit == 0 {
		return r
	}
	r.told = limit
	r.perSecond = max(int(limit/8), 1)
	r.burst = max(r.perSecond, leastBurst)
	r.resume, r.overdrawn = r.burst/2, -overdraft
	return r
}

// sourceUse is how much of its rate a track has used. It belongs to the owner.
type sourceUse struct {
	left   bucket
	toldAt media.Instant // 0: never
}

// cost is what a packet of l with size bytes uses of its source's rate, with the
// one that goes before it: a few bytes that begin a key frame can bring a
// thousand with them, and a second number.
func (l *layer) cost(f *media.Facts, size int) int {
	if f.Lead == media.LeadNone {
		return size
	}
	return max(size, leastCost) + max(len(l.sets.Packet()), leastCost)
}

// admitLoop reports whether a packet of l that costs so much goes on to those who
// watch. late says that it fills a hole: that goes on where it can, for its
// number is waited for.
func (w *worker) admitLoop(l *layer, f *media.Facts, cost int, late bool) bool {
	rate, t := &w.group.sourceRate, l.track
	if rate.perSecond == 0 {
		return true
	}
	use := &t.own.use
	use.left.Refill(w.loop.now, rate.perSecond, rate.burst)
	var ok bool
	switch {
	case late:
		ok = use.left.Tokens > rate.overdrawn
	case t.kind == media.KindVideo:
		ok = l.passes(f, use.left.Tokens, rate)
	default:
		ok = use.left.Tokens > 0
	}
	if ok {
		use.left.Tokens -= max(cost, leastCost)
		return true
	}
	w.count.drop(dropSourceRate)
	w.limitedLoop(l, use)
	return false
}

// passes decides about a picture's packet, in order: the first of a frame
// decides for all of it.
func (l *layer) passes(f *media.Facts, left int, rate *sourceRate) bool {
	switch {
	case l.cut:
		l.cut = !(f.Start && f.Keyframe && left >= rate.resume)
	case f.Start:
		l.cut = left <= 0
	default:
		l.cut = left <= rate.overdrawn
	}
	return !l.cut
}

// limitedLoop asks for the key frame that ends a cut, when there is room for
// one, and tells the publisher.
func (w *worker) limitedLoop(l *layer, use *sourceUse) {
	t := l.track
	if l.cut && use.left.Tokens >= w.group.sourceRate.resume && !l.gate.wanted && l.watched() {
		w.wantKeyframe(l)
	}
	if use.toldAt != 0 && w.loop.now.Sub(use.toldAt) < limitedEvery {
		return
	}
	use.toldAt = w.loop.now
	t.from.to.Limited(t.source, w.group.sourceRate.told)
}
