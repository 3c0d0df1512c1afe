package forward

import (
	"sync/atomic"
	"time"

	"parley/media"
)

// layer is one encoding of a track: a simulcast layer, or the whole track.
// All of it belongs to the owner of the track's publisher but what is set when
// it is made (track, index, rid).
type layer struct {
	track *track
	index uint8
	rid   string // empty without simulcast

	ssrc    media.SSRC // of the media; valid if started
	started bool
	cut     bool          // left out until a key frame, see sourceRate
	since   media.Instant // when ssrc took the place of another, 0: never
	repairs media.SSRC    // the newest of those that repairs came under
	// base is added to unwrapped sequence numbers: it grows when the client
	// starts anew under another SSRC, so that numbers never repeat.
	base   media.ExtSeq
	cache  media.Cache
	lastAt media.Instant // newest packet
	ts     media.Ticks   // of the packet that came last, repairs apart
	width  int           // of the newest key frame, 0: unknown
	height int
	gate   keyframeGate
	// rate is how much came in of late, in bits per second, repairs apart; 0 if
	// nothing does. The owner publishes it for all, at its ticks.
	rate      atomic.Uint64
	*arrivals // nil until it is started

	// head and tail are the layer's packets in the batch at hand.
	head, tail int16
}

// arrivals are what is known of a layer by what came of it. Most sources of most
// sessions never send, so this is made with the first packet.
type arrivals struct {
	unwrap media.Unwrapper
	nack   media.NackTracker
	stats  media.ReceiveStats
	watch  media.ClockWatch
	// sets are those of H264, and setsOf is what they came with.
	sets   media.ParamSets
	setsOf *media.CodecParams
	// reported are stats' totals at the last report.
	reported struct{ received, lost uint64 }
	// rated are the bytes that had come when the rate was published, and when.
	rated struct {
		bytes uint64
		at    media.Instant
	}
}

// rateOver is how long a layer's rate is the mean of, a tick more at most.
const rateOver = time.Second

// publishRate publishes the layer's rate when it is due. After a pause, or under
// another SSRC, it begins anew.
func (l *layer) publishRate(now media.Instant) {
	r := &l.rated
	_, bytes, _ := l.stats.Totals()
	over := now.Sub(r.at)
	switch {
	case over < rateOver && bytes >= r.bytes:
		return
	case over <= 2*rateOver && bytes >= r.bytes:
		l.rate.Store((bytes - r.bytes) * 8 * uint64(time.Second) / uint64(over))
	}
	r.bytes, r.at = bytes, now
}

func newLayer(t *track, index int) *layer {
	l := &layer{track: t, index: uint8(index), head: noPacket}
	limit := media.DefaultVideoCache
	if t.kind == media.KindAudio {
		limit = media.DefaultAudioCache
	}
	l.cache = media.NewCache(limit, media.DefaultCacheKeep)
	return l
}

// takeSets keeps the parameter sets of an H264 packet and completes what is
// known of a key frame. Those of another payload type or profile are not its own.
func (l *layer) takeSets(params *media.CodecParams, payload []byte, ts media.Ticks, late bool, f *media.Facts) {
	if !f.Sets && !f.Keyframe {
		return
	}
	if was := l.setsOf; was != params {
		if was != nil && (was.PT != params.PT || was.Profile != params.Profile) {
			l.sets.Reset()
		}
		l.setsOf = params
		l.sets.Add(params.ParamSets)
	}
	l.sets.Take(payload, ts, late, f)
}

// trackState is the owner's part of a track.
type trackState struct {
	// codecs is the list under which the caches were filled, see followCodecs;
	// told is the codec that the engine last heard of, and when; switched: another
	// has come since.
	codecs   *codecList
	told     *media.CodecParams
	toldAt   media.Instant
	switched bool
	// clocks are what the layers' watches made of them at the last tick.
	clocks media.LayerClocks
	// gap counts the times that packets were withheld; see sender.gap.
	gap      uint32
	withheld bool
	// leveled: packets of the microphone came with their level. Until then
	// guess, made with the first, stands in for it.
	leveled  bool
	guess    *media.VoiceGuess
	speaking media.Speaking
	use      sourceUse
}

// layerTimeout is how long a layer may be silent and still be offered to
// subscribers. Encoders drop a layer without a word when bandwidth is short.
const layerTimeout = 1500 * time.Millisecond

// watched reports whether some stream carries the layer.
func (l *layer) watched() bool {
	for _, st := range l.track.table.Load().streams {
		if st.carries(l.track) && st.tx.current == int8(l.index) {
			return true
		}
	}
	return false
}

// alive reports whether packets of the layer came lately.
func (l *layer) alive(now media.Instant) bool {
	return l.lastAt != 0 && now.Sub(l.lastAt) < layerTimeout
}

// extend gives a sequence number its place in the layer. A new SSRC starts a
// new stretch of numbers, far enough from the last to be no loss.
func (l *layer) extend(ssrc media.SSRC, seq media.Seq, repair bool, now media.Instant) media.ExtSeq {
	if !repair && (!l.started || l.ssrc != ssrc) {
		if l.started {
			l.since = now
			l.base += (l.unwrap.Highest()>>16 + 2) << 16
			l.unwrap = media.Unwrapper{}
			l.nack.Reset()
			l.stats, l.watch = media.ReceiveStats{}, media.ClockWatch{}
		} else {
			l.arrivals = new(arrivals)
		}
		l.ssrc, l.started = ssrc, true
	}
	return l.base + l.unwrap.Unwrap(seq)
}
