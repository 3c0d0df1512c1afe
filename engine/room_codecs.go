package engine

import (
	"slices"
	"sync/atomic"

	"parley/engine/wire"
)

// What a participant sends should be what all who watch can see. The room knows
// who watches, the participant answers the offer; so the room publishes what it
// knows, and participants read it. A participant that joins meanwhile is missed:
// it is told with `seated` what it can not see.

// watchers is who in a room can be shown pictures, at one moment. It is
// immutable.
type watchers struct {
	members int            // with at least one seat for pictures
	takes   map[string]int // of them, how many take a codec in all such seats
}

// watched is where a room publishes its watchers; nil before anybody came.
type watched = atomic.Pointer[watchers]

// pictureSeats is what one participant's seats take.
type pictureSeats struct {
	any    bool       // there is a seat for pictures
	codecs []string   // that all of these take
	sound  soundSeats // the others
	dead   []bool     // those that take nothing at all
}

// picturesOf asks a session what its seats take.
func picturesOf(session MediaSession, seats int) (p pictureSeats) {
	for i := range seats {
		codecs := session.SeatCodecs(i)
		p.sound = append(p.sound, len(codecs) == 0)
		p.dead = append(p.dead, len(codecs) == 0 && !session.SeatHears(i))
		switch {
		case len(codecs) == 0:
		case !p.any:
			p.any, p.codecs = true, codecs
		default:
			p.codecs = slices.DeleteFunc(p.codecs, func(c string) bool { return !slices.Contains(codecs, c) })
		}
	}
	return p
}

// assign decides who sits in the seats, leaving out the dead ones.
func (p pictureSeats) assign(prev []seat, view []wire.ViewItem, st *stage, self string) []seat {
	if !slices.Contains(p.dead, true) {
		return assignSeats(prev, view, st, self, p.sound)
	}
	var at []int // of the others
	var was []seat
	var sound soundSeats
	for i, s := range prev {
		if i >= len(p.dead) || !p.dead[i] {
			at, was, sound = append(at, i), append(was, s), append(sound, p.sound.has(i))
		}
	}
	next := make([]seat, len(prev))
	for i, s := range assignSeats(was, view, st, self, sound) {
		next[at[i]] = s
	}
	return next
}

// countWatchers publishes the watchers anew. It is called whenever members come,
// go, or have other seats.
func (j *roomJournal) countWatchers() {
	w := &watchers{takes: make(map[string]int)}
	for _, m := range j.members {
		if !m.pictures.any {
			continue
		}
		w.members++
		for _, codec := range m.pictures.codecs {
			w.takes[codec]++
		}
	}
	j.watched.Store(w)
}

// shared returns the codecs that all watchers take but the one whose own seats
// are given; none if there is nobody else. A nil w has nobody.
func (w *watchers) shared(own pictureSeats) (codecs []string) {
	if w == nil {
		return nil
	}
	others, mine := w.members, make(map[string]int)
	if own.any {
		others--
		for _, codec := range own.codecs {
			mine[codec]++
		}
	}
	for codec, n := range w.takes {
		if others > 0 && n-mine[codec] == others {
			codecs = append(codecs, codec)
		}
	}
	return codecs
}
