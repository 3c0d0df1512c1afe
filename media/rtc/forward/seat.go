package forward

import (
	"slices"

	"parley/media"
)

// outgoing is what a session may receive, as negotiated. It is immutable once it
// is settled, and replaced as a whole by a new offer.
type outgoing struct {
	seats []*seat
	// streams and bySSRC (media and repair SSRCs) are those of all sections that
	// seats have had, for as long as the section keeps its mid: one that is
	// rejected may come back as what it was. One that another took the place of
	// is forgotten with all it had.
	streams []*stream
	bySSRC  map[media.SSRC]*stream
	// drafts are what the offer at hand makes of streams; nil once settled.
	drafts map[*stream]draft
}

// draft is a stream as an offer would have it.
type draft struct {
	shape  *shape
	active bool // its receiver wants something at present
}

// seat is a pair of sections that carries one participant at a time. A half that
// has no section is nil.
type seat struct {
	index        int
	audio, video *stream
}

// streams returns those of the two that exist.
func (s *seat) streams() []*stream {
	return slices.DeleteFunc([]*stream{s.audio, s.video}, func(st *stream) bool { return st == nil })
}

// half returns the place of the audio or the video stream.
func (s *seat) half(kind media.Kind) **stream {
	if kind == media.KindVideo {
		return &s.video
	}
	return &s.audio
}

// newOutgoing begins with what old had and is left in its place by an offer:
// keeps says whether the section of a stream is still what it was for.
func newOutgoing(old *outgoing, seats int, keeps func(*stream) bool) *outgoing {
	out := &outgoing{bySSRC: make(map[media.SSRC]*stream), drafts: make(map[*stream]draft)}
	if old != nil {
		out.seats = slices.Clone(old.seats)
		for _, st := range old.streams {
			if keeps(st) {
				out.streams = append(out.streams, st)
			} else {
				out.set(st.seat, st.kind, st, nil)
			}
		}
	}
	for len(out.seats) < seats {
		out.seats = append(out.seats, &seat{index: len(out.seats)})
	}
	return out
}

// set replaces a seat's half, if it is was or was is nil. Seats are shared with
// the negotiation before.
func (out *outgoing) set(index int, kind media.Kind, was, now *stream) {
	next := *out.seats[index]
	if half := next.half(kind); was == nil || *half == was {
		*half = now
	}
	out.seats[index] = &next
}

// take adds a half of a seat. One that is there already keeps its stream and so its
// SSRCs, with the codecs it has now. draw gives SSRCs that the receiver has never
// seen.
func (out *outgoing) take(to exit, h *HalfSpec, draw func() media.SSRC) (*stream, error) {
	st := out.byMID(h.MID)
	if st == nil {
		st = &stream{exit: to, order: to.order(), seat: h.Seat, kind: h.Kind, mid: h.MID, cname: seatName(h.Seat), ssrc: draw()}
		out.streams = append(out.streams, st)
	}
	h.Codecs = out.shared(st.kind, h.Codecs)
	shape, err := st.shapeFor(h, draw)
	if err != nil {
		return nil, err
	}
	out.set(h.Seat, h.Kind, nil, st)
	out.drafts[st] = draft{shape, h.Active}
	return st, nil
}

// shared returns the list of codecs that the seat section before took, if it is the
// same: sections of seats are alike, and a list takes as much memory as all
// else that is kept for one.
func (out *outgoing) shared(kind media.Kind, list []media.CodecParams) []media.CodecParams {
	for _, st := range slices.Backward(out.streams) {
		if d, drafted := out.drafts[st]; drafted && st.kind == kind {
			if equalCodecs(d.shape.decoders, list) {
				return d.shape.decoders
			}
			break
		}
	}
	return list
}

// byMID returns the stream of a section, nil if there is none. Offers are rare
// and sections few.
func (out *outgoing) byMID(mid string) *stream {
	for _, st := range out.streams {
		if st.mid == mid {
			return st
		}
	}
	return nil
}

// settle makes what out says of streams known to those who send.
func (out *outgoing) settle() {
	for _, st := range out.streams {
		out.bySSRC[st.ssrc] = st
		if st.rtx != 0 {
			out.bySSRC[st.rtx] = st
		}
		d, taken := out.drafts[st]
		if !taken {
			d.shape = nothing // its section is rejected
		}
		st.shape.Store(d.shape)
		st.idle.Store(!d.active)
	}
	out.drafts = nil
}

// replaced takes the streams out of use that have no seat any more in next,
// and returns what those that took their places are to carry.
func (out *outgoing) replaced(next *outgoing) map[*stream]*track {
	from := make(map[*stream]*track)
	for i, seat := range out.seats {
		for _, half := range [][2]*stream{{seat.audio, next.seats[i].audio}, {seat.video, next.seats[i].video}} {
			was, now := half[0], half[1]
			if was == nil || was == now {
				continue
			}
			if t := was.bound(); t != nil && now != nil {
				now.want.Store(was.want.Load())
				from[now] = t
			}
			was.unlink()
		}
	}
	return from
}
