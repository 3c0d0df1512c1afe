package forward

import (
	"sync/atomic"

	"parley/media"
)

// Publisher is who sends what seats and taps carry: a [Remote], or whatever embeds
// one, or a [Feed].
type Publisher interface {
	publishing() *publisher
}

// publisher is the sending end of tracks, whoever their packets come from: all
// that is known of what comes in, and who may touch it. Everything behind
// ingestLoop knows no more of a packet's origin than this.
type publisher struct {
	up upstream
	to Listener // what is found out of it
	// owner is the worker that handles the publisher's packets: nil before any
	// came of a session, moving while it changes. See Group.move.
	owner    atomic.Pointer[worker]
	seen     atomic.Int64 // when the last authentic packet came in
	incoming atomic.Pointer[incoming]

	rx receiver // owner only
}

// Listener hears what workers and control find out of a publisher, and what becomes of
// what its peer is sent. None of it may wait, but for Failed. What returns a bool
// reports whether there was room for it.
type Listener interface {
	// Speaking: the microphone's level crossed the threshold, or moved.
	Speaking(active bool, level int)
	// Limited: a source sends more than it may.
	Limited(source string, limit media.BitsPerSecond)
	// Muted: a picture is being sent for long though it is muted.
	Muted(source string)
	// Problem: what is wrong with a source, or how it is encoded, has changed.
	Problem(source string) bool
	// Layer: a seat carries another layer, for one of the Layer… reasons.
	Layer(seat int, rid string, width, height int, reason string)
	// Failed: it is over. Control says so.
	Failed(err error)
}

// upstream is who a publisher's packets come from. What ends in Loop is called
// by the owner.
type upstream interface {
	party
	running() bool
	// requestLoop asks for the key frames of t that are wanted and may be asked
	// for now.
	requestLoop(w *worker, t *track)
	// feedbackLoop is what a tick has to say of all that came: reports, what is
	// missing, and key frames that are wanted.
	feedbackLoop(w *worker, tracks []*track)
	// quietLoop is what a tick does in place of feedbackLoop when no packet came
	// for idleAfter; it reports whether there is something to look after still.
	quietLoop(w *worker) bool
	// leaveLoop is told by a worker that looks after it no more, because another
	// owns it or it has ended.
	leaveLoop()
}

func (p *publisher) publishing() *publisher { return p }

func (p *publisher) touch(now media.Instant) { p.seen.Store(int64(now)) }

func (p *publisher) lastSeen() media.Instant { return media.Instant(p.seen.Load()) }

// track returns the publisher's track of a source, nil if it can not send it.
func (p *publisher) track(source string) *track { return p.incoming.Load().source(source) }

// Codec returns the encoding name of what is sent for a source, empty if nothing
// can be.
func (p *publisher) Codec(source string) string {
	t := p.track(source)
	if t == nil {
		return ""
	}
	return t.sending().Codec.String()
}

// SetMuted stops or resumes the forwarding of a source. What a muted source
// still sends is dropped and counted.
func (p *publisher) SetMuted(source string, muted bool) {
	if t := p.track(source); t != nil {
		t.muted.Store(muted)
	}
}

func (p *publisher) activeTracks() (n int) {
	if in := p.incoming.Load(); in != nil {
		for _, t := range in.tracks {
			if t.live.Load() {
				n++
			}
		}
	}
	return n
}

// post has the owner execute c, if there is one.
func (p *publisher) post(c command) bool {
	w := p.owner.Load()
	return w != nil && w != moving && w.post(c)
}
