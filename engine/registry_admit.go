package engine

import (
	"context"
	"errors"
	"time"

	"parley/actors"
	"parley/engine/wire"
)

// Who may enter is settled before a room hears of it: by the Authority in a task, or
// at once where there is none.

// maxAdmissions bounds those of whom it is not known yet whether they may enter:
// each holds an offer. One that the Authority does not come back from keeps its place
// (Figures.Overdue); who waits for it is told after Times.Join.
const maxAdmissions = 1024

// retryAdmit is when trying again makes sense for who could not be decided about.
const retryAdmit = 2 * time.Second

// askAuthority begins to find out whether somebody may enter.
func (g *registryState) askAuthority(ctx *actors.Context[registryMsg], msg joinRoom) {
	switch {
	case g.stopping != nil:
		msg.refuse(errStops, 0)
		return
	case len(g.admitting) >= maxAdmissions:
		msg.refuse(refuse(wire.CodeServerBusy, "too many ask to be let in"), retryAdmit)
		return
	}
	g.admitting[msg.signal] = msg
	e := g.env
	ctx.Go(func(ctx context.Context) registryMsg {
		grant, err := e.ask(ctx, msg)
		msg.may = grant.May
		return admitted{msg, err}
	})
}

// ask asks the Authority about a join, while its connection is there. It runs in a
// task.
func (e *env) ask(ctx context.Context, msg joinRoom) (grant Grant, err error) {
	ctx, cancel := context.WithTimeout(ctx, e.times.Admit)
	defer cancel()
	if !msg.signal.asking(cancel) {
		return grant, context.Canceled
	}
	defer msg.signal.asking(nil)
	to := Entry{Room: msg.room, Name: msg.req.Name, Identity: msg.req.Identity}
	if msg.req.Echo {
		to.Room = ""
	}
	err = e.guarded(ctx, "authority", &e.meters.authority, func(ctx context.Context) (err error) {
		grant, err = e.authority.Admit(ctx, msg.signal.info.Principal, to)
		return err
	})
	if errors.Is(err, context.DeadlineExceeded) {
		err = refuse(wire.CodeUnavailable, "it takes too long to find out who may enter")
	}
	return grant, err
}

func (g *registryState) onAdmitted(ctx *actors.Context[registryMsg], msg admitted) {
	if _, waits := g.admitting[msg.join.signal]; !waits {
		return // sent away meanwhile
	}
	delete(g.admitting, msg.join.signal)
	switch {
	case msg.join.gone():
		g.env.meters.joins.add("gone")
	case msg.err != nil:
		wait := time.Duration(0)
		if CodeOf(msg.err) == wire.CodeUnavailable {
			wait = retryAdmit
		}
		msg.join.refuse(msg.err, wait)
	default:
		g.enterRoom(ctx, msg.join)
	}
}

// dismissAsking sends those away of whom it is not known yet whether they may enter.
func (g *registryState) dismissAsking() {
	for _, join := range g.admitting {
		join.refuse(errStops, 0)
	}
	clear(g.admitting)
}
