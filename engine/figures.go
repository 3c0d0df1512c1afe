package engine

import (
	"maps"
	"sync"
	"sync/atomic"

	"parley/actors"
	"parley/engine/wire"
)

// Figures is a snapshot for the metrics page. Totals count from the start.
type Figures struct {
	Rooms, Participants, Connections int
	// Joins by result: "ok" or the code that refused it. Resumes likewise.
	Joins, Resumes map[string]uint64
	// Leaves by reason.
	Leaves map[string]uint64
	// Errors counts refused requests by code.
	Errors map[string]uint64
	// Limited counts the requests that a limit refused, by the limit's name:
	// messages, offers and address_offers, joins (per address), texts and shows,
	// rooms and address_rooms, room_chat, address_chat and address_chat_day.
	Limited map[string]uint64
	// Byes counts connections the server ended, by code.
	Byes map[string]uint64
	// Chats counts texts to everyone, Private those to one; Events what was
	// encoded, Frames what was sent.
	Chats, Private, Events, Frames uint64
	// Draining: new meetings are refused, the process is about to end.
	Draining bool
	// Accepted counts connections.
	Accepted uint64
	// Yielded counts rooms that gave way to another on a full server.
	Yielded uint64
	// Unrecorded counts records that failed or came too late.
	Unrecorded uint64
	// Logged are the bytes of events that rooms keep now for who is away.
	Logged int64
	// Overdue counts the calls of the Authority ("authority") and the Directory
	// ("directory") that go on though their context has ended. Each keeps its place:
	// when all places are taken nobody new is let in, or into new rooms.
	Overdue map[string]int64
	Actors  []actors.Figure
}

// meters are the live counters behind Figures.
type meters struct {
	rooms, participants, connections, logged atomic.Int64

	accepted, chats, private, events, frames, unrecorded, yielded atomic.Uint64

	joins, resumes, leaves, errors, limited, byes tally

	authority, directory foreign
}

// tally counts by a word.
type tally struct {
	mu sync.Mutex // guards by
	by map[string]uint64
}

func (t *tally) add(word string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil {
		t.by = make(map[string]uint64)
	}
	t.by[word]++
}

func (t *tally) code(c wire.Code) { t.add(string(c)) }

func (t *tally) snapshot() map[string]uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.by)
}

func (m *meters) figures() Figures {
	return Figures{
		Rooms: int(m.rooms.Load()), Participants: int(m.participants.Load()), Connections: int(m.connections.Load()),
		Joins: m.joins.snapshot(), Resumes: m.resumes.snapshot(), Leaves: m.leaves.snapshot(),
		Errors: m.errors.snapshot(), Limited: m.limited.snapshot(), Byes: m.byes.snapshot(),
		Chats: m.chats.Load(), Private: m.private.Load(), Events: m.events.Load(), Frames: m.frames.Load(),
		Accepted: m.accepted.Load(), Unrecorded: m.unrecorded.Load(), Logged: m.logged.Load(), Yielded: m.yielded.Load(),
		Overdue: map[string]int64{"authority": m.authority.late(), "directory": m.directory.late()},
	}
}
