package engine

import (
	"slices"
	"time"

	"parley/engine/wire"
)

// maxSpeakers bounds the list clients are told.
const maxSpeakers = 8

// louderBy is how much louder, in dB, somebody must be to pass the one before
// him: below it the list stays as it is.
const louderBy = 6

// voice is how somebody sounds. The zero voice is silent.
type voice struct {
	speaking  bool
	level     int       // dB below overload, 0 … 127
	lastSpoke time.Time // while speaking: since when it is known
}

// speakerList keeps who speaks now, loudest first, with hysteresis. It is pure;
// the zero list is ready for use.
type speakerList struct {
	order  []string
	voices map[string]voice
}

// hear takes in what the media side says about one participant. It reports
// whether the list changed.
func (l *speakerList) hear(id string, speaking bool, level int, now time.Time) bool {
	if l.voices == nil {
		l.voices = make(map[string]voice)
	}
	before, was := l.voices[id]
	level = min(max(level, 0), 127)
	if !speaking && !before.speaking {
		return false
	}
	l.voices[id] = voice{speaking, level, now}
	switch {
	case speaking && !(was && before.speaking):
		l.order = append(l.order, id)
	case !speaking:
		l.order = slices.DeleteFunc(l.order, func(s string) bool { return s == id })
	case before.level == level:
		return false
	}
	l.sort()
	return true
}

// forget drops somebody who left or was muted. It reports whether the list
// changed.
func (l *speakerList) forget(id string) bool {
	was := l.voices[id].speaking
	delete(l.voices, id)
	if was {
		l.order = slices.DeleteFunc(l.order, func(s string) bool { return s == id })
	}
	return was
}

// sort lets the clearly louder pass, by insertion: the list is short, nearly in
// order, and "clearly louder" is no total order.
func (l *speakerList) sort() {
	for i := 1; i < len(l.order); i++ {
		for j := i; j > 0; j-- {
			before, it := l.voices[l.order[j-1]], l.voices[l.order[j]]
			if it.level+louderBy > before.level {
				break
			}
			l.order[j-1], l.order[j] = l.order[j], l.order[j-1]
		}
	}
}

// speakers returns the list for clients.
func (l *speakerList) speakers() []wire.Speaker {
	out := make([]wire.Speaker, 0, min(len(l.order), maxSpeakers))
	for _, id := range l.order {
		if len(out) == maxSpeakers {
			break
		}
		out = append(out, wire.Speaker{Participant: id, Level: l.voices[id].level})
	}
	return out
}

// lastSpoke is when id was last heard: zero if never.
func (l *speakerList) lastSpoke(id string) time.Time { return l.voices[id].lastSpoke }
