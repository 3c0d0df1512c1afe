package engine

import (
	"net/netip"
	"sync/atomic"
	"time"

	"parley/engine/wire"
)

// Rooms are common property too: whoever comes first could take them all. So
// an address may have opened so many of those that run, and when the server is
// full, rooms that cost nobody a conversation give way to a newcomer: those that
// nobody is in, and then those with one member of the address that has most such
// rooms, oldest first, as long as it keeps more rooms than the newcomer has.

// occupancy is what a room lets the registry know of itself. The room writes it
// after every message, people first.
type occupancy struct {
	people  atomic.Int32 // members, newcomers, and who left within the last Times.Record
	handled atomic.Uint64
}

func (o *occupancy) set(people int, handled uint64) {
	o.people.Store(int32(people))
	o.handled.Store(handled)
}

// settled returns how many people there are if nobody else is on the way in:
// until the next message from the registry it can only become less.
func (o *occupancy) settled(sent uint64) (people int, ok bool) {
	if o.handled.Load() != sent {
		return 0, false
	}
	return int(o.people.Load()), true
}

// opening says who opens a room. An invalid source counts for nobody.
type opening struct {
	source netip.Prefix
	order  uint64 // rises
}

// admit decides whether one more room may be opened, and makes place for it.
func (g *registryState) admit(source netip.Prefix) error {
	limits := &g.env.limits
	if source.IsValid() && limits.AddressRooms > 0 && g.openers[source] >= limits.AddressRooms {
		g.env.meters.limited.add("address_rooms")
		return refuse(wire.CodeTooManyRooms, "this address has all the rooms it may have")
	}
	if len(g.rooms)-g.ending < limits.Rooms {
		return nil
	}
	victim := g.leastMissed(source)
	if victim == nil {
		g.env.meters.limited.add("rooms")
		return refuse(wire.CodeServerFull, "the server has all the rooms it may have")
	}
	g.makeYield(victim)
	return nil
}

// leastMissed returns the room that gives way to one that source opens, nil if
// none has to.
func (g *registryState) leastMissed(source netip.Prefix) (victim *roomEntry) {
	rank := func(e *roomEntry, people int) int { // more gives way sooner
		if people == 0 {
			return 1 + g.env.limits.Rooms
		}
		return g.openers[e.opening.source]
	}
	best := g.openers[source] + 1 // it keeps more than the newcomer gets
	for _, e := range g.rooms {
		people, ok := e.journal.occupancy.settled(e.sent)
		if !ok || e.claim != nil || e.ending != nil || people > 1 {
			continue
		}
		n := rank(e, people)
		if n > best || victim != nil && n == best && e.opening.order < victim.opening.order {
			victim, best = e, n
		}
	}
	return victim
}

// makeYield ends a room for the sake of another.
func (g *registryState) makeYield(e *roomEntry) {
	g.env.meters.yielded.Add(1)
	g.endRoom(e, yieldRoom{})
}

func (g *registryState) count(e *roomEntry) {
	if e.opening.source.IsValid() {
		g.openers[e.opening.source]++
	}
}

// uncount takes a room from its opener's.
func (g *registryState) uncount(e *roomEntry) {
	source := e.opening.source
	if !source.IsValid() {
		return
	}
	if g.openers[source]--; g.openers[source] == 0 {
		delete(g.openers, source)
	}
}

// waitToOpen is when a refused newcomer may try again.
func waitToOpen(err error) time.Duration {
	if CodeOf(err) == wire.CodeTooManyRooms {
		return 10 * time.Second
	}
	return time.Second
}
