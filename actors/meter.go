package actors

import "sync/atomic"

// meter measures the share of time a loop is busy. work and rest are called by
// the loop only, once per sleep and not per message; reading may happen any time
// and is then off by at most the stretch that ends right now.
type meter struct {
	total atomic.Int64 // nanoseconds of finished busy stretches
	since atomic.Int64 // clock + 1 at the start of the current one, 0 at rest

	// Start of the window for Figures and the last share; guarded by
	// System.sampling.
	windowAt, windowBusy int64
	share                float64
}

func (m *meter) work(now int64) { m.since.Store(now + 1) }

func (m *meter) rest(now int64) {
	if since := m.since.Swap(0); since != 0 {
		m.total.Add(max(now+1-since, 0))
	}
}

// busy is the nanoseconds of work until now.
func (m *meter) busy(now int64) int64 {
	total := m.total.Load()
	if since := m.since.Load(); since != 0 {
		total += max(now+1-since, 0)
	}
	return total
}

// window is the shortest time over which a share is given.
const window = int64(1e9)

// sample returns the share of the window's time that was busy, 0 … 1.
func (m *meter) sample(now int64) float64 {
	span := now - m.windowAt
	if span < window/10 {
		return m.share
	}
	busy := m.busy(now)
	m.share = min(max(float64(busy-m.windowBusy)/float64(span), 0), 1)
	if span >= window {
		m.windowAt, m.windowBusy = now, busy
	}
	return m.share
}
