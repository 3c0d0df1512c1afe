package forward

import (
	"sync/atomic"
	"time"
)

// Quality is how a session did since it was last asked.
type Quality struct {
	// UpLoss and DownLoss are the shares of packets lost on the way to us
	// and from us, before repair, 0 … 1.
	UpLoss, DownLoss float64
	// RTT is the smoothed round trip, 0 if unknown.
	RTT time.Duration
	// Packets is how many packets the shares are of, both ways; 0 means
	// that there is nothing to judge.
	Packets uint64
}

// quality collects what reports say. Workers add, the engine takes.
type quality struct {
	up, down lossMeter
	rtt      atomic.Int64
}

type lossMeter struct{ expected, lost atomic.Uint64 }

func (m *lossMeter) add(expected, lost uint64) {
	m.expected.Add(expected)
	m.lost.Add(min(lost, expected))
}

// take returns the share lost since the last call, and of how many.
func (m *lossMeter) take() (share float64, expected uint64) {
	expected = m.expected.Swap(0)
	lost := m.lost.Swap(0)
	if expected == 0 {
		return 0, 0
	}
	return min(float64(lost)/float64(expected), 1), expected
}

// Quality returns the figures since the last call.
func (r *Remote) Quality() Quality {
	q := Quality{RTT: time.Duration(r.quality.rtt.Load())}
	var up, down uint64
	q.UpLoss, up = r.quality.up.take()
	q.DownLoss, down = r.quality.down.take()
	q.Packets = up + down
	return q
}
