package engine

import (
	"context"
	"net/netip"
	"time"

	"parley/engine/wire"
)

// Conn is one signalling connection as the engine sees it. All methods may be
// called from any goroutine and never block: a connection queues what it is
// given up to its bound and ends itself beyond it, without a word, for its peer
// does not listen.
type Conn interface {
	// Send queues f, or what it takes of it: JSON, or the message. It reports false
	// when the connection is gone.
	Send(f *wire.Frame) bool
	// Close sends what is queued, then a close frame with the WebSocket
	// status code (1000, 1008, 4000 …) and reason, then ends the connection.
	Close(status int, reason string)
}

// AddressRate bounds how often each address (IPv6: each /64) may do something.
// Its methods may be called from any goroutine; an invalid address is exempt.
type AddressRate interface {
	// AllowN counts n events of addr, all or none. If they are too many it returns
	// how long to wait.
	AllowN(addr netip.Addr, now time.Time, n int) (wait time.Duration, ok bool)
	// WaitN returns how long addr would have to wait, and counts nothing.
	WaitN(addr netip.Addr, now time.Time, n int) time.Duration
}

// Media is the packet side as the engine sees it.
type Media interface {
	// Open answers an offer and starts a session. id is the participant's.
	// Errors carry a wire.Code where the offer is at fault (see CodeOf).
	Open(ctx context.Context, id string, offer MediaOffer, events MediaEvents) (session MediaSession, answer MediaAnswer, err error)
}

// MediaOffer is an SDP offer with the meaning of its sections. With neither Sources
// nor Seats (nil, both) that is to be inferred from the SDP: what sends is the
// microphone, the camera, then screen_audio and screen, in the order of the
// sections; those that receive pair up into seats.
type MediaOffer struct {
	SDP     string
	Sources map[wire.Source]wire.SourceSection
	Seats   []wire.SeatMIDs
	// Shared are the codecs of pictures that all in the room take who watch
	// (see MediaSession.SeatCodecs): of these the offer's order counts.
	Shared []string
}

// MediaAnswer is what an offer led to.
type MediaAnswer struct {
	SDP string
	// Sources and Seats are those of the offer, named or inferred from its
	// sections, but for those that were rejected.
	Sources map[wire.Source]wire.SourceSection
	Seats   []wire.SeatMIDs
	// Problems are the sections that were rejected although the client wants
	// them; what they were for is as if it had not been offered.
	Problems []wire.SectionProblem
}

// MediaSession is one participant's connection on the packet side. Methods
// may be called from any goroutine. The participant calls Offer, SeatCodecs,
// SetMuted and Close, the room Place, Vacate and Quality; calls of the two may overlap.
type MediaSession interface {
	// Offer renegotiates: other sources, seats and codecs, an ICE restart.
	Offer(ctx context.Context, offer MediaOffer) (answer MediaAnswer, err error)
	// Codec returns the encoding name of what is sent for a source, empty if the
	// participant can not send it.
	Codec(source wire.Source) string
	// CanDecode reports whether a seat of this session takes the codec in
	// which from sends a source. Seats may differ, and so may the profiles of
	// one codec.
	CanDecode(seat int, from MediaSession, source wire.Source) bool
	// SeatCodecs returns the encoding names of the codecs that a seat takes for
	// pictures; none if it is for sound only. The caller may change the list.
	SeatCodecs(seat int) []string
	// SeatHears reports whether a seat takes sound: not if the client has stopped
	// that half of it.
	SeatHears(seat int) bool
	// PictureProblem says why no picture of what from sends for a source comes
	// to a seat of this session although it is on and can be decoded; empty: it
	// comes, or is about to.
	PictureProblem(seat int, from MediaSession, source wire.Source) wire.Problem
	// SetMuted stops or resumes the forwarding of a source.
	SetMuted(source wire.Source, muted bool)
	// Place makes seat carry what p says from the next key frame on; it
	// replaces what sat there. Place on an occupied seat with the same
	// From and Source only changes Video and size.
	Place(seat int, p Placement)
	// Vacate empties a seat.
	Vacate(seat int)
	// LastSeen is when the last authenticated packet came in.
	LastSeen() time.Time
	// LastSent is when the last packet of what the seats carry went out, zero
	// if none did.
	LastSent() time.Time
	// Quality returns figures since the last call.
	Quality() MediaQuality
	// Close ends the session and frees all it holds. It may be called twice.
	Close()
}

// Placement says what a seat carries.
type Placement struct {
	From   MediaSession
	Source wire.Source // Camera (with Microphone) or Screen (with ScreenAudio)
	Video  bool        // false: only the sound
	// Width and Height in device pixels choose the simulcast layer.
	Width, Height int
	// Rank is the place in the viewer's view, 1 for what it names first, 0 for what it
	// does not name.
	Rank int
}

// MediaQuality is how a session did since it was last asked.
type MediaQuality struct {
	UpLoss, DownLoss float64       // 0 … 1
	RTT              time.Duration // 0: unknown
	Packets          uint64        // both ways; 0 means nothing to judge
}

// MediaEvents is called by the packet side. Calls never block and may come
// from any goroutine.
type MediaEvents interface {
	// MediaConnected: ICE and DTLS are done; also after an ICE restart.
	MediaConnected()
	// MediaFailed: the session is over (DTLS failed, ICE timed out).
	MediaFailed(err error)
	// MediaSpeaking: the microphone's smoothed level crossed the speaking
	// threshold, or a speaker's level moved by more than 6 dB.
	// level is dB below overload, 0 … 127.
	MediaSpeaking(speaking bool, level int)
	// MediaLayer: a seat of this session now carries another layer. reason is
	// one of wire.LayerReason.
	MediaLayer(seat int, layer string, width, height int, reason string)
	// MediaLimited: a source of this session, one of wire.Source, sends more
	// than limit bits per second, and less of it reaches its viewers.
	MediaLimited(source string, limit uint64)
	// MediaMuted: a picture of this session has been sent for a minute though
	// it is muted.
	MediaMuted(source string)
	// MediaProblem: what CanDecode or PictureProblem say of a source of this
	// session may have changed for some who have it in a seat.
	MediaProblem(source string)
}
