package forward

import (
	"time"

	"parley/media"
)

// receiver is the owner's part of a publisher: everything about what comes in.
type receiver struct {
	active  bool // in the owner's list of sessions to look after
	streams map[media.SSRC]*rtpStream
	last    *rtpStream // the one found last: packets come in runs
	in      *incoming  // what streams were learned under
	// packetAt is when the last RTP packet came in, restedAt the packetAt after which
	// the session's tracks gave back what they held.
	packetAt, restedAt media.Instant
	// sentTo is the last transport-wide number seen, at sentAt; see quietLoop.
	sentTo   uint32
	sentAt   media.Instant
	offset   media.ClockOffset // the peer's wall clock against ours
	twcc     media.TWCCRecorder
	due      feedbackTimes
	rtt      time.Duration // smoothed, 0: unknown
	requests bucket        // what the peer may ask for
	reported bucket        // what it may report on
	inbound  bucket        // what it may send
}

// rtpStream is an incoming SSRC that was found to belong to a layer.
type rtpStream struct {
	ssrc media.SSRC
	place
	learned media.Instant
	at      media.Instant // of the newest packet, 0: none yet
}

// current reports whether st is what its layer goes by now: the newest SSRC of
// its media, or of its repairs.
func (st *rtpStream) current() bool {
	if st.repair {
		return st.layer.repairs == st.ssrc
	}
	return st.layer.ssrc == st.ssrc || !st.layer.started
}

// former reports whether what comes of st was sent before the layer went on
// under its present SSRC. It would be taken for a leap of that one's numbers, or
// for another change. A former SSRC counts again when the present one has been
// silent for a while, and the repairs of a former one when they are late no more.
func (st *rtpStream) former(now media.Instant) bool {
	l := st.layer
	if st.repair {
		return st.learned < l.since && now.Sub(l.since) < media.SSRCIdle
	}
	return l.started && l.ssrc != st.ssrc && st.at != 0 && now.Sub(l.lastAt) < media.SSRCIdle
}

// follow makes the streams those of in. A track that is another in the same
// section, for its layers have changed, gets the SSRCs of the one before:
// browsers stop sending MID and RID when they have seen that those were read.
// What has no section any more is forgotten.
func (w *worker) follow(p *publisher, in *incoming) {
	r := &p.rx
	before := r.in
	r.in, r.last = in, nil
	for ssrc, st := range r.streams {
		at, ok := in.bySSRC[ssrc]
		if !ok {
			at, ok = in.successor(st.place)
		}
		if !ok {
			delete(r.streams, ssrc)
		} else if st.place != at {
			st.place, st.at = at, 0
			if at.repair {
				at.layer.repairs = ssrc
			}
		}
	}
	if before == nil {
		return
	}
	for _, t := range before.tracks {
		if in.byMID[t.mid] != t {
			w.dropTrack(t)
		}
	}
}

// dropTrack lets go of what a track holds that is not forwarded any more.
func (w *worker) dropTrack(t *track) {
	if t.own.speaking.Active() {
		t.own.speaking = media.Speaking{}
		w.speakingChanged(t)
	}
	for _, l := range t.layers {
		l.cache.Reset()
	}
}

// successor returns what takes the place of p, if anything does.
func (in *incoming) successor(p place) (place, bool) {
	was := p.layer.track
	t := in.byMID[was.mid]
	if t == nil || t.source != was.source {
		return place{}, false
	}
	l := t.layerByRID([]byte(p.layer.rid))
	return place{l, p.repair}, l != nil
}

// stream returns what ssrc carries, nil if it is not known.
func (r *receiver) stream(ssrc media.SSRC) *rtpStream {
	if r.last != nil && r.last.ssrc == ssrc {
		return r.last
	}
	st := r.streams[ssrc]
	if st != nil {
		r.last = st
	}
	return st
}

// learn finds out what a new SSRC carries: from the offer, or from the MID
// and RID of its packet (RFC 8843 §9.2, RFC 8852). It returns nil and why, and
// keeps nothing, if that is not a source or there are too many.
func (p *publisher) learn(h *media.Header, now media.Instant) (*rtpStream, drop) {
	in, r := p.incoming.Load(), &p.rx
	at, ok := in.bySSRC[h.SSRC]
	if !ok {
		if at, ok = in.identify(h); !ok {
			return nil, dropStream
		}
	}
	if len(r.streams) >= maxStreams && !r.makeRoom() {
		return nil, dropSSRCs
	}
	st := &rtpStream{ssrc: h.SSRC, place: at, learned: now}
	if r.streams == nil {
		r.streams = make(map[media.SSRC]*rtpStream)
	}
	r.streams[h.SSRC] = st
	r.last = st
	if at.repair {
		at.layer.repairs = h.SSRC
	}
	return st, dropNone
}

// makeRoom forgets the SSRC that has been silent longest, of those that their
// layers left. What a layer goes by stays, however long it is silent, for it may
// not say any more what it is; that is at most half of maxStreams. How fast new
// ones come is bounded by the opener.
func (r *receiver) makeRoom() bool {
	var idlest *rtpStream
	for _, st := range r.streams {
		if !st.current() && (idlest == nil || st.at < idlest.at) {
			idlest = st
		}
	}
	if idlest == nil {
		return false
	}
	delete(r.streams, idlest.ssrc)
	if r.last == idlest {
		r.last = nil
	}
	return true
}

// identify reads MID, RID and repaired RID. Without a MID, as from a client whose
// only section has none, the payload type has to do.
func (in *incoming) identify(h *media.Header) (place, bool) {
	mid := h.Ext(in.exts.MID)
	t := in.byMID[string(mid)]
	if mid == nil {
		t = in.byPayloadType(h.PT)
	}
	if t == nil {
		return place{}, false
	}
	params, repair := t.codecs.Load().find(h.PT)
	if params == nil {
		return place{}, false
	}
	if len(t.layers) == 1 {
		return place{t.layers[0], repair}, true
	}
	id := in.exts.RID
	if repair {
		id = in.exts.RepairedRID
	}
	l := t.layerByRID(h.Ext(id))
	return place{l, repair}, l != nil
}

// byPayloadType returns the track of a payload type that no other track has, nil
// if there is none (RFC 9143 §9.2). A track whose SSRCs the offer told has no
// others without a MID.
func (in *incoming) byPayloadType(pt uint8) (only *track) {
	for _, t := range in.tracks {
		switch p, _ := t.codecs.Load().find(pt); {
		case p == nil:
		case only != nil:
			return nil
		default:
			only = t
		}
	}
	for _, p := range in.bySSRC {
		if p.layer.track == only {
			return nil
		}
	}
	return only
}
