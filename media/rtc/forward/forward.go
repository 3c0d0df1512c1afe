package forward

import "parley/media"

// forwardLoop sends the packets of the batch to all who carry their tracks. A
// panic on the way to a subscriber is the subscriber's: it is what he
// negotiated that the others do not share.
func (w *worker) forwardLoop() {
	r := &w.loop.run
	if r.nLayers == 0 {
		return
	}
	forwarded := 0
	for layers := r.layers[:r.nLayers]; len(layers) > 0; {
		n := min(len(layers), maxAbreast)
		forwarded += w.forwardAbreast(layers[:n])
		layers = layers[n:]
	}
	r.reset()
	if forwarded > 0 {
		w.count.forwarded.Add(uint64(forwarded))
	}
}

// forwardAbreast sends what came of some layers, one exit after another: what an
// exit gets of them all is written in a row, and leaves as one run where it has
// one size. A stream gets its packets layer by layer, in the order of layers.
func (w *worker) forwardAbreast(layers []*layer) (forwarded int) {
	if len(layers) == 1 { // as with most sounds
		for _, st := range layers[0].track.table.Load().streams {
			w.loop.current = st.exit
			forwarded += w.forwardTo(st, layers[0])
		}
		return forwarded
	}
	a := &w.loop.abreast
	a.begin(layers)
	for to := a.first(); to != noExit; to = a.first() {
		for i, l := range layers {
			for a.heads[i] == to {
				st := a.next(i)
				w.loop.current = st.exit
				forwarded += w.forwardTo(st, l)
			}
		}
	}
	return forwarded
}

// forwardTo sends a layer's packets of this batch to one subscriber and
// returns how many. Nothing here allocates, locks, waits or reads a clock.
func (w *worker) forwardTo(st *stream, l *layer) int {
	d, ok := w.beginLoop(st, l)
	if !ok {
		return 0
	}
	tx, shape := st.tx, st.shape.Load()
	sent := 0
	for i := l.head; i != noPacket; {
		p := &w.loop.run.packets[i]
		i = p.next
		if p.skip {
			tx.rewriter.Skip(&p.in)
			continue
		}
		if p.params != tx.params || shape != tx.shape {
			tx.choose(shape, p.params)
		}
		if tx.format == nil {
			w.count.drop(dropUndecodable)
			continue
		}
		if d.tap != nil && !d.tap.admitLoop(w, st, p) {
			continue
		}
		var out media.Output
		if v := tx.rewriter.Rewrite(&p.in, &out); v != media.Forward {
			if v == media.DropTimestamp {
				w.count.drop(dropTimestamp)
			}
			continue // of another layer, before its key frame, or too late
		}
		if out.Switched {
			w.switchedLoop(st, l)
		}
		if out.Lead && w.leadLoop(&d, p, out) {
			sent++
			out.Switched = false // with the lead
		}
		if w.emitLoop(&d, p, &out) {
			sent++
		}
	}
	if sent > 0 {
		st.sentAt.Store(int64(w.loop.now))
		st.exit.sentLoop(w)
	}
	return sent
}

// beginLoop prepares a stream for packets of l and says where they go; ok is
// false if it takes none of them.
func (w *worker) beginLoop(st *stream, l *layer) (d delivery, ok bool) {
	t := l.track
	if !st.carries(t) {
		w.adoptLoop(st, t)
	}
	tx := st.tx
	if tx.target == noLayer {
		w.chooseLoop(st, t)
	}
	if tx.target != int8(l.index) && tx.current != int8(l.index) {
		return d, false
	}
	if st.idle.Load() {
		tx.idle = true
		w.count.drop(dropNotConnected)
		return d, false
	}
	if tx.gap != t.own.gap || tx.idle {
		tx.gap, tx.idle = t.own.gap, false
		tx.rewriter.Restart()
	}
	if d, ok = st.exit.begin(w); !ok {
		w.count.drop(dropNotConnected)
		return d, false
	}
	if tx.keys != d.keys {
		tx.rekey(d.keys)
	}
	d.st, d.from = st, t
	return d, true
}

// choose finds how the stream carries what comes now. No format is left if its
// receiver can not decode that. Another codec begins as another source does: at a
// key frame.
func (tx *sender) choose(sh *shape, p *media.CodecParams) {
	if tx.params != nil && !tx.params.SameFormat(p) {
		tx.rewriter.Restart()
	}
	tx.params, tx.shape, tx.format = p, sh, sh.formatFor(p)
}

// undecodable reports whether the stream's receiver can not decode what comes.
func (tx *sender) undecodable() bool { return tx.params != nil && tx.format == nil }

// leadLoop sends what goes before a packet, as the first part of its frame.
func (w *worker) leadLoop(d *delivery, p *packet, out media.Output) bool {
	out.AsLead()
	return w.emitLoop(d, &packet{payload: p.lead}, &out)
}

// emitLoop lets one packet go.
func (w *worker) emitLoop(d *delivery, p *packet, out *media.Output) bool {
	if d.tap != nil {
		return d.tap.takeLoop(w, d, p, out)
	}
	return w.sendLoop(d, p, out)
}

// sendLoop writes one packet into the send arena: header from the template,
// then payload and tag by the cipher straight from the shared plaintext. The
// counters are patched in the shared payload before; the next subscriber
// patches it again, and the cache has a copy of its own.
func (w *worker) sendLoop(d *delivery, p *packet, out *media.Output) bool {
	tx := d.st.tx
	index, ok := tx.index(out.Ext)
	if !ok {
		w.count.drop(dropLate)
		return false
	}
	number := d.counts.transport.Add(1)
	patch := media.Patch{
		PT: tx.format.params.PT, Seq: out.Ext.Seq(), TS: out.TS, Marker: out.Marker, Level: p.level,
		TransportSeq: uint16(number), SendTime: w.loop.sendTime,
		Dependency: p.descriptor, Frame: out.PictureID,
	}
	if c := &p.facts.Counters; c.Any() {
		c.Patch(p.payload, out.PictureID, out.TL0)
	}
	slot := d.batch.Room()
	n := tx.format.header.Write(slot, &patch)
	n, err := tx.sealer.SealRTP(&w.loop.seal, slot, n, p.payload, index)
	if err != nil {
		w.count.drop(dropPayload)
		return false
	}
	d.batch.Push(n, &d.to.Addr)
	d.note(number, false, n, w.loop.now)
	tx.packets++
	tx.octets += uint32(len(p.payload))
	tx.budget.Sent(n)
	return true
}
