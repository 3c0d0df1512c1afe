package forward

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/media"
	"parley/media/rtc/path"
)

// Remote is the other side of a session as the workers know it: a publisher whose
// packets come by a path, sealed, and an exit that leads there. Its methods are for
// whoever says who sees whom; what a session asks of it is in [Control].
type Remote struct {
	publisher // what it sends
	group     *Group
	number    uint64 // as an exit, see order
	session   Owner
	// feedbackSSRC is what our own RTCP to the remote's sources goes by.
	feedbackSSRC media.SSRC

	path     path.Peer
	keys     atomic.Pointer[path.Keys] // nil until the handshake is done
	movedAt  atomic.Int64              // when a move was last asked for
	over     atomic.Bool               // the session has ended
	driven   atomic.Bool               // the owner looks after what is sent to it, see drive
	counts   sendCounts
	quality  quality
	outgoing atomic.Pointer[outgoing]

	// mu serialises what is done about what is sent to the remote, and is held
	// by whoever replaces incoming and outgoing.
	mu sync.Mutex
}

// Owner is whose remote it is. None of its methods may wait, but for Failed.
type Owner interface {
	// Keyed: there are keys; again says that there were others before.
	Keyed(again bool)
	// Selected: packets go by another flow, or, after an ICE restart, by the same
	// one again.
	Selected(restarted bool)
	// Go runs f on a goroutine of its own. What panics there costs the session.
	Go(f func())
	// Failed ends it. Goroutines of control and of the path call it.
	Failed(err error)
}

// sendCounts are the numbers that several workers hand out for packets to one
// remote.
type sendCounts struct {
	transport atomic.Uint32 // transport-wide sequence number of the last packet
	// log has what was sent under these, nil until the peer first reports on it. The
	// owner makes it and lets go of it.
	log atomic.Pointer[media.SendLog]
}

// moving is the owner of remotes on their way from one worker to another. It
// handles nothing.
var moving = &worker{}

// running implements upstream.
func (r *Remote) running() bool { return !r.over.Load() }

// fail implements party.
func (r *Remote) fail(err error) { r.session.Failed(err) }

// CanDecode reports whether a seat takes what from sends for a source: the
// codec and its profile that came last or, before any packet, that we answered
// first. Each section of an offer has codecs of its own, so seats may differ.
func (r *Remote) CanDecode(index int, from Publisher, source string) bool {
	seat, t := r.seat(index), from.publishing().track(source)
	if seat == nil || t == nil {
		return false
	}
	if t.kind == media.KindVideo {
		return seat.video.takes(t.sending())
	}
	return seat.audio.takes(t.sending())
}

// SeatCodecs returns the encoding names of the codecs that a seat takes for
// pictures; none if it is for sound only, or the client has stopped that half.
// H264 stands for its Constrained Baseline.
func (r *Remote) SeatCodecs(index int) (names []string) {
	seat := r.seat(index)
	if seat == nil || seat.video == nil || seat.video.idle.Load() {
		return nil
	}
	for _, c := range seat.video.shape.Load().decoders {
		general := media.General(c.Codec)
		if name := c.Codec.String(); !slices.Contains(names, name) && seat.video.takes(&general) {
			names = append(names, name)
		}
	}
	return names
}

// SeatHears reports whether a seat takes sound: not if the client has stopped that
// half of it.
func (r *Remote) SeatHears(index int) bool {
	seat := r.seat(index)
	return seat != nil && seat.audio != nil && !seat.audio.idle.Load()
}

// LastSeen is when the last authentic packet came in, or when the remote was made.
func (r *Remote) LastSeen() time.Time { return r.group.clock.time(r.lastSeen()) }

// LastSent is when the last packet of what its seats carry was sent to the
// session's peer, zero if none was.
func (r *Remote) LastSent() time.Time {
	var last int64
	if out := r.outgoing.Load(); out != nil {
		for _, st := range out.streams {
			last = max(last, st.sentAt.Load())
		}
	}
	if last == 0 {
		return time.Time{}
	}
	return r.group.clock.time(media.Instant(last))
}
