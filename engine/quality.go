package engine

import (
	"math"
	"time"

	"parley/engine/wire"
)

// score judges a connection. silent is how long nothing authenticated came
// from it. Empty: nothing to judge.
//
//	           loss    round trip
//	excellent  < 2 %   < 150 ms
//	good       < 6 %   < 400 ms
//	poor       beyond
//	lost       nothing came for 5 s
func score(q MediaQuality, silent time.Duration) wire.Score {
	loss := max(share(q.UpLoss), share(q.DownLoss))
	switch {
	case silent >= 5*time.Second:
		return wire.ScoreLost
	case q.Packets == 0:
		return ""
	case loss < 0.02 && q.RTT < 150*time.Millisecond:
		return wire.ScoreExcellent
	case loss < 0.06 && q.RTT < 400*time.Millisecond:
		return wire.ScoreGood
	}
	return wire.ScorePoor
}

// share brings a measured share into 0 … 1; NaN counts as 0.
func share(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return min(max(x, 0), 1)
}

// qualityOf is a participant's line in a quality event.
func qualityOf(id string, score wire.Score, q MediaQuality) wire.ParticipantQuality {
	round := func(x float64, unit float64) float64 { return math.Round(x*unit) / unit }
	return wire.ParticipantQuality{
		Participant: id,
		Score:       score,
		UpLoss:      round(share(q.UpLoss), 1e4),
		DownLoss:    round(share(q.DownLoss), 1e4),
		RTTMS:       round(max(0, q.RTT.Seconds()*1e3), 10),
	}
}
