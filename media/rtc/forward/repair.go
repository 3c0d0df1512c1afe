package forward

import "parley/media"

// repairLoop answers one item of a NACK (RFC 4585 §6.2.1): the packet first,
// and those of the 16 after it whose bit in mask is set.
func (w *worker) repairLoop(st *stream, first media.Seq, mask uint16) {
	t := st.holder.Load()
	if t == nil || t.from.owner.Load() != w || !st.carries(t) {
		w.count.drop(dropLate)
		return
	}
	w.loop.current = st.exit
	w.resendLoop(st, t, first)
	for i := media.Seq(1); mask != 0; i, mask = i+1, mask>>1 {
		if mask&1 != 0 {
			w.resendLoop(st, t, first+i)
		}
	}
}

// resendLoop sends one packet again, exactly as it was the first time, in an
// RTX packet or, to a receiver without RTX, nowhere: the same SRTP index must
// not be sealed twice.
func (w *worker) resendLoop(st *stream, t *track, seq media.Seq) {
	tx := st.tx
	d, ok := st.exit.begin(w)
	if !ok || st.idle.Load() {
		w.count.drop(dropLate)
		return
	}
	origin, ok := tx.rewriter.Lookup(seq)
	if !ok || origin.Source != t.id {
		w.count.drop(dropLate)
		return
	}
	pkt, ok := t.layers[origin.Layer].cache.Get(origin.Ext)
	if !ok {
		w.count.drop(dropLate)
		return
	}
	if !tx.budget.Take(len(pkt)) {
		w.count.drop(dropThrottled)
		return
	}
	var p packet
	p.in.Facts = &w.loop.facts
	if !p.parse(&w.loop.header, pkt, origin.Ext, t) {
		w.count.drop(dropLate)
		return
	}
	format := tx.format
	if shape := st.shape.Load(); p.params != tx.params || shape != tx.shape {
		format = shape.formatFor(p.params) // codecs have changed since
	}
	if format == nil || format.repair == nil {
		w.count.drop(dropLate)
		return
	}
	if tx.keys != d.keys {
		tx.rekey(d.keys)
	}
	if origin.Lead {
		// As the sets are now: those that changed since are of no more use.
		p.payload = t.layers[origin.Layer].sets.Packet()
	}
	var out media.Output
	origin.Recreate(&p.in, &out)
	d.st = st
	w.sendRepair(&d, format, &p, &out)
}

// parse reads a cached packet back, with its header in h.
func (p *packet) parse(h *media.Header, pkt []byte, ext media.ExtSeq, t *track) bool {
	if media.ParseHeader(pkt, h) != nil {
		return false
	}
	payload, err := media.Payload(pkt, h)
	params, _ := t.params(h.PT)
	if err != nil || params == nil || media.ParseFacts(params.Codec, payload, p.in.Facts) != nil {
		return false
	}
	if params.Codec == media.CodecAV1 {
		p.describe(h, t)
	}
	p.payload, p.params = payload, params
	p.in.Ext, p.in.TS, p.in.Marker = ext, h.TS, h.Marker
	return true
}

// sendRepair seals a repair (RFC 4588 §4). The counters are patched in the
// cached packet and put back, for the cache holds what the publisher sent.
func (w *worker) sendRepair(d *delivery, f *format, p *packet, out *media.Output) {
	tx, counters := d.st.tx, &p.in.Facts.Counters
	number := d.counts.transport.Add(1)
	patch := media.Patch{
		PT: f.params.RTX, Seq: tx.repairs.Seq(), TS: out.TS, Marker: out.Marker,
		TransportSeq: uint16(number), SendTime: w.loop.sendTime,
		Dependency: p.descriptor, Frame: out.PictureID,
	}
	if counters.Any() {
		counters.Patch(p.payload, out.PictureID, out.TL0)
	}
	slot := d.batch.Room()
	n := f.repair.Write(slot, &patch)
	n, err := tx.sealer.SealRTX(&w.loop.seal, slot, n, out.Ext.Seq(), p.payload, tx.repairs)
	if counters.Any() {
		counters.Patch(p.payload, counters.PictureID, counters.TL0)
	}
	if err != nil {
		w.count.drop(dropPayload)
		return
	}
	d.batch.Push(n, &d.to.Addr)
	d.note(number, true, n, w.loop.now)
	tx.repairs++
	w.count.repaired.Add(1)
}
