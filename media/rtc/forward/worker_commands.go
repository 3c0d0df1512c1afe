package forward

import (
	"slices"

	"parley/media"
)

// commandLoop executes a command.
func (w *worker) commandLoop(c command) {
	switch c.kind {
	case cmdRepair:
		w.repairLoop(c.stream, media.Seq(c.a), uint16(c.b))
	case cmdKeyframe:
		w.keyframeLoop(c.stream)
	case cmdTable:
		w.tableLoop(c.track)
	case cmdForget:
		w.loop.path.Forget(c.flow)
	case cmdFeed:
		w.feedLoop(c.feed)
	case cmdSweep:
		w.loop.path.Sweep()
	case cmdArrived:
		w.arrivedLoop(c.arrival)
	case cmdDrive:
		w.driveLoop(c.remote)
	case cmdAdopt:
		if c.remote.owner.Load() == w {
			// The flag is the former owner's; its list forgets the session
			// at its next tick.
			w.loop.active = slices.DeleteFunc(w.loop.active, func(p *publisher) bool { return p == &c.remote.publisher })
			c.remote.rx.active = false
			w.activate(&c.remote.publisher)
		}
	}
}

// owns reports whether w may touch what belongs to t.
func (w *worker) owns(t *track) bool { return t != nil && t.from.owner.Load() == w }

// tableLoop looks at a track's table after it changed, so that a new
// subscriber need not wait for a packet or a tick until a key frame is asked
// for.
func (w *worker) tableLoop(t *track) {
	if !w.owns(t) {
		return
	}
	for _, st := range t.table.Load().streams {
		if !st.carries(t) && t.live.Load() {
			w.loop.current = st.exit
			w.adoptLoop(st, t)
		}
	}
	w.loop.current = t.from.up
	t.from.up.requestLoop(w, t)
}

// keyframeLoop notes that a stream's receiver can not go on without a key
// frame.
func (w *worker) keyframeLoop(st *stream) {
	t := st.holder.Load()
	if !w.owns(t) || !st.carries(t) {
		return
	}
	w.loop.current = st.exit
	i := st.tx.current
	if i == noLayer {
		i = st.tx.target
	}
	if i == noLayer {
		return
	}
	st.tx.asked = w.loop.now
	w.wantKeyframe(t.layers[i])
	t.from.up.requestLoop(w, t)
}

// adoptLoop starts sending t on st.
func (w *worker) adoptLoop(st *stream, t *track) {
	if st.tx == nil {
		st.tx = newSender(st)
	}
	st.tx.adopt(t)
	w.chooseLoop(st, t)
}

// wantKeyframe notes a wish; the upstream's requestLoop or the next tick sends it.
func (w *worker) wantKeyframe(l *layer) {
	if l.track.kind == media.KindVideo && !l.track.muted.Load() {
		l.gate.ask()
		w.tickSoon()
	}
}

// requestLoop implements upstream.
func (r *Remote) requestLoop(w *worker, t *track) {
	buf := w.startFeedback(r)
	empty := len(buf)
	if buf = w.appendRequests(buf, r, t); len(buf) > empty {
		w.sendRTCP(r, buf)
	}
}

// appendRequests appends a PLI for each layer of t, which s sends, that is due
// for one.
func (w *worker) appendRequests(buf []byte, s *Remote, t *track) []byte {
	for _, l := range t.layers {
		if l.started && l.gate.due(w.loop.now) {
			buf = media.AppendPLI(buf, s.feedbackSSRC, l.ssrc)
		}
	}
	return buf
}

// startFeedback begins a compound packet to a publisher: with an empty
// receiver report, for peers that do not know reduced-size ones (RFC 5506).
func (w *worker) startFeedback(s *Remote) []byte {
	return media.AppendReceiverReport(w.loop.rtcp[:0], s.feedbackSSRC, nil)
}

// sendRTCP seals a compound packet and queues it for a session.
func (w *worker) sendRTCP(s *Remote, compound []byte) {
	to, keys := w.route(s), s.keys.Load()
	if to == nil || keys == nil {
		w.count.drop(dropNotConnected)
		return
	}
	b := w.batch(to)
	slot := b.Room()
	n := copy(slot, compound)
	n, err := keys.SealRTCP(slot, n)
	if err != nil {
		w.count.drop(dropRTCP)
		return
	}
	b.Push(n, &to.Addr)
}
