package engine

import (
	"slices"
	"time"

	"parley/engine/wire"
)

// What a room keeps for those whose socket is lost. Time decides: every event is
// kept for the resume window and logSlack, for a client may notice the loss
// before the server does. Beyond logBytes the oldest go earlier. That is enough
// for whoever sends the longest texts as fast as Limits.ChatRate allows (1.6 MiB
// within 45 s), for 300 small events a second, and for the coming and going of a
// room of 1,000 many times over. A room that falls silent forgets by itself, see
// watchEvents.
const (
	logSlack = 15 * time.Second
	logBytes = 3 << 20 // less than a connection may queue, see wsconn.Limits
	logEntry = 128     // counted for each event beside its frame
)

// loggedEvent is one sequenced event.
type loggedEvent struct {
	seq   uint64
	at    time.Time
	frame wire.Kept // nil: something newer was put in its place
	to    audience
	// presence is whose presence this is the latest word on, if it is about
	// that: nobody needs an earlier one. Without this a short loss of network
	// for all would fill the log with people who went away and came back.
	presence string
}

func (e loggedEvent) size() int { return logEntry + len(e.frame) }

// eventLog holds the last events of a room, oldest first. It is pure; the zero
// log is ready for use.
type eventLog struct {
	events []loggedEvent
	bytes  int
	// gone is the seq of the last event that was dropped: who has not seen it
	// can not be brought up to date.
	gone     uint64
	presence map[string]uint64 // participant → seq of the latest word, if it is here
	replaced int               // events without a frame
}

// add appends e, whose seq is greater than all before, and drops what is older
// than keep or too much.
func (l *eventLog) add(e loggedEvent, keep time.Duration) {
	if e.presence != "" {
		l.replace(e.presence)
		l.presence[e.presence] = e.seq
	}
	l.events = append(l.events, e)
	l.bytes += e.size()
	l.trim(e.at, keep)
	if l.replaced > len(l.events)/2 {
		l.events = slices.DeleteFunc(l.events, func(e loggedEvent) bool { return e.frame == nil })
		l.replaced = 0
	}
}

// trim drops what is older than keep at now, or too much. An empty log holds no
// memory.
func (l *eventLog) trim(now time.Time, keep time.Duration) {
	drop := 0
	for _, old := range l.events {
		if old.frame != nil && l.bytes <= logBytes && now.Sub(old.at) <= keep {
			break
		}
		l.forget(old)
		drop++
	}
	if drop == len(l.events) {
		l.events, l.presence = nil, nil
		return
	}
	clear(l.events[:drop])
	l.events = l.events[drop:]
}

// newest is when the last event was; the zero time if there is none.
func (l *eventLog) newest() (at time.Time) {
	if n := len(l.events); n > 0 {
		at = l.events[n-1].at
	}
	return at
}

// replace takes out the latest word on a participant's presence.
func (l *eventLog) replace(participant string) {
	if l.presence == nil {
		l.presence = make(map[string]uint64)
	}
	seq, ok := l.presence[participant]
	if !ok {
		return
	}
	i, _ := slices.BinarySearchFunc(l.events, seq, func(e loggedEvent, seq uint64) int { return int(e.seq) - int(seq) })
	l.bytes -= l.events[i].size()
	l.events[i].frame = nil
	l.replaced++
}

// forget does the books of an event that is dropped.
func (l *eventLog) forget(old loggedEvent) {
	if old.frame == nil {
		l.replaced--
		return
	}
	l.bytes -= old.size()
	l.gone = old.seq
	if old.presence != "" {
		delete(l.presence, old.presence)
	}
}

// reaches reports whether all events after seq are still here.
func (l *eventLog) reaches(seq uint64) bool { return seq >= l.gone }

// since calls send with the frames after seq that are for id, in order.
func (l *eventLog) since(seq uint64, id string, send func(*wire.Frame)) {
	for _, e := range l.events {
		if e.seq > seq && e.frame != nil && e.to.includes(id) {
			send(e.frame.Frame())
		}
	}
}
