package engine

import (
	"time"

	"parley/actors"
)

// awayState is there while the participant's socket is lost.
//
//	          lost             nothing heard for Times.Silence
//	present ───────▶ away ────────────────────────────────────▶ silent
//	   ▲              │ resume                            resume │
//	   └──────────────┴──────────────────────────────────────────┘
//
// After Times.Resume it ends. To others a silent participant is gone, for most
// who lose everything at once do not come back; those who do find their session.
// Who has no media is never silent: nothing would be seen of it anyway.
type awayState struct {
	since  time.Time
	timer  *actors.Timer[participantMsg]
	silent bool // the room knows
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
	p.signal.carries(p.session)
	if p.away != nil {
		p.away.timer.Stop()
		p.away = nil
	}
}

// onAwayCheck ends the participant when its time is over, tells when it has
// fallen silent, and otherwise looks again when it may be.
func (p *participantState) onAwayCheck(ctx *actors.Context[participantMsg]) {
	if p.away == nil {
		return
	}
	now := ctx.Now()
	wait := p.away.since.Add(p.env.times.Resume).Sub(now)
	quiet := p.heard().Add(p.env.times.Silence).Sub(now)
	switch {
	case wait <= 0:
		_ = p.room.Tell(memberLost{p.id, p.signal}, actors.Wait(controlWait))
		wait = p.env.times.Silence // in case the room could not take it
	case p.session == nil || p.away.silent:
	case quiet > 0:
		wait = min(wait, quiet)
	default:
		p.away.silent = p.room.Tell(memberSilent{p.id, p.signal}, actors.Wait(controlWait)) == nil
		if !p.away.silent {
			wait = min(wait, controlWait)
		}
	}
	p.away.timer = ctx.After(wait, awayCheck{})
}

// heard is when something last came from a participant without socket.
func (p *participantState) heard() time.Time {
	heard := p.away.since
	if p.session != nil {
		if seen := p.session.LastSeen(); seen.After(heard) {
			heard = seen
		}
	}
	return heard
}
