package engine

import (
	"time"

	"parley/actors"
)

// pace spaces out something a room does for all its members: the first time at
// once, then not sooner than every interval. No timer runs while there is
// nothing to do.
type pace struct {
	last  time.Time
	timer *actors.Timer[roomMsg]
}

// ready reports whether it may be done now. If not, it sets a timer that sends
// msg, whose handler must call due.
func (p *pace) ready(ctx *actors.Context[roomMsg], every time.Duration, msg roomMsg) bool {
	if p.timer != nil {
		return false
	}
	now := ctx.Now()
	if wait := p.last.Add(every).Sub(now); wait > 0 {
		p.timer = ctx.After(wait, msg)
		return false
	}
	p.last = now
	return true
}

// due tells that the timer has fired.
func (p *pace) due() { p.timer = nil }
