package engine

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"parley/actors"
	"parley/engine/wire"
)

// Engine holds the rooms of this process. Its methods may be called from any
// goroutine.
type Engine struct {
	env *env
	sys *actors.System
}

// env is what rooms, participants and connections share. All fields are set
// before the first of them exists.
type env struct {
	media     Media
	records   Records
	directory Directory // nil: every room is ours
	bus       Bus
	authority Authority // nil: all may do all
	log       *slog.Logger
	version   string
	limits    Limits
	times     Times
	faults    bool
	registry  actors.Ref[registryMsg]
	joins     AddressRate
	offers    AddressRate // bytes
	texts     AddressRate // bytes stored
	meters    meters
	writes    writeCount
	draining  atomic.Bool
	drainEnd  atomic.Int64 // Unix nanoseconds; 0: there is none to tell of
}

// New starts an engine. Stop ends it.
func New(o Options) (*Engine, error) {
	if o.Media == nil || o.Records == nil {
		return nil, fmt.Errorf("engine: Options need Media and Records")
	}
	o.setDefaults()
	if o.Bus == nil {
		o.Bus = &soleNode{}
	}
	e := &Engine{sys: actors.NewSystem(actors.Options{Log: o.Log})}
	e.env = &env{
		media: o.Media, records: o.Records, directory: o.Directory, bus: o.Bus, authority: o.Authority,
		log: o.Log, version: o.Version, limits: o.Limits, times: o.Times, faults: o.Faults,
		joins:  o.NewRate(o.Limits.JoinRate, o.Limits.JoinBurst),
		offers: o.NewRate(o.Limits.AddressOfferRate, o.Limits.AddressOfferBurst),
		texts:  o.NewRate(rate.Limit(float64(o.Limits.AddressChatBytes)/historyAge.Seconds()), o.Limits.AddressChatBytes),
	}
	registry, err := spawnRegistry(e.sys, e.env)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	e.env.registry = registry
	e.env.bus.Receive(busNode{e.env})
	return e, nil
}

// Accept takes a new signalling connection. The caller passes what arrives to
// the Signal.
func (e *Engine) Accept(conn Conn, info ConnInfo) *Signal {
	if e.env.authority == nil {
		info.Principal = Principal{} // a secret, as long as a stranger likes, that nobody will ask for
	}
	return newSignal(e.env, conn, info)
}

// Figures returns a snapshot for the metrics page.
func (e *Engine) Figures() Figures {
	f := e.env.meters.figures()
	f.Actors, f.Draining = e.sys.Figures(), e.env.draining.Load()
	return f
}

// Ready reports whether new meetings are taken.
func (e *Engine) Ready() bool { return !e.env.draining.Load() }

// Drain stops new meetings and tells everyone that their connection ends in
// that time, once more a minute before, and who comes meanwhile. Running meetings
// go on, also for newcomers: whoever is late to one would find its people nowhere
// else. Stop does the rest.
func (e *Engine) Drain(in time.Duration) error {
	return e.env.bus.ToAll(NodeCall{DrainMS: in.Milliseconds()})
}

// Stop ends all meetings in order: participants are told, records closed and
// on disk. It returns when that is done or ctx is.
func (e *Engine) Stop(ctx context.Context) error {
	e.env.draining.Store(true)
	// Rooms end one by one on their own goroutines, seats first; what does not
	// make it in time is stopped as it is.
	if err := e.stopRooms(ctx); err != nil {
		e.env.log.Warn("rooms did not end in order", "error", err)
	}
	if err := e.sys.Stop(ctx); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	select {
	case <-e.env.writes.wait():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("engine: records not on disk yet: %w", ctx.Err())
	}
}

// stopRooms waits for the rooms for most of the time that ctx has.
func (e *Engine) stopRooms(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)*3/4)
		defer cancel()
	}
	_, err := actors.Ask(ctx, e.env.registry, func(r actors.Reply[struct{}]) registryMsg { return stopRooms{r} })
	if errors.Is(err, actors.ErrStopped) {
		return nil // stopped before
	}
	return err
}

// EndRoom ends the meeting in a room for all.
func (e *Engine) EndRoom(room string) error { return e.env.bus.ToOwner(RoomCall{Room: roomKey(room)}) }

// Remove takes a participant out of a room.
func (e *Engine) Remove(room, participant string) error {
	return e.env.bus.ToOwner(RoomCall{Room: roomKey(room), Participant: participant})
}

// maxRatingComment bounds a rating's comment, in bytes.
const maxRatingComment = 4000

// Holder returns the participant whose token it is, if it was in that meeting,
// else ErrNotYourself, whether there is such a meeting or not. token is the one
// of joined: it is good for the record as long as that is kept, in later runs
// of the server too. Other errors are the storage's.
func (e *Engine) Holder(meeting, token string) (participant string, err error) {
	shown, ok := parseToken(token)
	if !ok {
		return "", ErrNotYourself
	}
	ticket, err := e.env.records.Ticket(meeting, shown.participant)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", err
	}
	// Nobody's ticket is empty, and so are those of records older than tickets:
	// no hash is.
	if subtle.ConstantTimeCompare(ticket, ticketOf(shown.secret)) != 1 {
		return "", ErrNotYourself
	}
	return shown.participant, nil
}

// rateWait is how long a rating waits for a stuck disk. It may be kept later, and
// may be given again.
const rateWait = 5 * time.Second

// Rate keeps a participant's rating of a meeting, in place of an earlier one.
// stars are 1 … 5. Errors: ErrBadRating, those of Holder, the storage's, among
// them ErrUnknown when the disk takes too long.
func (e *Engine) Rate(ctx context.Context, meeting, token string, stars int, comment string) error {
	if stars < 1 || stars > 5 || len(comment) > maxRatingComment {
		return ErrBadRating
	}
	participant, err := e.Holder(meeting, token)
	if err != nil {
		return err
	}
	rating := Rating{Participant: participant, Stars: stars, Comment: wire.CleanText(comment), At: time.Now()}
	done := make(chan error, 1)
	if err := e.env.records.Rate(meeting, rating, func(err error) { done <- err }); err != nil {
		return err
	}
	over := time.NewTimer(rateWait)
	defer over.Stop()
	select {
	case err := <-done:
		return err
	case <-over.C:
		return ErrUnknown
	case <-ctx.Done():
		return ctx.Err()
	}
}

// PanicRoom makes a room's actor panic, if Options.Faults allows.
func (e *Engine) PanicRoom(room string) error { return e.panicIn(room, "") }

// PanicParticipant makes a participant's actor panic, if Options.Faults allows.
func (e *Engine) PanicParticipant(room, participant string) error {
	return e.panicIn(room, participant)
}

func (e *Engine) panicIn(room, participant string) error {
	if !e.env.faults {
		return ErrNoFaults
	}
	return e.env.registry.Tell(panicNow{roomKey(room), participant}, actors.Wait(time.Second))
}

// busNode is this process as the Bus sees it.
type busNode struct{ env *env }

func (n busNode) OnRoomCall(c RoomCall) error { return n.env.registry.Tell(roomCall{c}, actors.Drop) }

func (n busNode) OnNodeCall(c NodeCall) error {
	in := time.Duration(c.DrainMS) * time.Millisecond
	n.env.drainEnd.Store(time.Now().Add(in).UnixNano())
	n.env.draining.Store(true)
	return n.env.registry.Tell(drainAll{in}, actors.Drop)
}
