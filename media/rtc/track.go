package rtc

import (
	"slices"
	"sync"
	"sync/atomic"

	"parley/media"
)

// incoming is what a session may send, as negotiated. It is immutable and
// replaced as a whole by a new offer.
type incoming struct {
	tracks []*track
	byMID  map[string]*track
	// bySSRC are the streams that the offer announced by SSRC; the others
	// are learned from MID and RID.
	bySSRC map[media.SSRC]place
	exts   media.ExtIDs
}

// place is what an incoming SSRC carries.
type place struct {
	layer  *layer
	repair bool // RTX of the layer
}

func newIncoming() *incoming {
	return &incoming{byMID: make(map[string]*track), bySSRC: make(map[media.SSRC]place)}
}

// take adds a source's section. One that was in old keeps its track: codecs
// and layers are settled by the first offer.
func (in *incoming) take(s *Session, old *incoming, section *media.Section, a *media.Accepted, source string) {
	var t *track
	if old != nil {
		t = old.byMID[section.MID]
	}
	if t == nil {
		t = newTrack(s, source, section.MID, a)
		if was := old.source(source); was != nil {
			t.muted.Store(was.muted.Load())
		}
	}
	in.tracks = append(in.tracks, t)
	in.byMID[section.MID] = t
	mergeExts(&in.exts, a.ExtIDs())
	if len(t.layers) > 1 {
		return // simulcast layers are told apart by RID
	}
	for _, st := range section.Streams {
		in.bySSRC[st.Media] = place{layer: t.layers[0]}
		if st.RTX != 0 {
			in.bySSRC[st.RTX] = place{layer: t.layers[0], repair: true}
		}
	}
}

// closeReplaced ends the tracks that next does not have: their sections were
// rejected.
func (in *incoming) closeReplaced(next *incoming) {
	for mid, t := range in.byMID {
		if next.byMID[mid] != t {
			t.close()
		}
	}
}

// mergeExts takes over the ids that a section adds. Within a BUNDLE group an
// extension has the same id everywhere (RFC 9143 §9.1).
func mergeExts(to *media.ExtIDs, from media.ExtIDs) {
	for _, f := range []struct{ to, from *uint8 }{
		{&to.MID, &from.MID}, {&to.RID, &from.RID}, {&to.RepairedRID, &from.RepairedRID},
		{&to.AbsSendTime, &from.AbsSendTime}, {&to.TransportCC, &from.TransportCC}, {&to.AudioLevel, &from.AudioLevel},
	} {
		if *f.from != 0 {
			*f.to = *f.from
		}
	}
}

// track is one source of a session: what it sends, and who gets it.
type track struct {
	id      uint64 // of the whole server, never 0
	session *Session
	source  string
	mid     string
	kind    media.Kind
	codecs  []media.CodecParams // the client may switch among them
	layers  []*layer            // one, or one per RID; fixed
	muted   atomic.Bool
	// sends is the one of codecs that came last, nil before any packet.
	sends atomic.Pointer[media.CodecParams]
	// live says that packets came lately; the tick keeps it.
	live atomic.Bool
	// heard, unanswered and stirred are what the tick saw of a picture: when
	// the newest packet came, since when a key frame is asked for in vain, and
	// that somebody's picture began or broke off. problem is what control makes
	// of it; see trouble.
	heard, unanswered atomic.Int64
	stirred           atomic.Bool
	problem           atomic.Uint32
	trouble           trouble // control goroutine only

	// table is whom packets go to. It is never nil and replaced as a whole.
	table atomic.Pointer[table]
	// mu guards the making of tables, and closed.
	mu     sync.Mutex
	closed bool

	own trackState // owner only
}

var lastTrackID atomic.Uint64

func newTrack(s *Session, source, mid string, a *media.Accepted) *track {
	t := &track{
		id: lastTrackID.Add(1), session: s, source: source, mid: mid,
		kind: sourceKind(source), codecs: slices.Clone(a.Codecs),
	}
	for i := range max(1, len(a.RIDs)) {
		l := newLayer(t, i)
		if i < len(a.RIDs) {
			l.rid = a.RIDs[i]
		}
		t.layers = append(t.layers, l)
	}
	t.table.Store(&table{})
	return t
}

// sending is what the track sends, or will send: the one we answered first.
func (t *track) sending() *media.CodecParams {
	if p := t.sends.Load(); p != nil {
		return p
	}
	return &t.codecs[0]
}

// params returns the codec of a payload type, and whether the payload type is
// that of its repairs; nil for one that was not negotiated.
func (t *track) params(pt uint8) (p *media.CodecParams, repair bool) {
	for i := range t.codecs {
		c := &t.codecs[i]
		if c.PT == pt {
			return c, false
		}
		if c.RTX == pt && pt != 0 {
			return c, true
		}
	}
	return nil, false
}

// clockRate is that of the track's timestamps in Hz.
func (t *track) clockRate() uint32 { return t.codecs[0].Codec.ClockRate() }

// layerByRID returns nil for an unknown name.
func (t *track) layerByRID(rid []byte) *layer {
	for _, l := range t.layers {
		if l.rid == string(rid) {
			return l
		}
	}
	return nil
}

// track returns the session's track of a source, nil if it can not send it.
func (s *Session) track(source string) *track { return s.incoming.Load().source(source) }

// source returns the track of a source, nil for none.
func (in *incoming) source(source string) *track {
	if in == nil {
		return nil
	}
	for _, t := range in.tracks {
		if t.source == source {
			return t
		}
	}
	return nil
}

func (s *Session) activeTracks() (n int) {
	if in := s.incoming.Load(); in != nil {
		for _, t := range in.tracks {
			if t.live.Load() {
				n++
			}
		}
	}
	return n
}
