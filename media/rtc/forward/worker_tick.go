package forward

import (
	"slices"
	"time"

	"parley/media"
)

// feedbackTimes are when a session's reports are due next.
type feedbackTimes struct {
	twcc, report, levels media.Instant
}

// Paces of what a tick does. A tick comes up to tickEvery later.
const (
	twccEvery   = 80 * time.Millisecond
	twccMany    = 100 // numbers waiting: report at once
	reportEvery = time.Second
	levelsEvery = 100 * time.Millisecond
	// idleAfter is how long after its last packet, either way, a session is looked
	// after.
	idleAfter = 2 * time.Second
)

// tickLoop looks after all active publishers that w owns. The list is kept whole
// at every step, for a panic may end the loop anywhere.
func (w *worker) tickLoop() {
	l := &w.loop
	l.nextTick = l.now.Add(tickEvery)
	l.overload.look(l.now, w.sock.Overflows())
	for i := 0; i < len(l.active); {
		p := l.active[i]
		l.current = p.up
		switch {
		case p.owner.Load() != w || !p.up.running():
			// Moved or closed: its state is no longer ours.
			p.up.leaveLoop()
		case l.now.Sub(p.rx.packetAt) <= idleAfter:
			w.tickPublisher(p)
			i++
			continue
		case p.up.quietLoop(w):
			i++
			continue
		}
		l.active = slices.Delete(l.active, i, i+1)
	}
	l.current = nil
	if len(l.active) == 0 {
		l.nextTick = 0
		w.ticking.Store(false)
	}
}

// rest gives back what the tracks of a publisher hold that sends nothing.
func (w *worker) rest(p *publisher) {
	for _, t := range w.tracksOf(p) {
		t.live.Store(false)
		t.unblame()
		if t.own.speaking.Tick(w.loop.now) {
			w.speakingChanged(t)
		}
		for _, l := range t.layers {
			l.cache.Reset()
			l.rate.Store(0)
		}
	}
}

// tracksOf returns what a publisher may send now. What it may no more is let go
// of, even if no packet comes.
func (w *worker) tracksOf(p *publisher) []*track {
	in := p.incoming.Load()
	if in != p.rx.in {
		w.follow(p, in)
	}
	return in.tracks
}

// tickPublisher sends one publisher its feedback and its tracks' subscribers
// their reports.
func (w *worker) tickPublisher(p *publisher) {
	tracks := w.tracksOf(p)
	for _, t := range tracks {
		w.tickTrack(t)
	}
	if due := &p.rx.due; w.loop.now >= due.levels {
		due.levels = w.loop.now.Add(levelsEvery)
	}
	p.up.feedbackLoop(w, tracks)
}

// feedbackLoop implements upstream. The scratch buffer holds what goes to the
// session's peer.
func (r *Remote) feedbackLoop(w *worker, tracks []*track) {
	now, due := w.loop.now, &r.rx.due
	buf := w.startFeedback(r)
	empty := len(buf)
	if now >= due.report {
		due.report = now.Add(reportEvery)
		buf = w.appendReports(r)
	}
	for _, t := range tracks {
		for _, l := range t.layers {
			buf = w.appendLosses(buf, r, l)
		}
		buf = w.appendRequests(buf, r, t)
		if len(buf) > maxRTCP/2 {
			w.sendRTCP(r, buf)
			buf = w.startFeedback(r)
		}
	}
	if len(buf) > empty {
		w.sendRTCP(r, buf)
	}
	w.tickTransport(r)
}

// appendReports starts a compound packet with a report block per layer.
func (w *worker) appendReports(s *Remote) []byte {
	blocks := w.loop.blocks[:0]
	for _, t := range s.incoming.Load().tracks {
		for _, l := range t.layers {
			if !l.started || len(blocks) == cap(blocks) {
				continue
			}
			if b, ok := l.stats.Report(l.ssrc, w.loop.now); ok {
				blocks = append(blocks, b)
				s.quality.up.add(l.sinceReport())
			}
		}
	}
	buf := media.AppendReceiverReport(w.loop.rtcp[:0], s.feedbackSSRC, blocks)
	return media.AppendSDES(buf, s.feedbackSSRC, "parley")
}

// sinceReport returns how many packets were expected and how many of them
// were lost since the call before.
func (l *layer) sinceReport() (expected, lost uint64) {
	received, _, missing := l.stats.Totals()
	before := l.reported
	l.reported.received, l.reported.lost = received, missing
	if received < before.received || missing < before.lost {
		return 0, 0 // the layer started anew
	}
	lost = missing - before.lost
	return received - before.received + lost, lost
}

// appendLosses appends a NACK for what a layer misses. Where that is hopeless
// a picture needs a key frame to go on.
func (w *worker) appendLosses(buf []byte, s *Remote, l *layer) []byte {
	if !l.started || l.nack.Missing() == 0 {
		return buf
	}
	w.tickSoon()
	if l.track.muted.Load() || w.loop.overload.is(w.loop.now) {
		return buf
	}
	if !l.track.own.codecs.repairs() {
		l.nack.Reset()
		return buf
	}
	seqs, gaveUp := l.nack.Due(w.loop.now, s.rx.rtt, w.loop.seqs[:0])
	if gaveUp > 0 && l.watched() {
		w.wantKeyframe(l)
	}
	return media.AppendNACK(buf, s.feedbackSSRC, l.ssrc, seqs)
}

// tickTransport sends transport-wide feedback when it is due.
func (w *worker) tickTransport(s *Remote) {
	pending, due := s.rx.twcc.Pending(), &s.rx.due
	if pending == 0 || w.loop.now < due.twcc && pending < twccMany {
		return
	}
	due.twcc = w.loop.now.Add(twccEvery)
	for more := true; more; {
		buf := w.startFeedback(s)
		if buf, more = s.rx.twcc.AppendFeedback(buf, s.feedbackSSRC); more {
			w.sendRTCP(s, buf)
		}
	}
}

// tickTrack chooses layers for a track's subscribers, asks for the key frames
// they wait for, and sends them reports.
func (w *worker) tickTrack(t *track) {
	if t.live.Load() && w.loop.now >= t.from.rx.due.levels && t.source == media.Microphone && t.own.speaking.Tick(w.loop.now) {
		w.speakingChanged(t)
	}
	w.tellCodec(t)
	moved := false
	for _, l := range t.layers {
		if !l.started {
			continue
		}
		w.clockLoop(l)
		l.publishRate(w.loop.now)
		moved = l.watch.Moved(w.loop.now, t.clockRate()) || moved
	}
	for _, st := range t.table.Load().streams {
		w.loop.current = st.exit
		if moved && st.carries(t) {
			st.tx.reportAt = 0
		}
		if !st.carries(t) {
			w.adoptLoop(st, t)
		} else if len(t.layers) > 1 || st.tx.rewriter.Pending() {
			w.chooseLoop(st, t)
		}
		if w.loop.now >= st.tx.reportAt {
			w.reportLoop(st, t)
		}
	}
	if t.kind == media.KindVideo {
		w.waitingLoop(t)
	}
	w.loop.current = t.from.up
}

// clockLoop looks what a layer's clock reads. While that is not known for sure
// what was known before stands.
func (w *worker) clockLoop(l *layer) {
	if c, ok := l.watch.Reading(w.loop.now, l.track.clockRate(), &l.track.from.rx.offset); ok {
		l.track.own.clocks[l.index] = c
	}
}

// reportLoop tells a stream's receiver the publisher's clock as it looks on the
// stream's own timeline, which is what keeps lips in sync. Nothing is told while
// that is not sure.
func (w *worker) reportLoop(st *stream, t *track) {
	tx := st.tx
	l := t.layers[max(tx.current, 0)]
	if !l.started || !l.watch.Sure(w.loop.now, t.clockRate()) {
		return
	}
	clock, ok := tx.rewriter.SenderReport(w.loop.now, &t.own.clocks, &t.from.rx.offset)
	if !ok {
		return
	}
	tx.reportAt = w.loop.now.Add(reportEvery)
	if !l.watch.Reported() {
		// Nothing better than arrival times yet: say so again soon.
		tx.reportAt = w.loop.now.Add(reportEvery / 5)
	}
	info := media.SenderInfo{Clock: clock, Packets: tx.packets, Octets: tx.octets}
	st.exit.reportLoop(w, st, info)
}
