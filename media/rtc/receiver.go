package rtc

import (
	"time"

	"parley/media"
)

// receiver is the owner's part of a session: everything about what comes in.
type receiver struct {
	active  bool // in the owner's list of sessions to look after
	streams map[media.SSRC]*rtpStream
	last    *rtpStream // the one found last: packets come in runs
	in      *incoming  // what streams were learned under
	// packetAt is when the last RTP packet came in.
	packetAt media.Instant
	offset   media.ClockOffset // the peer's wall clock against ours
	twcc     media.TWCCRecorder
	due      feedbackTimes
	rtt      time.Duration // smoothed, 0: unknown
	requests bucket        // what the peer may ask for
	inbound  bucket        // what it may send
}

// rtpStream is an incoming SSRC that was found to belong to a layer.
type rtpStream struct {
	ssrc media.SSRC
	place
}

// follow forgets the streams of tracks that in does not have any more.
func (r *receiver) follow(in *incoming) {
	r.in, r.last = in, nil
	for ssrc, st := range r.streams {
		if t := st.layer.track; in.byMID[t.mid] != t {
			delete(r.streams, ssrc)
		}
	}
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
// and RID of its packet (RFC 8843 §9.2, RFC 8852). It returns nil, and keeps
// nothing, if that is not a source or there are too many.
func (s *Session) learn(h *media.Header, pkt []byte) *rtpStream {
	in := s.incoming.Load()
	if len(s.rx.streams) >= maxStreams {
		return nil
	}
	p, ok := in.bySSRC[h.SSRC]
	if !ok {
		if p, ok = in.identify(h, pkt); !ok {
			return nil
		}
	}
	st := &rtpStream{ssrc: h.SSRC, place: p}
	if s.rx.streams == nil {
		s.rx.streams = make(map[media.SSRC]*rtpStream)
	}
	s.rx.streams[h.SSRC] = st
	s.rx.last = st
	return st
}

// identify reads MID, RID and repaired RID.
func (in *incoming) identify(h *media.Header, pkt []byte) (place, bool) {
	t := in.byMID[string(media.FindExt(pkt, h, in.exts.MID))]
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
	l := t.layerByRID(media.FindExt(pkt, h, id))
	return place{l, repair}, l != nil
}
