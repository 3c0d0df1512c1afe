package rtc

import (
	"parley/media/rtc/forward"
	"parley/media/udp"
)

// What forwards, as a server's users know it; see package forward.
type (
	Publisher     = forward.Publisher
	Placement     = forward.Placement
	Quality       = forward.Quality
	Feed          = forward.Feed
	FeedSource    = forward.FeedSource
	Tap           = forward.Tap
	TapOptions    = forward.TapOptions
	TapPacket     = forward.TapPacket
	Link          = forward.Link
	PacketOut     = udp.PacketOut
	WorkerFigures = forward.WorkerFigures
)

// ErrFeed: a feed is not possible as it was asked for.
var ErrFeed = forward.ErrFeed

// Why a seat carries the layer it does, as told with MediaLayer.
const (
	LayerStarted = forward.LayerStarted
	LayerSize    = forward.LayerSize
	LayerGone    = forward.LayerGone
)

// What Session.PictureProblem says.
const (
	NoMedia    = forward.NoMedia
	NoKeyframe = forward.NoKeyframe
)
