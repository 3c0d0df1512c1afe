package forward

import (
	"reflect"
	"slices"
	"time"

	"parley/media"
)

// codecList is what a client may send of a source, as one offer has it, in the
// order of our answer; never empty. It is immutable.
type codecList []media.CodecParams

// find returns the codec of a payload type, and whether the payload type is
// that of its repairs; nil for one that was not negotiated.
func (l *codecList) find(pt uint8) (p *media.CodecParams, repair bool) {
	for i := range *l {
		c := &(*l)[i]
		if c.PT == pt {
			return c, false
		}
		if c.RTX == pt && pt != 0 {
			return c, true
		}
	}
	return nil, false
}

// repairs reports whether the client sends again what we ask for.
func (l *codecList) repairs() bool { return (*l)[0].Feedback&media.FeedbackNACK != 0 }

// equalCodecs reports whether two lists are the same in everything.
func equalCodecs(a, b []media.CodecParams) bool { return reflect.DeepEqual(a, b) }

// sending is what the track sends, or will send: the one we answered first. What
// came last counts for as long as offers have it.
func (t *track) sending() *media.CodecParams {
	list := t.codecs.Load()
	if p := t.sends.Load(); p != nil && slices.ContainsFunc(*list, func(c media.CodecParams) bool { return c.PT == p.PT && c.SameFormat(p) }) {
		return p
	}
	return &(*list)[0]
}

// noteCodec notes that what comes is another codec than before, or has another payload
// type. The owner calls it.
func (t *track) noteCodec(p *media.CodecParams) {
	if was := t.sends.Swap(p); was != nil && !was.SameFormat(p) {
		t.own.switched = true
	}
}

// followCodecs takes over what a later offer says. The packets in the caches
// were sent when payload types may have meant something else. The owner calls
// it before it looks at a packet.
func (t *track) followCodecs() {
	list := t.codecs.Load()
	if list == t.own.codecs {
		return
	}
	t.own.codecs = list
	for _, l := range t.layers {
		l.cache.Reset()
	}
}

// codecEvery is how often the engine is told at most that a source sends another
// codec: each time it has to look at all who watch.
const codecEvery = time.Second

// tellCodec tells the engine when a publisher goes from one codec to another, or
// to another profile of it, without an offer: by the order of its preferences, or
// because what it captures now is encoded by something else. It is also told of what
// was gone and is back: it may have looked in between.
func (w *worker) tellCodec(t *track) {
	p, own := t.sends.Load(), &t.own
	if p == nil || p == own.told && !own.switched {
		return
	}
	if p.SameFormat(own.told) && !own.switched {
		own.told = p
		return
	}
	if own.toldAt != 0 && w.loop.now.Sub(own.toldAt) < codecEvery {
		return
	}
	if t.from.to.Problem(t.source) {
		own.told, own.toldAt, own.switched = p, w.loop.now, false
	}
}
