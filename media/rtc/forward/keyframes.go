package forward

import (
	"time"

	"parley/media"
)

// keyframeGate limits how often a publisher is asked for a key frame of a
// layer, which costs it as much as a second of pictures: twice in any second,
// and not twice in a row for viewers that come together. The second request
// follows soon, for those who came just after the key frame; were it to wait
// for half a second, so would the first picture of everyone but the first.
// A wish that comes too early is kept until its time, or until a key frame
// arrives. The zero value is ready.
type keyframeGate struct {
	wanted        bool
	newest, older media.Instant // the last two requests, 0: never
	since         media.Instant // the first of those that were not answered, 0: none
}

const (
	keyframeWindow = time.Second
	keyframeGap    = 100 * time.Millisecond
	// keyframeLull is after how long without a request the next one counts as
	// the first: the one before may have been lost.
	keyframeLull = 4 * time.Second
)

// ask notes a wish.
func (g *keyframeGate) ask() { g.wanted = true }

// due reports whether to send a request now, and takes it as sent. One that
// is not answered is not repeated by itself: whoever still waits asks again.
func (g *keyframeGate) due(now media.Instant) bool {
	if !g.wanted || g.newest != 0 && now.Sub(g.newest) < keyframeGap ||
		g.older != 0 && now.Sub(g.older) < keyframeWindow {
		return false
	}
	if g.unanswered(now) == 0 {
		g.since = now
	}
	g.wanted, g.older, g.newest = false, g.newest, now
	return true
}

// unanswered returns since when a key frame is asked for in vain, 0 if it is
// not.
func (g *keyframeGate) unanswered(now media.Instant) media.Instant {
	if now.Sub(g.newest) > keyframeLull {
		return 0
	}
	return g.since
}

// arrived notes that a key frame came.
func (g *keyframeGate) arrived() { g.wanted, g.since = false, 0 }
