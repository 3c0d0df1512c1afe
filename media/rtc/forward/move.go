package forward

import (
	"runtime"
	"time"
)

// moveEvery bounds how often a remote changes its worker.
const moveEvery = 200 * time.Millisecond

// requestMove is called by a worker that gets media of a remote which
// another worker owns: the peer's 4-tuple has changed.
func (r *Remote) requestMove(to *worker) {
	now := int64(to.loop.now)
	last := r.movedAt.Load()
	if now-last < int64(moveEvery) || !r.movedAt.CompareAndSwap(last, now) {
		return
	}
	r.group.onControl(r, func() { r.group.move(r, to) })
}

// move makes another worker the owner of a remote and all that is sent from
// its tracks. It runs on the control goroutine. Between the two owners there
// is none, and packets that come then are dropped; that is at most as long as
// a batch takes.
func (g *Group) move(s *Remote, to *worker) {
	from := s.owner.Load()
	if from == to || from == moving || !s.running() || !s.owner.CompareAndSwap(from, moving) {
		return
	}
	g.quiesce()
	s.owner.Store(to)
	to.post(command{kind: cmdAdopt, remote: s})
}

// quiesce returns when every worker has finished the batch it was handling at
// the time of the call, if any. What was unlinked from all tables before can
// not be in use after. A worker that is added meanwhile begins after that.
func (g *Group) quiesce() {
	for _, w := range g.workers() {
		e := w.epoch.Load()
		if e&1 == 0 {
			continue
		}
		for i := 0; w.epoch.Load() == e; i++ {
			if i < 100 {
				runtime.Gosched()
			} else {
				time.Sleep(20 * time.Microsecond)
			}
		}
	}
}
