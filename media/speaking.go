package media

import "time"

// Speaking turns the audio levels of one microphone (RFC 6464: 0 is as loud
// as can be, 127 is silence, in dB below overload) into "speaks" and "does
// not", calmly: a cough does not count, a breath between words does not end
// it. The zero value is ready.
type Speaking struct {
	level   float32 // smoothed
	last    Instant // newest level, 0: none yet
	above   Instant // since when level has been loud, 0: it is not
	below   Instant // since when level has been quiet, 0: it is not
	active  bool
	started bool
	told    int     // level of the last event
	toldAt  Instant // when
}

const (
	// Between the two thresholds nothing changes.
	loudLevel  = 45
	quietLevel = 55
	// A voice has to last, and silence even longer.
	speakAfter  = 120 * time.Millisecond
	silentAfter = 700 * time.Millisecond
	// Levels rise fast and fall slowly.
	attack  = 40 * time.Millisecond
	release = 250 * time.Millisecond
	// A speaker's level is told again when it moved by more than this, but
	// not more often.
	levelStep   = 6
	levelPause  = 100 * time.Millisecond
	silentLevel = 127
	// Without packets the microphone counts as silent.
	levelTimeout = 300 * time.Millisecond
)

// Update takes the level of a packet that arrived at now; the top bit (voice
// activity) is ignored, for encoders set it differently. It returns true if
// there is something to tell: Active changed, or the level of a speaker did.
func (s *Speaking) Update(level uint8, now Instant) bool {
	l := float32(level & 0x7f)
	if !s.started || now.Sub(s.last) > levelTimeout {
		s.started, s.level = true, silentLevel
		s.last = now.Add(-20 * time.Millisecond)
	}
	tau := release
	if l < s.level {
		tau = attack
	}
	if dt := now.Sub(s.last); dt > 0 {
		s.level += (l - s.level) * float32(dt) / float32(dt+tau)
		s.last = now
	}
	return s.judge(now)
}

// Tick is to be called now and then (every 100 ms) so that a microphone whose
// packets stop does not speak for ever. It returns as Update does.
func (s *Speaking) Tick(now Instant) bool {
	if !s.started || now.Sub(s.last) <= levelTimeout {
		return false
	}
	s.level = silentLevel
	return s.judge(now)
}

// judge applies thresholds and times.
func (s *Speaking) judge(now Instant) bool {
	switch {
	case s.level <= loudLevel:
		s.below = 0
		if s.above == 0 {
			s.above = now
		}
	case s.level >= quietLevel:
		s.above = 0
		if s.below == 0 {
			s.below = now
		}
	default:
		s.above, s.below = 0, 0
	}
	before := s.active
	if s.above != 0 && now.Sub(s.above) >= speakAfter {
		s.active = true
	}
	if s.below != 0 && now.Sub(s.below) >= silentAfter {
		s.active = false
	}
	moved := s.Level() - s.told
	if s.active == before && (!s.active || max(moved, -moved) <= levelStep || now.Sub(s.toldAt) < levelPause) {
		return false
	}
	s.told, s.toldAt = s.Level(), now
	return true
}

// Active reports whether the microphone's owner speaks.
func (s *Speaking) Active() bool { return s.active }

// Level returns the smoothed level in dB below overload, 0 … 127.
func (s *Speaking) Level() int {
	if !s.started {
		return silentLevel
	}
	return int(s.level + 0.5)
}
