package forward

import (
	"time"

	"parley/media"
)

// What keeps the picture of a source that is on from those who watch, as
// PictureProblem says.
const (
	// NoMedia: nothing of it arrives, on no layer, though its peer is heard.
	NoMedia = "no_media"
	// NoKeyframe: it comes, but the key frame that a viewer needs to begin
	// does not, however often it is asked for.
	NoKeyframe = "no_keyframe"
)

// problem is what is wrong with a track.
type problem uint32

const (
	problemNone problem = iota
	problemNoMedia
	problemNoKeyframe
	problemCount
)

// problemNames are indexed by problem.
var problemNames = [problemCount]string{problemNoMedia: NoMedia, problemNoKeyframe: NoKeyframe}

func (p problem) String() string { return problemNames[p] }

// Paces of how a publisher is judged. Control looks once a second, see expire.
const (
	// quietLooks is how many looks, in each of which the peer was heard, must
	// find nothing new of a track until that is said, and steadyLooks how many
	// in a row something until it is not any more. A peer whose network is away
	// is not heard, so it is not blamed.
	quietLooks  = 5
	steadyLooks = 2
	// keyframePatience is for how long a key frame is asked for in vain until
	// that is said.
	keyframePatience = 5 * time.Second
	// mutedLooks is how many looks in a row must find a muted picture being sent
	// until its publisher is told, and mutedAgain after how many more again.
	mutedLooks = 60
	mutedAgain = 300
)

// trouble is what control makes of a picture's track, look by look.
//
//	       nothing came at quietLooks looks,
//	         though the peer was heard
//	┌────┐ ───────────────────────────────▶ ┌──────────┐
//	│none│                                  │no media  │
//	└────┘ ◀─────────────────────────────── └──────────┘
//	 │  ▲    something came at steadyLooks
//	 ▼  │ answered, or nobody waits any more
//	┌───────────┐
//	│no keyframe│ asked for keyframePatience, while packets came
//	└───────────┘
//
// A mute ends all of it. It belongs to the control goroutine.
type trouble struct {
	problem problem
	heard   media.Instant // newest packet of the track, as of the last look
	alive   media.Instant // newest sign of life of its peer, likewise
	quiet   int           // looks at which the peer was heard and nothing of the track
	steady  int           // looks in a row at which something came
	shown   bool          // something came since it was unmuted
	wasted  int           // looks in a row at which it came though muted
	untold  bool          // the engine's queue was full
}

// look is what control finds.
type look struct {
	now    media.Instant
	muted  bool
	screen bool // a screen that does not change may send nothing
	heard  media.Instant
	alive  media.Instant
	// unanswered is since when a key frame is asked for in vain; 0: it is not.
	unanswered media.Instant
}

// take judges and reports whether the publisher is to be told that what it
// sends is wasted.
func (q *trouble) take(l *look) (wasted bool) {
	came, alive := l.heard > q.heard, l.alive > q.alive
	q.heard, q.alive = l.heard, l.alive
	if l.muted {
		q.problem, q.quiet, q.steady, q.shown = problemNone, 0, 0, false
		if q.wasted++; !came {
			q.wasted = 0
		}
		return q.wasted >= mutedLooks && (q.wasted-mutedLooks)%mutedAgain == 0
	}
	q.wasted = 0
	switch {
	case came:
		q.quiet, q.shown = 0, true
		q.steady++
	case alive:
		q.steady = 0
		q.quiet++
	}
	q.problem = q.judge(l)
	return false
}

func (q *trouble) judge(l *look) problem {
	switch {
	case q.problem == problemNoMedia && q.steady < steadyLooks:
		return problemNoMedia
	case q.quiet >= quietLooks && !(l.screen && q.shown):
		return problemNoMedia
	case l.unanswered != 0 && l.now.Sub(l.unanswered) >= keyframePatience:
		return problemNoKeyframe
	}
	return problemNone
}

// lookAfter judges the pictures of a publisher that is there, and has the engine
// look again at what its viewers can be told. Control calls it once a second.
func (p *publisher) lookAfter(now media.Instant) {
	in := p.incoming.Load()
	if in == nil {
		return
	}
	for _, t := range in.tracks {
		if t.kind == media.KindVideo {
			t.lookControl(now)
		}
	}
}

// lookControl runs on the control goroutine.
func (t *track) lookControl(now media.Instant) {
	q := &t.trouble
	was := q.problem
	wasted := q.take(&look{
		now: now, muted: t.muted.Load(), screen: t.source == media.Screen,
		heard: media.Instant(t.heard.Load()), alive: t.from.lastSeen(), unanswered: media.Instant(t.unanswered.Load()),
	})
	if wasted {
		t.from.to.Muted(t.source)
	}
	t.problem.Store(uint32(q.problem))
	stirred := t.stirred.Swap(false)
	if q.problem != was || q.problem == problemNoKeyframe && stirred || q.untold {
		q.untold = !t.from.to.Problem(t.source)
	}
}

// waitingLoop notes for lookControl what has come of a track and who waits for
// a key frame of it.
func (w *worker) waitingLoop(t *track) {
	now := w.loop.now
	for _, l := range t.layers {
		if int64(l.lastAt) > t.heard.Load() {
			t.heard.Store(int64(l.lastAt))
		}
		if !l.alive(now) {
			l.gate.since = 0
		}
	}
	unanswered := media.Instant(0)
	for _, st := range t.table.Load().streams {
		if since := w.waitsLoop(st, t); since != 0 && (unanswered == 0 || since < unanswered) {
			unanswered = since
		}
	}
	if int64(unanswered) != t.unanswered.Load() {
		t.unanswered.Store(int64(unanswered))
	}
}

// unblame lets all that wait begin to wait anew: who sends nothing answers
// nothing.
func (t *track) unblame() {
	t.unanswered.Store(0)
	for _, st := range t.table.Load().streams {
		if st.carries(t) {
			st.tx.waits = 0
		}
	}
}

// waitsLoop notes whether a stream has a picture of t, and returns since when
// the key frame that it lacks is asked for, 0 if it is not.
func (w *worker) waitsLoop(st *stream, t *track) media.Instant {
	if !st.carries(t) {
		return 0
	}
	tx, flowing := st.tx, t.id
	if tx.target == noLayer || tx.undecodable() || !w.reaches(st) {
		tx.waits = 0 // for nothing that its publisher owes
		return 0
	}
	begun := tx.wait(t, w.loop.now)
	if !begun || tx.waits != 0 && w.loop.now.Sub(tx.waits) >= keyframePatience {
		flowing = 0
	}
	if st.flowing.Load() != flowing {
		st.flowing.Store(flowing)
		t.stirred.Store(true)
	}
	return tx.waits
}

// wait keeps waits and reports whether packets of t go out. That is no picture
// as long as the receiver asks for a key frame in vain: it can not decode them.
func (tx *sender) wait(t *track, now media.Instant) (begun bool) {
	source, layer := tx.rewriter.Current()
	begun = source == t.id
	if !begun {
		layer = uint8(tx.target)
	}
	l := t.layers[layer]
	since := l.gate.unanswered(now)
	switch {
	case begun && (since == 0 || now.Sub(tx.asked) > keyframeLull), !l.alive(now):
		tx.waits = 0
	case tx.waits == 0:
		tx.waits = since
	}
	return begun
}

// PictureProblem says why no picture of what from sends for a source comes to a
// seat although it is on: NoMedia, NoKeyframe, or empty for no reason. The
// engine is told with MediaProblem when that may have changed.
func (r *Remote) PictureProblem(index int, from Publisher, source string) string {
	_, video := media.PairOf(source)
	seat, t := r.seat(index), from.publishing().track(video)
	if seat == nil || seat.video == nil || t == nil || t.muted.Load() {
		return ""
	}
	p := problem(t.problem.Load())
	if p == problemNoKeyframe && seat.video.flowing.Load() == t.id {
		return "" // it began before, and goes on
	}
	return p.String()
}

// noProblems sets n to none of any problem.
func noProblems(n map[string]int) {
	for p := problemNone + 1; p < problemCount; p++ {
		n[p.String()] = 0
	}
}

// countProblems adds the pictures that do not come to n.
func (p *publisher) countProblems(n map[string]int) {
	in := p.incoming.Load()
	if in == nil {
		return
	}
	for _, t := range in.tracks {
		if q := problem(t.problem.Load()); q != problemNone {
			n[q.String()]++
		}
	}
}
