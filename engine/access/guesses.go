package access

import (
	"net/netip"
	"time"
)

// How often somebody may be wrong about a password. Who is right does not count: a
// school that comes from one address is not held up.
const (
	guessesOfAddress = 10 // at once, then one every guessEvery
	guessesOfRoom    = 60
	guessEvery       = 6 * time.Second // of an address
	guessRoomEvery   = time.Second
	// maxGuessers and maxGuessedRooms are how many are known; more than there are
	// rooms are never forgotten.
	maxGuessers     = 16_384
	maxGuessedRooms = MaxEntries
)

// guesses paces wrong passwords, by address and by room, so that neither one who
// tries many rooms nor many who try one get far: from however many addresses, one
// room's password is guessed at 86,400 times a day. Not safe for concurrent use.
type guesses struct {
	address pacer[netip.Prefix]
	room    pacer[string]
}

func newGuesses() guesses {
	return guesses{
		address: pacer[netip.Prefix]{every: guessEvery, burst: guessesOfAddress, most: maxGuessers, known: map[netip.Prefix]bucket{}},
		room:    pacer[string]{every: guessRoomEvery, burst: guessesOfRoom, most: maxGuessedRooms, known: map[string]bucket{}},
	}
}

// take counts a guess that may be wrong, or returns how long to wait.
func (g *guesses) take(from netip.Addr, room string, now time.Time) time.Duration {
	source := sourceOf(from)
	wait := g.room.wait(room, now)
	if source.IsValid() {
		wait = max(wait, g.address.wait(source, now))
	}
	if wait > 0 {
		return wait
	}
	g.room.add(room, now, 1)
	if source.IsValid() {
		g.address.add(source, now, 1)
	}
	return 0
}

// right takes back a guess that was none.
func (g *guesses) right(from netip.Addr, room string, now time.Time) {
	g.room.add(room, now, -1)
	if source := sourceOf(from); source.IsValid() {
		g.address.add(source, now, -1)
	}
}

// sourceOf is who counts as one: an IPv4 address, or an IPv6 /64, which networks
// hand to each customer. An invalid address is nobody.
func sourceOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	p, _ := addr.Prefix(bits)
	return p
}

// pacer spaces out events by key: burst of them at once, then one every so often. It
// knows most keys at most and forgets the one that is soonest as if it had never
// come, which makes the pace milder, never sharper.
type pacer[K comparable] struct {
	every time.Duration
	burst int
	most  int
	known map[K]bucket
}

// bucket is when all is forgotten of what came: an event puts that off by one
// interval, and it may be put off by burst intervals.
type bucket struct{ free time.Time }

// wait is how long until one more may come.
func (p *pacer[K]) wait(key K, now time.Time) time.Duration {
	full := now.Add(time.Duration(p.burst-1) * p.every)
	return max(0, p.known[key].free.Sub(full))
}

// add counts n events, or takes some back.
func (p *pacer[K]) add(key K, now time.Time, n int) {
	b, known := p.known[key]
	if b.free.Before(now) {
		b.free = now
	}
	if b.free = b.free.Add(time.Duration(n) * p.every); !b.free.After(now) {
		delete(p.known, key)
		return
	}
	if !known && len(p.known) >= p.most {
		p.forget(now)
	}
	p.known[key] = b
}

// forget makes place for one more.
func (p *pacer[K]) forget(now time.Time) {
	var soonest K
	var at time.Time
	for key, b := range p.known {
		if !b.free.After(now) {
			delete(p.known, key)
			continue
		}
		if at.IsZero() || b.free.Before(at) {
			soonest, at = key, b.free
		}
	}
	if len(p.known) >= p.most {
		delete(p.known, soonest)
	}
}
