package engine

import (
	"time"

	"parley/actors"
	"parley/engine/wire"
)

// audience says who gets an event. The zero audience is everyone.
type audience struct {
	except string
	only   [2]string
}

func except(id string) audience  { return audience{except: id} }
func only(a, b string) audience  { return audience{only: [2]string{a, b}} }
func (a audience) private() bool { return a.only != [2]string{} }

func (a audience) includes(id string) bool {
	if a.private() {
		return a.only[0] == id || a.only[1] == id
	}
	return a.except != id
}

// publish gives ev the next place in the room's order, keeps it for those who
// are away, and sends it: encoded once, however many there are. ev is not to be
// changed afterwards.
func (r *roomState) publish(ev wire.Event, to audience) {
	r.j.seq++
	ev.SetSeq(r.j.seq)
	frame := wire.FrameOf(ev)
	r.env.meters.events.Add(1)
	r.j.log.add(loggedEvent{r.j.seq, time.Now(), frame.Keep(), to, presence(ev)}, r.env.logKeep())
	if to.private() {
		for _, id := range to.only {
			if m := r.j.byID[id]; m != nil {
				m.send(frame)
			}
		}
		return
	}
	r.sendAll(frame, to.except)
}

// logKeep is how long an event is kept for those who are away.
func (e *env) logKeep() time.Duration { return e.times.Resume + logSlack }

// watchEvents makes sure that events are forgotten in time when no others come. It
// waits for the newest: as long as there are others each takes the old ones with
// it, so a room wakes once per logKeep, and not at all when it has no events.
func (r *roomState) watchEvents(ctx *actors.Context[roomMsg]) {
	if newest := r.j.log.newest(); r.old == nil && !newest.IsZero() {
		r.old = ctx.After(newest.Add(r.env.logKeep()+time.Millisecond).Sub(ctx.Now()), eventsOld{})
	}
}

func (r *roomState) onEventsOld(ctx *actors.Context[roomMsg]) {
	r.old = nil
	r.j.log.trim(ctx.Now(), r.env.logKeep())
}

// presence names the participant whose presence ev is the latest word on, if it
// is about that.
func presence(ev wire.Event) string {
	switch ev := ev.(type) {
	case *wire.ParticipantAway:
		return ev.Participant
	case *wire.ParticipantLeft:
		return ev.Participant
	}
	return ""
}

// show sends an event that has no place in the order.
func (r *roomState) show(ev wire.Event, to audience) {
	frame := wire.FrameOf(ev)
	r.env.meters.events.Add(1)
	r.sendAll(frame, to.except)
}

// sendAll hands one frame to every member's connection.
func (r *roomState) sendAll(frame *wire.Frame, except string) {
	sent := uint64(0)
	for _, l := range r.j.listeners.of(r.j.members) {
		if l.id != except {
			l.conn.Send(frame)
			sent++
		}
	}
	r.env.meters.frames.Add(sent)
}
