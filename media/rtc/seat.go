package rtc

import (
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"parley/media"
)

// outgoing is what a session may receive, as negotiated. It is immutable and
// replaced as a whole by a new offer.
type outgoing struct {
	seats []*seat
	// streams and bySSRC (media and repair SSRCs) have every stream there ever
	// was: one whose section was rejected may come back, and must not be made
	// anew, for an SSRC is never used for two streams.
	streams []*stream
	bySSRC  map[media.SSRC]*stream
	// active are the streams whose receiver wants something at present.
	active map[*stream]bool
}

// seat is a pair of sections that carries one participant at a time. A seat
// without a video section has a nil video.
type seat struct {
	index        int
	audio, video *stream
}

// streams returns those of the two that exist.
func (s *seat) streams() []*stream {
	return slices.DeleteFunc([]*stream{s.audio, s.video}, func(st *stream) bool { return st == nil })
}

func newOutgoing(old *outgoing, seats int) *outgoing {
	out := &outgoing{bySSRC: make(map[media.SSRC]*stream), active: make(map[*stream]bool)}
	if old != nil {
		out.seats, out.streams = slices.Clone(old.seats), slices.Clone(old.streams)
		maps.Copy(out.bySSRC, old.bySSRC)
	}
	for len(out.seats) < seats {
		out.seats = append(out.seats, &seat{index: len(out.seats)})
	}
	return out
}

// take adds a seat's section. A section that is there already keeps its
// stream and so its SSRCs.
func (out *outgoing) take(s *Session, section *media.Section, a *media.Accepted, use sectionUse) (*stream, error) {
	seat := *out.seats[use.seat] // seats of the old negotiation are shared
	half := &seat.audio
	if use.kind == media.KindVideo {
		half = &seat.video
	}
	if *half = out.byMID(section.MID); *half == nil {
		st, err := out.newStream(s, use.seat, section, a)
		if err != nil {
			return nil, err
		}
		*half = st
	}
	out.active[*half] = a.Direction.Sends()
	out.seats[use.seat] = &seat
	return *half, nil
}

// byMID returns the stream of a section, nil if there never was one. Offers are
// rare and sections few.
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
		st.idle.Store(!out.active[st])
	}
	out.active = nil
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

// stream is one half of a seat: an outgoing RTP stream with its repairs. Its
// sender state (tx) belongs to whoever owns the session of the track that
// holds it; see place.go for how it changes hands.
type stream struct {
	session   *Session
	seat      int
	kind      media.Kind
	mid       string
	cname     string // of the seat: its halves are played in sync
	ssrc, rtx media.SSRC
	decoders  []media.CodecParams // what the receiver takes
	formats   []format            // one per decoder
	// holder is the track whose table the stream is in, nil for none. Only
	// the holder's owner may touch tx.
	holder atomic.Pointer[track]
	// want is the size that the subscriber asked for, width in the high and
	// height in the low 32 bits.
	want atomic.Uint64
	// idle: the client keeps the section inactive, or rejected it; nothing is
	// sent until a later offer.
	idle atomic.Bool
	// used: tx has been in some worker's hands. next is the track that waits
	// for it to be let go of, nil for none. Both guarded by session.mu.
	used bool
	next *track
	// round is when the stream was last queued; see handovers.
	round uint64

	// flowing is the track whose picture goes out on the stream, nil while a
	// key frame is waited for. The holder's owner keeps it.
	flowing atomic.Pointer[track]
	// sentAt is when the holder's owner last sent a packet; 0: never.
	sentAt atomic.Int64
	tx     *sender // holder's owner only; nil until something was to be sent
	heard  heard   // session's owner only
}

// format is how the stream carries one codec.
type format struct {
	params media.CodecParams
	header *media.HeaderTemplate
	repair *media.HeaderTemplate // nil without RTX
}

func (out *outgoing) newStream(s *Session, seat int, section *media.Section, a *media.Accepted) (*stream, error) {
	st := &stream{session: s, seat: seat, kind: section.Kind, mid: section.MID, cname: seatName(seat), decoders: a.Codecs}
	st.ssrc = out.newSSRC(st)
	if slices.ContainsFunc(a.Codecs, func(c media.CodecParams) bool { return c.RTX != 0 }) {
		st.rtx = out.newSSRC(st)
	}
	ids := a.ExtIDs()
	for _, c := range a.Codecs {
		spec := media.HeaderSpec{
			SSRC: st.ssrc, PT: c.PT, AbsSendTimeID: ids.AbsSendTime, TransportSeqID: ids.TransportCC,
			MIDID: ids.MID, MID: section.MID,
		}
		if section.Kind == media.KindAudio {
			spec.AudioLevelID = ids.AudioLevel
		}
		header, err := media.NewHeaderTemplate(spec)
		if err != nil {
			return nil, mismatch("section %q: %v", section.MID, err)
		}
		f := format{params: c, header: header}
		if c.RTX != 0 {
			spec.SSRC, spec.PT, spec.AudioLevelID = st.rtx, c.RTX, 0
			if f.repair, err = media.NewHeaderTemplate(spec); err != nil {
				return nil, mismatch("section %q: %v", section.MID, err)
			}
		}
		st.formats = append(st.formats, f)
	}
	out.streams = append(out.streams, st)
	return st, nil
}

// newSSRC gives st an SSRC that the session does not use yet.
func (out *outgoing) newSSRC(st *stream) media.SSRC {
	for {
		ssrc := randomSSRC()
		if ssrc != 0 && out.bySSRC[ssrc] == nil {
			out.bySSRC[ssrc] = st
			return ssrc
		}
	}
}

// seatNames are made once: every session has seats of the same names.
var seatNames = func() (names [media.MaxSDPSections]string) {
	for i := range names {
		names[i] = fmt.Sprintf("seat%d", i)
	}
	return names
}()

// seatName is defined for as many seats as an offer can have sections.
func seatName(seat int) string { return seatNames[seat] }

// describe says in the answer what the stream sends. Both halves of a seat
// share stream id and CNAME, so that they are played in sync.
func (st *stream) describe(a *media.Accepted) {
	a.Stream, a.CNAME = st.cname, st.cname
	a.Track = st.cname + "-" + st.kind.String()
	a.SSRC, a.RTX = st.ssrc, st.rtx
}

// carries reports whether the stream's sending state is that for t.
func (st *stream) carries(t *track) bool { return st.tx != nil && st.tx.track == t }

// takes reports whether the stream's receiver can decode p. A nil stream has
// none.
func (st *stream) takes(p *media.CodecParams) bool { return st != nil && st.formatFor(p) != nil }

// formatFor returns how the stream carries what a sender sends, nil if its
// receiver can not decode that.
func (st *stream) formatFor(p *media.CodecParams) *format {
	c, ok := media.DecoderFor(st.decoders, *p)
	if !ok {
		return nil
	}
	for i := range st.formats {
		if st.formats[i].params.PT == c.PT {
			return &st.formats[i]
		}
	}
	return nil
}
