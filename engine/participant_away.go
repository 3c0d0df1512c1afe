package engine

import (
	"time"

	"parley/actors"
)

// awayState is there while the participant's socket is lost.
type awayState struct {
	since time.Time
	timer *actors.Timer[participantMsg]
}

// onSignalLost begins the time within which the client may resume.
func (p *participantState) onSignalLost(ctx *actors.Context[participantMsg], msg signalLost) {
	if msg.signal != p.signal || p.away != nil {
		return // an old connection, replaced by a resume
	}
	p.away = &awayState{since: ctx.Now()}
	_ = p.room.Tell(memberAway{p.id, p.signal}, actors.Wait(controlWait))
	p.onAwayCheck(ctx)
}

func (p *participantState) onSignalAttached(msg signalAttached) {
	p.signal = msg.signal
	if p.away != nil {
		p.away.timer.Stop()
		p.away = nil
	}
}

// onAwayCheck ends the participant when its time is over, and otherwise looks
// again when it may be.
func (p *participantState) onAwayCheck(ctx *actors.Context[participantMsg]) {
	if p.away == nil {
		return
	}
	wait := p.deadline().Sub(ctx.Now())
	if wait <= 0 {
		_ = p.room.Tell(memberLost{p.id, p.signal}, actors.Wait(controlWait))
		wait = p.env.times.Silence // in case the room could not take it
	}
	p.away.timer = ctx.After(wait, awayCheck{})
}

// deadline is when a participant without socket is given up: after the resume
// window, or earlier when its media has been silent for long. Who never had
// media has the silence time from the loss on.
func (p *participantState) deadline() time.Time {
	heard := p.away.since
	if p.session != nil {
		if seen := p.session.LastSeen(); seen.After(heard) {
			heard = seen
		}
	}
	window, silence := p.away.since.Add(p.env.times.Resume), heard.Add(p.env.times.Silence)
	if silence.Before(window) {
		return silence
	}
	return window
}
