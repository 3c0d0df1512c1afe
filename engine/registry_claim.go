package engine

import (
	"context"
	"slices"
	"time"

	"parley/actors"
	"parley/engine/wire"
)

// On a server that is not alone it takes time to know whose a room is, and nobody
// else may wait for that:
//
//	           ours              lease lost, nobody there
//	claiming ────────▶ running ─────────────────────────▶ ending
//	    │ another's, nobody knows, nobody waits any more
//	    ▼
//	forgotten
//
// Who wants to enter meanwhile waits in the room's entry. Rooms that run depend on
// no claim: whatever becomes of the directory, they go on until it says that the
// lease is lost.

// maxWaiting bounds those who wait for claims, all rooms together: each holds an
// offer. Where the Directory does not come back from a claim they keep their places
// (Figures.Overdue) and are told after Times.Join.
const maxWaiting = 2048

// retryClaim is when trying again makes sense for who was refused with a claim.
const retryClaim = time.Second

var (
	errMoved       = refuse(wire.CodeMoved, "the room belongs to another node")
	errUnavailable = refuse(wire.CodeUnavailable, "it is not known whose the room is")
	errStops       = refuse(wire.CodeDraining, "the server stops")
)

// claim asks whose a room is.
type claim struct {
	waiting []entrant
	// lease and err are the task's until it has ended, and then the registry's.
	lease Lease
	err   error
}

// verdict says why the room can not be opened here, nil if it can.
func (c *claim) verdict() error {
	switch {
	case c.err != nil || c.lease == nil:
		return errUnavailable
	case !c.lease.Mine():
		return errMoved
	}
	return nil
}

// askWhose begins the claim of a room.
func (g *registryState) askWhose(ctx *actors.Context[registryMsg], entry *roomEntry) {
	e, name, c := g.env, entry.name, &claim{}
	entry.claim = c
	ctx.Go(func(ctx context.Context) registryMsg {
		ctx, cancel := context.WithTimeout(ctx, e.times.Claim)
		defer cancel()
		c.err = e.guarded(ctx, "directory", &e.meters.directory, func(ctx context.Context) (err error) {
			c.lease, err = e.directory.Claim(ctx, name)
			return err
		})
		return claimed{entry}
	})
}

// await keeps somebody until the claim is decided.
func (g *registryState) await(entry *roomEntry, who entrant) {
	switch {
	case g.stopping != nil:
		who.refuse(errStops, 0)
	case g.waiting >= maxWaiting:
		who.refuse(refuse(wire.CodeServerBusy, "too many wait for rooms to be found"), retryClaim)
	default:
		g.waiting++
		entry.claim.waiting = append(entry.claim.waiting, who)
	}
}

func (g *registryState) onClaimed(ctx *actors.Context[registryMsg], entry *roomEntry) {
	c := entry.claim
	entry.claim = nil
	g.waiting -= len(c.waiting)
	err := c.verdict()
	if err == nil {
		entry.lease = c.lease
	} else {
		g.logClaim(ctx, entry, c)
	}
	here := slices.DeleteFunc(c.waiting, entrant.gone)
	if err == nil && len(here) > 0 {
		err = g.start(ctx, entry)
	}
	if err != nil || len(here) == 0 {
		g.forget(entry)
	} else {
		g.watchLease(ctx, entry)
	}
	for _, who := range here {
		if err != nil {
			who.refuse(err, retryClaim)
		} else {
			g.enter(entry, who)
		}
	}
}

func (g *registryState) logClaim(ctx *actors.Context[registryMsg], entry *roomEntry, c *claim) {
	if c.lease != nil && c.err == nil {
		ctx.Log().Info("the room belongs to another node", "room", roomLabel(entry.name), "owner", c.lease.Owner())
	} else {
		ctx.Log().Warn("room not claimed", "room", roomLabel(entry.name), "error", c.err)
	}
}

// watchLease has the registry told when a lease is lost.
func (g *registryState) watchLease(ctx *actors.Context[registryMsg], entry *roomEntry) {
	lost := entry.lease.Lost()
	ctx.Go(func(ctx context.Context) registryMsg {
		select {
		case <-lost:
		case <-ctx.Done():
		}
		return leaseLost{entry}
	})
}

// onLeaseLost ends a room that is not ours any more. Its people come back, and
// find it where it is then.
func (g *registryState) onLeaseLost(ctx *actors.Context[registryMsg], entry *roomEntry) {
	if g.rooms[entry.name] != entry || entry.ending != nil {
		return // it has ended, or does already
	}
	ctx.Log().Warn("lease lost, the room ends here", "room", roomLabel(entry.name))
	g.endRoom(entry, moveRoom{})
}

// dismissWaiting sends those away who wait for claims; the claims themselves go on.
func (g *registryState) dismissWaiting() {
	for _, entry := range g.rooms {
		if c := entry.claim; c != nil {
			for _, who := range c.waiting {
				who.refuse(errStops, 0)
			}
			g.waiting -= len(c.waiting)
			c.waiting = nil
		}
	}
}

// Stopped gives back what the last claims brought. Their tasks have ended.
func (g *registryState) Stopped(*actors.Context[registryMsg], error) {
	g.dismissAsking()
	g.dismissWaiting()
	for _, entry := range g.rooms {
		if c := entry.claim; c != nil && c.verdict() == nil {
			c.lease.Release()
		}
	}
}
