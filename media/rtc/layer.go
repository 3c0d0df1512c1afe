package rtc

import "parley/media"

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
	base    media.ExtSeq
	unwrap  media.Unwrapper
	nack    media.NackTracker
	cache   media.Cache
	stats   media.ReceiveStats
	rate    rateMeter
	lastAt  media.Instant // newest packet
	width   int           // of the newest key frame, 0: unknown
	height  int
	request keyframeRequest

	// head and tail are the layer's packets in the batch at hand.
	head, tail int16
}

// trackState is the owner's part of a track.
type trackState struct {
	clocks media.LayerClocks
	// gap counts the times that packets were withheld; see sender.gap.
	gap      uint32
	withheld bool
	speaking media.Speaking
	// watched says that some stream shows the track, as of the last tick.
	watched bool
}

// layerTimeout is how long a layer may be silent and still be offered to
// subscribers. Encoders drop a layer without a word when bandwidth is short.
const layerTimeout = 1500 * 1000 * 1000 // ns

// alive reports whether packets of the layer came lately.
func (l *layer) alive(now media.Instant) bool {
	return l.lastAt != 0 && now-l.lastAt < layerTimeout
}

// extend gives a sequence number its place in the layer. A new SSRC starts a
// new stretch of numbers, far enough from the last to be no loss.
func (l *layer) extend(ssrc media.SSRC, seq media.Seq, repair bool) media.ExtSeq {
	if !repair && (!l.started || l.ssrc != ssrc) {
		if l.started {
			l.base += (l.unwrap.Highest()>>16 + 2) << 16
			l.unwrap = media.Unwrapper{}
			l.nack.Reset()
			l.stats = media.ReceiveStats{}
		}
		l.ssrc, l.started = ssrc, true
	}
	return l.base + l.unwrap.Unwrap(seq)
}

// rateMeter counts bytes over half-second windows.
type rateMeter struct {
	since media.Instant
	bytes uint64
	rate  media.BitsPerSecond
}

const rateWindow = 500 * 1000 * 1000 // ns

func (r *rateMeter) add(n int, now media.Instant) {
	if r.since == 0 {
		r.since = now
	}
	r.bytes += uint64(n)
	if d := now - r.since; d >= rateWindow {
		r.rate = media.BitsPerSecond(r.bytes * 8 * 1e9 / uint64(d))
		r.bytes, r.since = 0, now
	}
}

// keyframeRequest throttles requests to one layer.
type keyframeRequest struct {
	wanted bool
	at     media.Instant // last request, 0: never
}

// keyframeEvery is the least time between two requests to a layer: a key
// frame costs as much as a second of pictures.
const keyframeEvery = 500 * 1000 * 1000 // ns

// take reports whether a request may be sent now, and notes it as sent.
func (k *keyframeRequest) take(now media.Instant) bool {
	if !k.wanted || k.at != 0 && now-k.at < keyframeEvery {
		return false
	}
	k.wanted, k.at = false, now
	return true
}
