package forward

import "sync"

// handovers passes on streams that some worker may still send on. Each waits
// until every worker has ended the batch it was in when the stream was taken
// out of its last table; one wait serves all that came meanwhile, so that a
// room which reseats everybody waits for none of it:
//
//	unlinked, next = new ──add──▶ waiting ──quiesce──▶ holder = new, linked
type handovers struct {
	wake chan struct{} // capacity 1: something waits

	mu      sync.Mutex // guards what follows and every stream's round
	round   uint64     // of what waits now
	waiting []*stream
}

func newHandovers() *handovers { return &handovers{wake: make(chan struct{}, 1)} }

// add queues a stream that is in no table; its guard is held.
func (h *handovers) add(st *stream) {
	h.mu.Lock()
	st.round = h.round
	h.waiting = append(h.waiting, st)
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// take begins the next round and returns what waited for this one.
func (h *handovers) take() (round uint64, waiting []*stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	round, waiting = h.round, h.waiting
	h.round++
	h.waiting = nil
	return round, waiting
}

// due reports whether st was not queued again since the round was taken: then
// it may have been in a table meanwhile, and waits for its own round.
func (h *handovers) due(st *stream, round uint64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return st.round == round
}

// runHandovers is a goroutine of the group's; it ends with Close. It waits for the
// workers' batches, and for who has a remote's mutex, as control must not: a moved
// remote would wait for its worker meanwhile.
func (g *Group) runHandovers() {
	for {
		select {
		case <-g.stop:
			return
		case <-g.handovers.wake:
			g.handOver()
		}
	}
}

// handOver passes on all that waits.
func (g *Group) handOver() {
	round, waiting := g.handovers.take()
	g.quiesce()
	for _, st := range waiting {
		g.passOn(st, round)
	}
}

// passOn links st to the track it is to carry, unless that has changed.
func (g *Group) passOn(st *stream, round uint64) {
	defer g.Contain("handover", st.exit.fail)
	guard := st.exit.guard()
	guard.Lock()
	defer guard.Unlock()
	if t := st.next; t != nil && g.handovers.due(st, round) {
		st.hold(t)
	}
}
