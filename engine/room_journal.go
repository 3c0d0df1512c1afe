package engine

import (
	"slices"
	"time"

	"parley/engine/wire"
)

// roomJournal is what a room must not lose when its actor panics: the next
// handler starts from it. It belongs to the room's goroutine, and to the
// registry after the room's end. Others touch only what inbox and occupancy point
// to. What can be worked out again (stage, speakers, timers) is not here but in
// roomState; listeners are, for they change where the members do.
type roomJournal struct {
	name  string // its key, by which it is known everywhere, see wire.CleanRoom
	title string // its name as who opened it typed it
	echo  bool

	seq     uint64
	log     eventLog
	members []*member          // in join order
	byID    map[string]*member // the same
	// listeners follow from the members and their connections; see connect.
	listeners listeners
	joining   map[string]*newcomer // not members yet
	hands     hands
	meeting   *meeting // nil while nobody is there
	history   history
	sayings   sayings
	texts     int // to everyone, since the room is there
	leaving   []*leaveWait
	inbox     *inbox
	watched   *watched // what all who watch can see; see room_codecs.go

	handled   uint64 // messages from the registry
	occupancy *occupancy
	logged    int // bytes of log, as the figures have them
	// welcoming is a newcomer becoming a member: if the handler panics, it is
	// sent away.
	welcoming *newcomer
	// doing is the client's request being handled: if the handler panics, its
	// client is told.
	doing doing
}

// meeting is the one that runs in the room.
type meeting struct {
	id    string
	start time.Time
	peak  int
}

// doing is a request that still needs a reply.
type doing struct {
	signal *Signal
	id     int64
}

func newJournal(name, title string, echo bool) *roomJournal {
	return &roomJournal{
		name: name, title: title, echo: echo,
		byID:    make(map[string]*member),
		joining: make(map[string]*newcomer),
		inbox:   &inbox{}, occupancy: &occupancy{}, watched: &watched{},
	}
}

func (j *roomJournal) add(m *member) {
	j.members = append(j.members, m)
	j.byID[m.id] = m
	j.listeners.changed()
	j.countWatchers()
}

// connect gives m another connection, nil for none. A member that is none yet, or
// no more, has no events to hear.
func (j *roomJournal) connect(m *member, s *Signal) {
	m.signal = s
	j.listeners.changed()
}

// people counts the members that are persons.
func (j *roomJournal) people() int {
	if j.echo {
		return min(len(j.members), 1)
	}
	return len(j.members)
}

func (j *roomJournal) tellOccupancy() {
	j.occupancy.set(j.people()+len(j.joining)+len(j.leaving), j.handled)
}

// tellLogged keeps the figure of what rooms keep for those who are away.
func (j *roomJournal) tellLogged(e *env) {
	if j.logged != j.log.bytes {
		e.meters.logged.Add(int64(j.log.bytes - j.logged))
		j.logged = j.log.bytes
	}
}

func (j *roomJournal) drop(m *member) {
	if i := slices.Index(j.members, m); i >= 0 {
		j.members = slices.Delete(j.members, i, i+1)
	}
	delete(j.byID, m.id)
	j.listeners.changed()
	j.hands.set(m.id, false)
	j.countWatchers()
}

// summary is what m gets to know at the end.
func (j *roomJournal) summary(m *member, at time.Time) *wire.Summary {
	s := &wire.Summary{
		JoinedAt: m.joinedAt.UnixMilli(), LeftAt: at.UnixMilli(), DurationMS: at.Sub(m.joinedAt).Milliseconds(),
		Peak: 1, Messages: j.texts - m.textsSoFar,
	}
	if j.meeting != nil {
		s.Meeting, s.Peak = j.meeting.id, j.meeting.peak
	}
	return s
}

// closing says why all of a room ends.
type closing struct {
	code    wire.Code
	reason  wire.Reason
	message string
	at      time.Time
}

// close ends everybody and the meeting's record. It is for when the actor is
// at its end: nothing is broadcast.
func (j *roomJournal) close(e *env, c closing) {
	for _, n := range j.joining {
		n.signal.refuseJoin(n.reqID, refuse(c.code, c.message), 0)
		j.recordLeave(e, n.m, c.at, c.reason, nil)
		e.meters.participants.Add(-1)
	}
	clear(j.joining)
	for _, m := range slices.Clone(j.members) {
		if m.signal != nil {
			bye := wire.NewBye(c.code, c.message)
			bye.Summary = j.summary(m, c.at)
			j.sayings.abandon(m.signal)
			m.signal.bye(bye)
		}
		if m.kind == wire.KindPerson {
			j.recordLeave(e, m, c.at, c.reason, nil)
			e.meters.leaves.add(string(c.reason))
			e.meters.participants.Add(-1)
		}
	}
	j.members, j.hands, j.listeners = nil, nil, listeners{}
	clear(j.byID)
	for _, w := range j.leaving {
		j.finish(w)
	}
	j.leaving = nil
	j.endMeeting(e, c.at)
}

// finish tells who leaves that it is done. What it said and nobody knows of is
// answered before.
func (j *roomJournal) finish(w *leaveWait) {
	j.sayings.abandon(w.signal)
	w.finish()
}
