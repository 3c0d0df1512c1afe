package forward

import (
	"fmt"
	"slices"
	"sync/atomic"

	"parley/media"
)

// stream is one half of a seat or of a tap: an outgoing RTP stream with its
// repairs. Its sender state (tx) belongs to whoever owns the publisher of the track
// that holds it; see place.go for how it changes hands.
type stream struct {
	exit  exit
	order uint64 // the exit's: what tables are sorted by
	seat  int
	mid   string
	cname string // of the seat: its halves are played in sync
	// ssrc and rtx are for good. rtx is 0 until an offer first has repairs, and
	// control's only.
	ssrc, rtx media.SSRC
	// shape is how packets look, as the latest offer has it.
	shape atomic.Pointer[shape]
	// holder is the track whose table the stream is in, nil for none. Only
	// the holder's owner may touch tx.
	holder atomic.Pointer[track]
	// want is the size that the subscriber asked for, width in the high and
	// height in the low 32 bits.
	want atomic.Uint64
	// rank is the seat's, see Placement.
	rank atomic.Uint32
	// idle: the client keeps the section inactive, or rejected it; nothing is
	// sent until a later offer.
	idle atomic.Bool
	kind media.Kind
	// used: tx has been in some worker's hands. next is the track that waits
	// for it to be let go of, nil for none. Both guarded by exit.guard.
	used bool
	next *track
	// round is when the stream was last queued; see handovers.
	round uint64

	// flowing is the id of the track whose picture goes out on the stream, 0
	// while a key frame is waited for. The holder's owner keeps it; a pointer
	// would keep the publisher who is gone, with all that its caches hold.
	flowing atomic.Uint64
	// sentAt is when the holder's owner last sent a packet; 0: never.
	sentAt atomic.Int64
	tx     *sender // holder's owner only; nil until something was to be sent
	heard  heard   // session's owner only
}

// shape is what a receiver takes and how it is sent that. It is immutable: who
// carries the stream sees by the pointer that there is another.
type shape struct {
	any      bool                // it takes what formats are for, whatever the profile; of taps
	decoders []media.CodecParams // what the receiver takes
	formats  []format            // one per decoder
	exts     media.ExtIDs
}

// nothing is the shape of a stream whose section was stopped.
var nothing = &shape{}

// format is how the stream carries one codec. The headers of all look alike.
type format struct {
	params *media.CodecParams
	header *media.HeaderTemplate
	repair *media.HeaderTemplate // nil without RTX
}

func hasRTX(list []media.CodecParams) bool {
	return slices.ContainsFunc(list, func(c media.CodecParams) bool { return c.RTX != 0 })
}

// shapeFor returns the stream's shape for what its half is like now: the present
// one if nothing changed.
func (st *stream) shapeFor(h *HalfSpec, draw func() media.SSRC) (*shape, error) {
	if hasRTX(h.Codecs) && st.rtx == 0 {
		st.rtx = draw()
	}
	sh := &shape{decoders: h.Codecs, exts: h.Exts}
	if now := st.shape.Load(); now != nil && now.exts == sh.exts && equalCodecs(now.decoders, sh.decoders) {
		return now, nil
	}
	header, repair, err := st.headers(&sh.exts)
	if err != nil {
		return nil, err
	}
	sh.formats = make([]format, 0, len(sh.decoders))
	for i := range sh.decoders {
		f := format{params: &sh.decoders[i], header: header}
		if f.params.RTX != 0 {
			f.repair = repair
		}
		sh.formats = append(sh.formats, f)
	}
	return sh, nil
}

// headers makes the templates of what the stream sends, and of its repairs if it
// has any.
func (st *stream) headers(ids *media.ExtIDs) (header, repair *media.HeaderTemplate, err error) {
	spec := media.HeaderSpec{
		SSRC: st.ssrc, AbsSendTimeID: ids.AbsSendTime, TransportSeqID: ids.TransportCC,
		MIDID: ids.MID, MID: st.mid, DependencyID: ids.Dependency,
	}
	if st.kind == media.KindAudio {
		spec.AudioLevelID = ids.AudioLevel
	}
	if header, err = media.NewHeaderTemplate(spec); err != nil || st.rtx == 0 {
		return header, nil, err
	}
	spec.SSRC, spec.AudioLevelID = st.rtx, 0
	repair, err = media.NewHeaderTemplate(spec)
	return header, repair, err
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

// carries reports whether the stream's sending state is that for t.
func (st *stream) carries(t *track) bool { return st.tx != nil && st.tx.source == t.id }

// takes reports whether the stream's receiver can decode p. A nil stream has
// none.
func (st *stream) takes(p *media.CodecParams) bool {
	return st != nil && st.shape.Load().formatFor(p) != nil
}

// formatFor returns how to send what a sender sends, nil if the receiver can not
// decode that.
func (sh *shape) formatFor(p *media.CodecParams) *format {
	if sh.any {
		return sh.formatOf(p.Codec)
	}
	c, ok := media.DecoderFor(sh.decoders, *p)
	if !ok {
		return nil
	}
	for i := range sh.formats {
		if sh.formats[i].params.PT == c.PT {
			return &sh.formats[i]
		}
	}
	return nil
}

// formatOf returns the first format of a codec.
func (sh *shape) formatOf(c media.Codec) *format {
	for i := range sh.formats {
		if sh.formats[i].params.Codec == c {
			return &sh.formats[i]
		}
	}
	return nil
}
