package engine

import (
	"log/slog"
	"time"

	"parley/actors"
	"parley/engine/wire"
)

const (
	roomMailbox = 4096
	// A room may crash five times within a minute; one more closes it.
	roomRestarts      = 5
	roomRestartWindow = time.Minute
)

// echoPrefix begins the names of setup tests' rooms; no client can name one.
const echoPrefix = ".echo-"

// roomState is the actor of one room. It decides everything its members see of
// each other; what must survive a crash of it is in the journal.
type roomState struct {
	env  *env
	j    *roomJournal
	self actors.Ref[roomMsg]
	log  *slog.Logger

	speakers  speakerList
	stage     *stage // nil: to be worked out
	toldVoice pace   // of speakers events
	seating   pace   // of passes over all seats
	empty     *actors.Timer[roomMsg]
	late      *actors.Timer[roomMsg]
	unsure    *actors.Timer[roomMsg] // of texts that take too long
	old       *actors.Timer[roomMsg] // of events
	quality   *actors.Timer[roomMsg] // nil while there is no media

	unsaid     int       // texts not stored since the log was told
	toldUnsaid time.Time // a full disk's log is not to grow with every text
}

// unsaidEvery is how often a room's log says that texts are not stored, at most.
const unsaidEvery = 10 * time.Second

func spawnRoom(ctx *actors.Context[registryMsg], e *env, j *roomJournal) (actors.Ref[roomMsg], error) {
	return actors.Spawn(ctx, actors.Spec[roomMsg]{
		Kind: "room", Name: roomLabel(j.name), Mailbox: roomMailbox,
		New: func() actors.Handler[roomMsg] {
			return &roomState{env: e, j: j}
		},
		Restart: actors.Restart{Max: roomRestarts, Within: roomRestartWindow}, KeepChildren: true,
	})
}

// Init starts from the journal: a new room's is empty, a restarted room's is
// not.
func (r *roomState) Init(ctx *actors.Context[roomMsg]) error {
	r.self, r.log = ctx.Self(), ctx.Log()
	if ctx.Restarts() == 0 {
		r.loadHistory(ctx.Now())
	} else {
		r.recover(ctx)
	}
	if r.j.echo {
		ctx.After(r.env.times.EchoRoom, echoOver{})
	}
	r.watchEmpty(ctx)
	r.j.tellOccupancy()
	return nil
}

func (r *roomState) Handle(ctx *actors.Context[roomMsg], msg roomMsg) {
	r.dispatch(ctx, msg)
	r.j.doing = doing{}
	r.takeInbox(ctx)
	r.settle(ctx)
}

// settle follows on whatever changed the room.
func (r *roomState) settle(ctx *actors.Context[roomMsg]) {
	r.settleSeats(ctx)
	r.watchTexts(ctx)
	r.watchEvents(ctx)
	r.j.tellOccupancy()
	r.j.tellLogged(r.env)
}

func (r *roomState) dispatch(ctx *actors.Context[roomMsg], msg roomMsg) {
	if _, ok := msg.(fromRegistry); ok {
		r.j.handled++ // before the handler, which may panic: it was dealt with
	}
	switch msg := msg.(type) {
	case joinRoom:
		r.onJoinRoom(ctx, msg)
	case resumeSession:
		r.onResumeSession(msg)
	case removeFromRoom:
		r.onRemoveFromRoom(ctx, msg.participant)
	case announceDrain:
		r.onAnnounceDrain(msg.in)
	case shutRoom:
		r.onShutRoom(ctx)
	case yieldRoom:
		r.onYieldRoom(ctx)
	case moveRoom:
		r.onMoveRoom(ctx)
	case panicHere:
		r.onPanicHere(msg.participant)
	case mediaOpened:
		r.onMediaOpened(ctx, msg)
	case mediaOffered:
		r.onMediaOffered(ctx, msg)
	case memberRequest:
		r.onMemberRequest(ctx, msg)
	case memberAway:
		r.onMemberAway(msg)
	case memberSilent:
		r.onMemberSilent(ctx, msg)
	case memberLost:
		r.onMemberLost(ctx, msg)
	case mediaUp:
		r.onMediaUp(ctx)
	case mediaFailed:
		r.onMediaFailed(ctx, msg.id)
	case voiceChanged:
		r.onVoiceChanged(ctx, msg)
	case layerChanged:
		r.onLayerChanged(msg)
	case sourceLimited:
		r.onSourceLimited(msg)
	case sourceWasted:
		r.onSourceWasted(msg)
	case sourceChanged:
		r.onSourceChanged(msg)
	default:
		r.onTimer(ctx, msg)
	}
}

// onTimer deals with the room's own messages. recordsWritten needs nothing
// here: the inbox is looked at after every message.
func (r *roomState) onTimer(ctx *actors.Context[roomMsg], msg roomMsg) {
	switch msg.(type) {
	case roomEmpty:
		r.onRoomEmpty(ctx)
	case echoOver:
		r.endAll(ctx, wire.CodeEnded, wire.ReasonRemoved, "the setup test took too long")
	case speakersDue:
		r.onSpeakersDue(ctx)
	case seatsDue:
		r.seating.due()
	case qualityDue:
		r.onQualityDue(ctx)
	case recordsLate:
		r.onRecordsLate(ctx)
	case textsLate:
		r.onTextsLate(ctx)
	case eventsOld:
		r.onEventsOld(ctx)
	}
}

// Exited is told of the end of participants.
func (r *roomState) Exited(ctx *actors.Context[roomMsg], exit actors.Exit) {
	r.onParticipantExited(ctx, exit)
	r.settle(ctx)
}

// onShutRoom ends everybody in order: out of the seats, told, recorded.
func (r *roomState) onShutRoom(ctx *actors.Context[roomMsg]) {
	for _, n := range r.j.joining {
		r.giveUp(ctx, n, refuse(wire.CodeDraining, "the server stops"))
	}
	r.endAll(ctx, wire.CodeShutdown, wire.ReasonShutdown, "the server stops")
	ctx.Stop(nil)
}

// onYieldRoom makes place on a full server.
func (r *roomState) onYieldRoom(ctx *actors.Context[roomMsg]) {
	for _, n := range r.j.joining {
		r.giveUp(ctx, n, refuse(wire.CodeServerFull, "the room gave way to another"))
	}
	r.endAll(ctx, wire.CodeYielded, wire.ReasonRemoved, "the server is full: the room gave way to another")
	ctx.Stop(nil)
}

// Stopped ends what is left of an orderly stopped room: nothing, unless it was
// too busy to shut down.
func (r *roomState) Stopped(ctx *actors.Context[roomMsg], _ error) {
	r.j.close(r.env, closing{
		code: wire.CodeShutdown, reason: wire.ReasonShutdown, message: "the server stops", at: ctx.Now(),
	})
}

// recover makes a new handler fit the journal of the one that panicked.
func (r *roomState) recover(ctx *actors.Context[roomMsg]) {
	r.log.Warn("room restarted from its journal", "members", len(r.j.members))
	r.failUnfinished(ctx)
	r.tellSpeakers()
	for _, m := range r.j.members {
		r.replaceAll(m)
		if m.session != nil {
			r.onMediaUp(ctx)
		}
	}
	r.watchRecords(ctx)
	r.settle(ctx)
}

// failUnfinished tells the client whose message the last handler panicked over.
func (r *roomState) failUnfinished(ctx *actors.Context[roomMsg]) {
	fault := refuse(wire.CodeInternal, "a fault of the server")
	d, n := r.j.doing, r.j.welcoming
	r.j.doing, r.j.welcoming = doing{}, nil
	if n != nil {
		delete(r.j.joining, n.m.id)
		if r.j.byID[n.m.id] == nil {
			r.j.add(n.m)
		}
		r.j.connect(n.m, n.signal)
		r.remove(ctx, n.m, departure{reason: wire.ReasonFailed, code: fault.code, message: fault.message})
	}
	for _, n := range r.j.joining {
		if n.signal == d.signal {
			r.giveUp(ctx, n, fault)
			return
		}
	}
	if d.signal != nil {
		d.signal.release()
		d.signal.refuse(d.id, fault.code, fault.message)
	}
}

// watchEmpty arms the end of a room that nobody is in.
func (r *roomState) watchEmpty(ctx *actors.Context[roomMsg]) {
	r.empty.Stop()
	if len(r.j.members) == 0 && len(r.j.joining) == 0 {
		wait := r.env.times.EmptyRoom
		if r.j.echo {
			wait = 0
		}
		r.empty = ctx.After(wait, roomEmpty{})
	}
}

// onRoomEmpty asks the registry for the end. It comes as a stop, or as shutRoom where the
// room has a lease, or not at all if somebody is on the way in. A room whose texts are on their way to disk stays:
// if it came to life again without them, who asks for one would be told of another.
func (r *roomState) onRoomEmpty(ctx *actors.Context[roomMsg]) {
	if len(r.j.members) > 0 || len(r.j.joining) > 0 {
		return
	}
	if len(r.j.sayings.texts) == 0 {
		_ = r.env.registry.Tell(roomIdle{r.j.name, r.j.handled}, actors.Drop)
	}
	r.empty = ctx.After(max(r.env.times.EmptyRoom, time.Second), roomEmpty{}) // if it was refused
}

// onPanicHere is the fault hook.
func (r *roomState) onPanicHere(participant string) {
	if participant == "" {
		panic("asked to")
	}
	if m := r.j.byID[participant]; m != nil {
		_ = m.ref.Tell(panicPlease{}, actors.Drop)
	}
}
