package forward

import "parley/media"

// Plan is what a remote is to send and to be sent, section by section, before it is
// in force: nothing has changed until Control.GoBy. One plan at a time may be made of
// a remote.
type Plan struct {
	remote *Remote
	in     *incoming
	out    *outgoing
	draw   func() media.SSRC
}

// SourceSpec is a source as it comes.
type SourceSpec struct {
	Source, MID string
	Codecs      []media.CodecParams // at least one, in the order of the answer
	RIDs        []string            // of simulcast layers
	Exts        media.ExtIDs
	Streams     []media.StreamSSRC // that were announced
}

// HalfSpec is how a half of a seat is to be received.
type HalfSpec struct {
	Seat   int
	Kind   media.Kind
	MID    string
	Codecs []media.CodecParams
	Exts   media.ExtIDs
	Active bool // the receiver wants something at present
}

// Half is what a half of a seat is sent as. Both halves of a seat have one CNAME, so
// that they are played in sync.
type Half struct {
	CNAME     string
	SSRC, RTX media.SSRC          // RTX is 0 without repairs
	Codecs    []media.CodecParams // those of the spec, in a list that seats share
}

// Plan begins with what there is: the first so many seats, and the halves of them
// that keeps wants; its section is still what it was for. draw gives SSRCs that the
// receiver has never seen.
func (c *Control) Plan(seats int, keeps func(mid string, seat int, kind media.Kind) bool, draw func() media.SSRC) *Plan {
	r := c.remote()
	return &Plan{
		remote: r, in: newIncoming(), draw: draw,
		out: newOutgoing(r.outgoing.Load(), seats, func(st *stream) bool { return keeps(st.mid, st.seat, st.kind) }),
	}
}

// Source adds a source. One that there is already keeps its track, with the codecs it
// has now, as long as its layers are the same.
func (p *Plan) Source(s *SourceSpec) {
	p.in.take(&p.remote.publisher, p.remote.incoming.Load(), s)
}

// Half adds a half of a seat. One that is there already keeps its SSRCs. An error says
// that the ids of header extensions can not be.
func (p *Plan) Half(h HalfSpec) (Half, error) {
	st, err := p.out.take(p.remote, &h, p.draw)
	if err != nil {
		return Half{}, err
	}
	half := Half{CNAME: st.cname, SSRC: st.ssrc, Codecs: h.Codecs}
	if hasRTX(h.Codecs) {
		half.RTX = st.rtx
	}
	return half, nil
}
