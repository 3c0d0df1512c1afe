package forward

import (
	"sync"
	"sync/atomic"

	"parley/media"
	"parley/media/rtc/path"
	"parley/media/udp"
)

// exit is where a stream ends: a remote seals what comes and sends it to its
// peer, a Tap hands it to a goroutine of ours. It is asked once per run of
// packets; what one packet takes after that is a direct call (see emitLoop).
// What ends in Loop, and begin, is called by the owner of what the stream
// carries.
type exit interface {
	party
	// order is the exit's place among all of the server; tables are in that order.
	order() uint64
	// guard is the lock under which the exit's streams are placed.
	guard() *sync.Mutex
	// begin returns how packets leave now; ok is false if they go nowhere.
	begin(w *worker) (d delivery, ok bool)
	// wants reports whether a key frame would be of use now.
	wants(w *worker) bool
	// sentLoop is told once per run of which something left.
	sentLoop(w *worker)
	// switchedLoop is told that the next packet of st is the first of l.
	switchedLoop(w *worker, st *stream, l *layer)
	// reportLoop tells what the clock of a stream reads, about once a second.
	reportLoop(w *worker, st *stream, info media.SenderInfo)
}

// delivery is where a run of packets goes: to a peer, or into tap.
type delivery struct {
	st *stream
	// to, keys, counts and batch are a peer's.
	to     *path.Flow
	keys   *path.Keys
	counts *sendCounts
	batch  *udp.SendBatch
	// tap and from, what is carried, are a tap's.
	tap  *Tap
	from *track
}

// lastExit is the order of the newest exit.
var lastExit atomic.Uint64

// order implements exit.
func (r *Remote) order() uint64 { return r.number }

// guard implements exit.
func (r *Remote) guard() *sync.Mutex { return &r.mu }

// begin implements exit.
func (r *Remote) begin(w *worker) (d delivery, ok bool) {
	to, keys := w.route(r), r.keys.Load()
	if to == nil || keys == nil {
		return d, false
	}
	return delivery{to: to, keys: keys, counts: &r.counts, batch: w.batch(to)}, true
}

// wants implements exit.
func (r *Remote) wants(w *worker) bool { return w.route(r) != nil && r.keys.Load() != nil }

// sentLoop implements exit: who only watches is looked after while it is sent
// something.
func (r *Remote) sentLoop(w *worker) { w.drive(r) }

// switchedLoop implements exit: the engine is told which layer is seen now.
func (r *Remote) switchedLoop(_ *worker, st *stream, l *layer) {
	if l.track.kind != media.KindVideo {
		return
	}
	r.to.Layer(st.seat, l.rid, l.width, l.height, st.tx.reason)
}

// reportLoop implements exit with a sender report (RFC 3550 §6.4.1).
func (r *Remote) reportLoop(w *worker, st *stream, info media.SenderInfo) {
	buf := media.AppendSenderReport(w.loop.rtcp[:0], st.ssrc, info, nil)
	w.sendRTCP(r, media.AppendSDES(buf, st.ssrc, st.cname))
}
