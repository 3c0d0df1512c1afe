package rtc

import (
	"time"

	"parley/media"
)

// layer is one encoding of a track: a simulcast layer, or the whole track.
// All of it belongs to the owner of the track's session but what is set when
// it is made (track, index, rid).
type layer struct {
	track *track
	index uint8
	rid   string // empty without simulcast

	ssrc    media.SSRC // of the media; valid if started
	started bool
	// base is added to unwrapped sequence numbers: it grows when the client
	// starts anew under another SSRC, so that numbers never repeat.
	base   media.ExtSeq
	unwrap media.Unwrapper
	nack   media.NackTracker
	cache  media.Cache
	stats  media.ReceiveStats
	watch  media.ClockWatch
	lastAt media.Instant // newest packet
	width  int           // of the newest key frame, 0: unknown
	height int
	gate   keyframeGate
	cut    bool // left out until a key frame, see sourceRate
	// reported are stats' totals at the last report.
	reported struct{ received, lost uint64 }

	// head and tail are the layer's packets in the batch at hand.
	head, tail int16
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

// trackState is the owner's part of a track.
type trackState struct {
	// clocks are what the layers' watches made of them at the last tick.
	clocks media.LayerClocks
	// gap counts the times that packets were withheld; see sender.gap.
	gap      uint32
	withheld bool
	speaking media.Speaking
	// leveled: packets of the microphone came with their level. Until then
	// guess stands in for it.
	leveled bool
	guess   media.VoiceGuess
	use     sourceUse
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
func (l *layer) extend(ssrc media.SSRC, seq media.Seq, repair bool) media.ExtSeq {
	if !repair && (!l.started || l.ssrc != ssrc) {
		if l.started {
			l.base += (l.unwrap.Highest()>>16 + 2) << 16
			l.unwrap = media.Unwrapper{}
			l.nack.Reset()
			l.stats, l.watch = media.ReceiveStats{}, media.ClockWatch{}
		}
		l.ssrc, l.started = ssrc, true
	}
	return l.base + l.unwrap.Unwrap(seq)
}
