package engine

import (
	"cmp"
	"errors"
	"fmt"
	"sync"
	"time"
)

// memRecords is a storage in memory. Writes take effect at once; done comes
// later, from another goroutine, in order.
type memRecords struct {
	mu    sync.Mutex
	delay time.Duration // of a commit
	stuck bool          // commits do not happen
	fail  error         // of all writes from now on
	// unsaid is what done gets for texts that are stored nevertheless.
	unsaid error
	// failReads is what reading an attendance fails with.
	failReads error
	queue     []func()
	armed     bool
	meetings  map[string]*memMeeting
	order     []string
	chats     map[string][]Text
	nextChat  int
	ratings   map[string]Rating
}

type memMeeting struct {
	Meeting
	End           time.Time
	Peak, Present int
	stays         map[string][]memStay
	names         map[string]string
	// tickets are by participant, too.
	tickets map[string][]byte
}

// memStay is a time somebody was there.
type memStay struct {
	Join, Leave time.Time
	Reason      string
}

// Errors of a storage that mean nothing special to the engine.
var (
	errBusy        = errors.New("store is busy")
	errReadOnly    = errors.New("store can not write")
	errRoomRunning = errors.New("room has a running meeting")
	errEnded       = errors.New("meeting has ended")
	errAbsent      = errors.New("participant is not present")
)

func newMemRecords() *memRecords {
	return &memRecords{
		delay: time.Millisecond, meetings: map[string]*memMeeting{},
		chats: map[string][]Text{}, ratings: map[string]Rating{},
	}
}

func (r *memRecords) submitLocked(done func()) {
	r.queue = append(r.queue, done)
	if !r.armed && !r.stuck {
		r.armed = true
		time.AfterFunc(r.delay, r.commit)
	}
}

func (r *memRecords) commit() {
	r.mu.Lock()
	queue := r.queue
	r.queue, r.armed = nil, false
	r.mu.Unlock()
	for _, done := range queue {
		done()
	}
}

func (r *memRecords) setStuck(stuck bool) {
	r.mu.Lock()
	r.stuck = stuck
	again := !stuck && !r.armed && len(r.queue) > 0
	r.armed = r.armed || again
	r.mu.Unlock()
	if again {
		time.AfterFunc(r.delay, r.commit)
	}
}

func (r *memRecords) setUnsaid(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unsaid = err
}

func (r *memRecords) setFail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = err
}

// write applies a change and calls done later.
func (r *memRecords) write(id string, done func(error), change func(m *memMeeting) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.fail
	if err == nil {
		m := r.meetings[id]
		if m == nil {
			err = ErrNotFound
		} else {
			err = change(m)
		}
	}
	r.submitLocked(func() { done(err) })
	return nil
}

func (r *memRecords) BeginMeeting(m Meeting, done func(error)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.fail
	for _, other := range r.meetings {
		if other.Room == m.Room && other.End.IsZero() {
			err = errRoomRunning
		}
	}
	if err == nil {
		r.meetings[m.ID] = &memMeeting{Meeting: m, stays: map[string][]memStay{}, names: map[string]string{}, tickets: map[string][]byte{}}
		r.order = append(r.order, m.ID)
	}
	r.submitLocked(func() { done(err) })
	return nil
}

func (r *memRecords) EndMeeting(id string, at time.Time, _ string, done func(error)) error {
	return r.write(id, done, func(m *memMeeting) error {
		if !m.End.IsZero() {
			return errEnded
		}
		m.End = at
		for p, stays := range m.stays {
			if stays[len(stays)-1].Leave.IsZero() {
				return fmt.Errorf("meeting ended while %s was there", p)
			}
		}
		return nil
	})
}

func (r *memRecords) Join(id string, j Joining, done func(error)) error {
	return r.write(id, done, func(m *memMeeting) error {
		if !m.End.IsZero() {
			return errEnded
		}
		m.stays[j.Participant] = append(m.stays[j.Participant], memStay{Join: j.At})
		m.names[j.Participant] = j.Name
		m.tickets[j.Participant] = j.Ticket
		m.Present++
		m.Peak = max(m.Peak, m.Present)
		return nil
	})
}

func (r *memRecords) Ticket(id, participant string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.meetings[id]
	if r.failReads != nil || m == nil || m.stays[participant] == nil {
		return nil, cmp.Or(r.failReads, ErrNotFound)
	}
	return m.tickets[participant], nil
}

func (r *memRecords) setTicket(id, participant string, ticket []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.meetings[id].tickets[participant] = ticket
}

func (r *memRecords) Leave(id, participant string, at time.Time, reason string, done func(error)) error {
	return r.write(id, done, func(m *memMeeting) error {
		stays := m.stays[participant]
		if len(stays) == 0 || !stays[len(stays)-1].Leave.IsZero() {
			return errAbsent
		}
		stays[len(stays)-1].Leave, stays[len(stays)-1].Reason = at, reason
		m.Present--
		return nil
	})
}

func (r *memRecords) Rename(id, participant, name string, done func(error)) error {
	return r.write(id, done, func(m *memMeeting) error {
		m.names[participant] = name
		return nil
	})
}

func (r *memRecords) Rate(id string, rating Rating, done func(error)) error {
	return r.write(id, done, func(*memMeeting) error {
		r.ratings[id+" "+rating.Participant] = rating
		return nil
	})
}

func (r *memRecords) AppendChat(c Text, done func(Text, error)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.fail; err != nil {
		if errors.Is(err, errBusy) {
			return err
		}
		r.submitLocked(func() { done(Text{}, err) })
		return nil
	}
	for _, old := range r.chats[c.Room] {
		if old.Key == c.Key && old.Identity == c.Identity {
			r.submitLocked(func() { done(old, nil) })
			return nil
		}
	}
	r.nextChat++
	c.ID = fmt.Sprintf("%016x", r.nextChat)
	r.chats[c.Room] = append(r.chats[c.Room], c)
	if err := r.unsaid; err != nil {
		r.submitLocked(func() { done(Text{}, err) })
		return nil
	}
	r.submitLocked(func() { done(c, nil) })
	return nil
}

func (r *memRecords) ChatHistory(room string, limit int) ([]Text, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.chats[room]
	return append([]Text{}, all[max(0, len(all)-limit):]...), nil
}

// meeting returns a copy of the n-th meeting that began.
func (r *memRecords) meeting(n int) memMeeting {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n >= len(r.order) {
		return memMeeting{}
	}
	m := *r.meetings[r.order[n]]
	stays := map[string][]memStay{}
	for p, s := range m.stays {
		stays[p] = append([]memStay{}, s...)
	}
	m.stays = stays
	return m
}

func (r *memRecords) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.order)
}
