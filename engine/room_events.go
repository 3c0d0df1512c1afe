package engine

import (
	"time"

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

// publish gives ev the next place in the room's order, keeps it for those who
// are away, and sends it: encoded once, however many there are.
func (r *roomState) publish(ev wire.Event, to audience) {
	r.j.seq++
	ev.SetSeq(r.j.seq)
	frame := wire.Encode(ev)
	r.env.meters.events.Add(1)
	r.j.log.add(loggedEvent{seq: r.j.seq, at: time.Now(), frame: frame, only: to.only})
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

// show sends an event that has no place in the order.
func (r *roomState) show(ev wire.Event, to audience) {
	frame := wire.Encode(ev)
	r.env.meters.events.Add(1)
	r.sendAll(frame, to.except)
}

// sendAll hands one frame to every member's connection.
func (r *roomState) sendAll(frame *wire.Frame, except string) {
	sent := uint64(0)
	for _, m := range r.j.members {
		if m.signal != nil && m.id != except {
			m.signal.conn.Send(frame)
			sent++
		}
	}
	r.env.meters.frames.Add(sent)
}
