package forward

import (
	"slices"
	"sync"
	"sync/atomic"

	"parley/media"
)

// incoming is what a publisher may send, as negotiated or as a feed was opened with. It
// is immutable once it is settled, and replaced as a whole by a new offer.
type incoming struct {
	tracks []*track
	byMID  map[string]*track
	// bySSRC are the streams that the offer announced by SSRC; the others
	// are learned from MID and RID.
	bySSRC map[media.SSRC]place
	exts   media.ExtIDs
	// changed are the codecs that the offer at hand gives to tracks that there
	// were before; nil once settled.
	changed map[*track]*codecList
}

// place is what an incoming SSRC carries.
type place struct {
	layer  *layer
	repair bool // RTX of the layer
}

func newIncoming() *incoming {
	return &incoming{
		byMID: make(map[string]*track), bySSRC: make(map[media.SSRC]place),
		changed: make(map[*track]*codecList),
	}
}

// take adds a source. One that was in old keeps its track, with the codecs it has
// now, as long as its layers are the same.
func (in *incoming) take(from *publisher, old *incoming, s *SourceSpec) {
	t := old.track(s.MID, s.Source)
	switch {
	case t == nil || !t.hasLayers(s.RIDs):
		t = newTrack(from, s)
		if was := old.source(s.Source); was != nil {
			t.muted.Store(was.muted.Load())
		}
	case !equalCodecs(*t.codecs.Load(), s.Codecs):
		list := codecList(slices.Clone(s.Codecs))
		in.changed[t] = &list
	}
	in.tracks = append(in.tracks, t)
	in.byMID[s.MID] = t
	mergeExts(&in.exts, s.Exts)
	if len(t.layers) > 1 {
		return // simulcast layers are told apart by RID
	}
	for _, st := range s.Streams {
		in.bySSRC[st.Media] = place{layer: t.layers[0]}
		if st.RTX != 0 {
			in.bySSRC[st.RTX] = place{layer: t.layers[0], repair: true}
		}
	}
}

// settle makes what in says of tracks known to those who forward them.
func (in *incoming) settle() {
	for t, list := range in.changed {
		t.codecs.Store(list)
	}
	in.changed = nil
}

// track returns the track that a source has in a section, nil for none.
func (in *incoming) track(mid, source string) *track {
	if in == nil {
		return nil
	}
	if t := in.byMID[mid]; t != nil && t.source == source {
		return t
	}
	return nil
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
		{&to.Dependency, &from.Dependency},
	} {
		if *f.from != 0 {
			*f.to = *f.from
		}
	}
}

// track is one source of a publisher: what it sends, and who gets it.
type track struct {
	id     uint64 // of the whole server, never 0
	from   *publisher
	source string
	mid    string
	layers []*layer // one, or one per RID; fixed
	kind   media.Kind
	closed bool // guarded by mu
	muted  atomic.Bool
	// codecs are those among which the client may switch; never nil, and
	// replaced as a whole by offers. The owner goes by own.codecs.
	codecs atomic.Pointer[codecList]
	// sends is what came last, of codecs or of those before, nil before any
	// packet.
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
	mu sync.Mutex

	own trackState // owner only
}

var lastTrackID atomic.Uint64

func newTrack(from *publisher, s *SourceSpec) *track {
	t := &track{
		id: lastTrackID.Add(1), from: from, source: s.Source, mid: s.MID,
		kind: media.KindOf(s.Source),
	}
	list := codecList(slices.Clone(s.Codecs))
	t.codecs.Store(&list)
	t.own.codecs, t.own.told = &list, &list[0]
	for i := range max(1, len(s.RIDs)) {
		l := newLayer(t, i)
		if i < len(s.RIDs) {
			l.rid = s.RIDs[i]
		}
		t.layers = append(t.layers, l)
	}
	t.table.Store(&table{})
	return t
}

// params returns what a packet's payload type means to the owner.
func (t *track) params(pt uint8) (p *media.CodecParams, repair bool) { return t.own.codecs.find(pt) }

// clockRate is that of the track's timestamps in Hz.
func (t *track) clockRate() uint32 { return (*t.own.codecs)[0].Codec.ClockRate() }

// hasLayers reports whether the track's layers are those that an answer takes;
// none stands for the one that has no name.
func (t *track) hasLayers(rids []string) bool {
	if len(rids) == 0 {
		return len(t.layers) == 1 && t.layers[0].rid == ""
	}
	return slices.EqualFunc(t.layers, rids, func(l *layer, rid string) bool { return l.rid == rid })
}

// layerByRID returns nil for an unknown name.
func (t *track) layerByRID(rid []byte) *layer {
	for _, l := range t.layers {
		if l.rid == string(rid) {
			return l
		}
	}
	return nil
}

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
