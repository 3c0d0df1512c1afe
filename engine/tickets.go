package engine

import (
	"sync"
	"time"
)

// Bounds of what is remembered for ratings.
const (
	maxTickets = 20000
	ticketAge  = 24 * time.Hour
)

// tickets remembers whose resume token belonged to which meeting, so that a
// rating can come after the end. It is safe from any goroutine; the zero value
// is ready for use.
type tickets struct {
	mu    sync.Mutex // guards the rest
	by    map[string]ticket
	order []string // participants, oldest first
}

type ticket struct {
	meeting string
	secret  [secretSize]byte
	at      time.Time
}

func (t *tickets) issue(participant, meeting string, secret [secretSize]byte, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil {
		t.by = make(map[string]ticket)
	}
	for len(t.order) > 0 && (len(t.order) >= maxTickets || now.Sub(t.by[t.order[0]].at) > ticketAge) {
		delete(t.by, t.order[0])
		t.order = t.order[1:]
	}
	if _, dup := t.by[participant]; !dup {
		t.order = append(t.order, participant)
	}
	t.by[participant] = ticket{meeting, secret, now}
}

// holder returns the participant whose token it is, if he was in that meeting.
func (t *tickets) holder(meeting, token string, now time.Time) (participant string, ok bool) {
	shown, ok := parseToken(token)
	if !ok {
		return "", false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	kept, ok := t.by[shown.participant]
	if !ok || !sameSecret(kept.secret, shown.secret) || kept.meeting != meeting || now.Sub(kept.at) > ticketAge {
		return "", false
	}
	return shown.participant, true
}
