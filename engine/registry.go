package engine

import (
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"parley/actors"
	"parley/engine/access"
	"parley/engine/wire"
)

const registryMailbox = 8192

// registryState is the actor that knows the rooms by name and is their parent.
type registryState struct {
	env   *env
	rooms map[string]*roomEntry
	byID  map[uint64]*roomEntry // by actor
	end   time.Time             // of the drain; zero: none
	// openers counts the rooms that an address opened and that do not end.
	openers map[netip.Prefix]int
	opened  uint64 // so far
	ending  int    // of rooms
	waiting int    // for claims, see registry_claim.go
	// admitting are those of whom it is not known yet whether they may enter.
	admitting map[*Signal]joinRoom
	// stopping is there when all rooms are to end.
	stopping *stopRooms
}

// roomEntry is a room as the registry sees it.
type roomEntry struct {
	name string
	ref  actors.Ref[roomMsg] // zero while it is being claimed
	// journal is the room's while it runs, but for its occupancy, and the
	// registry's before and after.
	journal *roomJournal
	sent    uint64
	opening opening
	claim   *claim // nil when it is known whose the room is
	lease   Lease  // nil where no claim is needed
	// ending is what the room was told so that it ends, nil while it goes on. Its
	// name is free when its actor has ended.
	ending fromRegistry
}

func spawnRegistry(sys *actors.System, e *env) (actors.Ref[registryMsg], error) {
	state := &registryState{env: e, rooms: make(map[string]*roomEntry), byID: make(map[uint64]*roomEntry), openers: make(map[netip.Prefix]int), admitting: make(map[*Signal]joinRoom)}
	return actors.Spawn(sys, actors.Spec[registryMsg]{
		Kind: "registry", Name: "registry", Mailbox: registryMailbox,
		// The registry's state outlives a panic of its own: rooms go on.
		New:     func() actors.Handler[registryMsg] { return state },
		Restart: actors.Restart{Max: 1000, Within: time.Minute}, KeepChildren: true,
	})
}

func (g *registryState) Handle(ctx *actors.Context[registryMsg], msg registryMsg) {
	switch msg := msg.(type) {
	case joinRoom:
		g.onJoinRoom(ctx, msg)
	case admitted:
		g.onAdmitted(ctx, msg)
	case resumeSession:
		g.onResumeSession(msg)
	case claimed:
		g.onClaimed(ctx, msg.entry)
	case leaseLost:
		g.onLeaseLost(ctx, msg.entry)
	case roomIdle:
		g.onRoomIdle(msg)
	case roomCall:
		g.onRoomCall(msg.call)
	case drainAll:
		g.onDrain(ctx, msg.in)
	case lastMinute:
		if msg.at.Equal(g.end) {
			g.announce(ctx.Now())
		}
	case stopRooms:
		g.onStopRooms(msg)
	case findRoom:
		msg.reply.Send(g.meant(msg.room))
	case panicNow:
		if entry := g.rooms[msg.room]; entry != nil {
			g.tell(entry, panicHere{msg.participant})
		}
	}
}

func (g *registryState) onJoinRoom(ctx *actors.Context[registryMsg], msg joinRoom) {
	// Which room is meant is settled first: it is that one he has to be let into.
	msg.room = g.meant(msg.req.Room)
	if msg.req.Echo {
		msg.room = echoPrefix + uuid.NewString()
	}
	if g.env.authority != nil {
		g.askAuthority(ctx, msg)
		return
	}
	msg.may = access.AllRights
	g.enterRoom(ctx, msg)
}

// enterRoom brings somebody in who may enter, and opens the room for him.
func (g *registryState) enterRoom(ctx *actors.Context[registryMsg], msg joinRoom) {
	entry := g.rooms[msg.room]
	if entry == nil {
		var err error
		if entry, err = g.open(ctx, msg.room, msg.req.Title, sourceOf(msg.signal.info.Addr)); err != nil {
			msg.refuse(err, max(waitToOpen(err), g.env.waitToDrain(err, ctx.Now())))
			return
		}
	}
	g.enter(entry, msg)
}

// enter hands somebody to the room, or has him wait until it is known whose it is.
func (g *registryState) enter(entry *roomEntry, who entrant) {
	switch {
	// What is told to a room that ends comes behind its end, and is answered by
	// nobody.
	case entry.ending != nil:
		who.refuse(beingClosed(entry), time.Second)
	case entry.claim != nil:
		g.await(entry, who)
	case !g.tell(entry, who):
		who.refuse(refuse(wire.CodeServerFull, "the room is overloaded"), time.Second)
	}
}

func beingClosed(entry *roomEntry) error {
	if _, moved := entry.ending.(moveRoom); moved {
		return errMoved
	}
	return refuse(wire.CodeServerFull, "the room is being closed")
}

// open makes a room, for source, who has typed title.
func (g *registryState) open(ctx *actors.Context[registryMsg], name, title string, source netip.Prefix) (*roomEntry, error) {
	if g.env.draining.Load() {
		return nil, refuse(wire.CodeDraining, "the server takes no new meetings")
	}
	if err := g.admit(source); err != nil {
		return nil, err
	}
	entry := &roomEntry{name: name, journal: newJournal(name, title, strings.HasPrefix(name, echoPrefix))}
	if g.env.directory != nil && !entry.journal.echo { // a setup test is nobody else's business
		g.askWhose(ctx, entry)
	} else if err := g.start(ctx, entry); err != nil {
		return nil, err
	}
	g.opened++
	entry.opening = opening{source, g.opened}
	g.rooms[name] = entry
	g.count(entry)
	g.env.meters.rooms.Add(1)
	return entry, nil
}

// start brings a room to life that is ours.
func (g *registryState) start(ctx *actors.Context[registryMsg], entry *roomEntry) error {
	ref, err := spawnRoom(ctx, g.env, entry.journal)
	if err != nil {
		return errStops
	}
	entry.ref = ref
	g.byID[ref.ID()] = entry
	return nil
}

// tell hands a message to a room and counts it.
func (g *registryState) tell(entry *roomEntry, msg fromRegistry) bool {
	if entry.ref.Tell(msg, actors.Drop) != nil {
		return false
	}
	entry.sent++
	return true
}

func (g *registryState) onResumeSession(msg resumeSession) {
	if entry := g.rooms[msg.token.room]; entry != nil {
		g.enter(entry, msg)
	} else {
		msg.signal.refuseResume(msg.req.ID)
	}
}

func (g *registryState) onRoomIdle(msg roomIdle) {
	entry := g.rooms[msg.name]
	if entry == nil || entry.ending != nil || entry.sent != msg.handled {
		return
	}
	if entry.lease != nil {
		// Another node may own it when it has ended, not before. Who comes in this
		// moment is told to come again.
		g.endRoom(entry, shutRoom{})
		return
	}
	g.forget(entry)
	entry.ref.Stop()
}

// endRoom makes a room end in order. Its name is free when its actor has ended: until
// then its records are not all written.
func (g *registryState) endRoom(entry *roomEntry, with fromRegistry) {
	entry.ending = with
	g.ending++
	g.uncount(entry)
	if !g.tell(entry, with) {
		entry.ref.Stop() // overloaded: end it as it is
	}
}

// forget takes a room out of the books, and gives its lease back. The actor of one
// without a lease may still be ending.
func (g *registryState) forget(entry *roomEntry) {
	if g.rooms[entry.name] != entry {
		return
	}
	delete(g.rooms, entry.name)
	if entry.ending != nil {
		g.ending--
	} else {
		g.uncount(entry)
	}
	if entry.lease != nil {
		entry.lease.Release()
	}
	g.env.meters.rooms.Add(-1)
}

// Exited is told of the end of a room, and of its restarts.
func (g *registryState) Exited(ctx *actors.Context[registryMsg], exit actors.Exit) {
	entry := g.byID[exit.ID]
	if entry == nil {
		return
	}
	if exit.Restarted {
		if entry.ending != nil {
			g.tell(entry, entry.ending) // it may have been lost in the panic
		}
		return
	}
	delete(g.byID, exit.ID)
	g.env.meters.logged.Add(-int64(entry.journal.logged))
	defer g.checkStopped()
	defer g.forget(entry) // only when the records are closed, whatever becomes of them
	if exit.Err != nil {
		// The room crashed too often. Its participants have been stopped; what
		// it knew is ours now.
		entry.journal.close(g.env, closing{
			code: wire.CodeInternal, reason: wire.ReasonFailed, message: "the room failed too often", at: ctx.Now(),
		})
	}
}

func (g *registryState) onStopRooms(msg stopRooms) {
	g.stopping = &msg
	g.dismissAsking()
	g.dismissWaiting()
	for _, entry := range g.byID {
		if !g.tell(entry, shutRoom{}) {
			entry.ref.Stop() // overloaded: end it as it is
		}
	}
	g.checkStopped()
}

func (g *registryState) checkStopped() {
	if g.stopping != nil && len(g.byID) == 0 {
		g.stopping.reply.Send(struct{}{})
	}
}

func (g *registryState) onRoomCall(call RoomCall) {
	if entry := g.rooms[call.Room]; entry != nil {
		g.tell(entry, removeFromRoom{call.Participant})
	}
}

func (g *registryState) onDrain(ctx *actors.Context[registryMsg], in time.Duration) {
	g.end = ctx.Now().Add(in)
	g.announce(ctx.Now())
	if in > time.Minute {
		ctx.After(in-time.Minute, lastMinute{g.end})
	}
}

func (g *registryState) announce(now time.Time) {
	for _, entry := range g.rooms {
		g.tell(entry, announceDrain{g.end.Sub(now)})
	}
}
