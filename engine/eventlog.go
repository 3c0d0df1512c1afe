package engine

import (
	"time"

	"parley/engine/wire"
)

// Bounds of what a room keeps for those whose socket is lost.
const (
	logAge    = 45 * time.Second // more than the resume window
	logEvents = 1000
	logBytes  = 512 << 10 // stays below what a connection may queue
)

// loggedEvent is one sequenced event. An event to two people only names both.
type loggedEvent struct {
	seq   uint64
	at    time.Time
	frame *wire.Frame
	only  [2]string // empty: everyone
}

func (e loggedEvent) isFor(id string) bool {
	return e.only == [2]string{} || e.only[0] == id || e.only[1] == id
}

// eventLog holds the last events of a room, oldest first. It is pure; the zero
// log is ready for use.
type eventLog struct {
	events []loggedEvent
	bytes  int
	// gone is the seq of the last event that was dropped: who has not seen it
	// can not be brought up to date.
	gone uint64
}

// add appends e, whose seq is greater than all before, and drops what is too
// old or too much.
func (l *eventLog) add(e loggedEvent) {
	l.events = append(l.events, e)
	l.bytes += len(e.frame.Bytes())
	drop := 0
	for drop < len(l.events) {
		old := l.events[drop]
		if len(l.events)-drop <= logEvents && l.bytes <= logBytes && e.at.Sub(old.at) <= logAge {
			break
		}
		l.bytes -= len(old.frame.Bytes())
		l.gone = old.seq
		drop++
	}
	if drop > 0 {
		clear(l.events[:drop])
		l.events = l.events[drop:]
	}
}

// since calls send with the frames after seq that are for id, in order. It
// reports false, and sends nothing, if one of those after seq is gone.
func (l *eventLog) since(seq uint64, id string, send func(*wire.Frame)) bool {
	if seq < l.gone {
		return false
	}
	for _, e := range l.events {
		if e.seq > seq && e.isFor(id) {
			send(e.frame)
		}
	}
	return true
}
