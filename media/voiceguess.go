package media

import (
	"math"
	"time"
)

// VoiceGuess stands in for the audio level (RFC 6464) of a microphone whose
// client does not send one: it tells voice from silence by how many bits the
// Opus encoder spends. The zero value is ready.
//
//   - Below 6 kbit/s, the least that Opus gives a voice (RFC 6716 §2.1.1),
//     it is silence: the packets of discontinuous transmission have 1 to 3
//     bytes. Where nothing comes at all, Speaking.Tick ends the speech.
//   - Where the rate has two clearly different heights, as with a variable
//     rate, the upper one is voice.
//   - Where it has one, as with a constant rate, sizes tell nothing. Such a
//     microphone counts as a quiet voice for as long as packets come: it can be
//     heard, and all whose loudness is known come first.
//
// How loud a voice is can not be guessed; there are three answers only.
type VoiceGuess struct {
	low, high float64 // what silence and voice take, bits per second; 0: nothing yet
	last      Instant // newest packet
	size      int     // its bytes
	same      int     // so many packets before it had the same
}

// What Level answers, in dB below overload. Speaking takes the first two for a
// voice, also when some packets in between say silence.
const (
	guessVoice  = 30
	guessQuiet  = 44
	guessSilent = silentLevel
)

const (
	// leastVoice is in bits per second.
	leastVoice = 6000
	// guessContrast is how far apart the heights have to be.
	guessContrast = 1.5
	// guessMemory is how slowly either height follows the rate inwards.
	guessMemory = 30 * time.Second
	// sameSizes in a row come of a constant rate: what was learnt from another
	// rate means nothing then.
	sameSizes = 100
)

// Level returns the guess for an Opus payload that arrived at now.
func (g *VoiceGuess) Level(payload []byte, now Instant) uint8 {
	d := opusDuration(payload)
	if d == 0 {
		return guessSilent
	}
	rate := float64(8*len(payload)) / d.Seconds()
	if rate < leastVoice {
		g.low = leastVoice / guessContrast
		g.size, g.last = 0, now
		return guessSilent
	}
	g.learn(rate, len(payload), now)
	switch {
	case g.high < g.low*guessContrast:
		return guessQuiet
	case rate >= g.border():
		return guessVoice
	}
	return guessSilent
}

// border is between the heights, by ratio.
func (g *VoiceGuess) border() float64 { return math.Sqrt(g.low * g.high) }

// learn widens what is known to rate at once, and narrows it slowly: silence
// must not forget what voice is like, so the heights come no closer than
// twice the contrast by that.
func (g *VoiceGuess) learn(rate float64, size int, now Instant) {
	if size != g.size {
		g.size, g.same = size, 0
	} else if g.same++; g.same >= sameSizes {
		g.low, g.high = rate, rate
	}
	passed := min(max(0, now.Sub(g.last)), time.Second)
	g.last = now
	share := float64(passed) / float64(guessMemory)
	switch {
	case g.low == 0:
		g.low, g.high = rate, rate
	case rate >= g.high:
		g.high = rate
	case rate <= g.low:
		g.low = rate
	}
	if rate >= g.border() {
		g.high += (rate - g.high) * share
	} else {
		g.high = max(g.high+(rate-g.high)*share, min(g.high, 2*guessContrast*g.low))
		g.low = min(g.low+(rate-g.low)*share, max(g.low, g.high/(2*guessContrast)))
	}
}

// opusDuration returns how much sound a packet has, 0 if it has none or says
// nonsense (RFC 6716 §3.1). At most 120 ms are allowed.
func opusDuration(p []byte) time.Duration {
	if len(p) == 0 {
		return 0
	}
	const ms = time.Millisecond
	var frame time.Duration
	switch config := p[0] >> 3; {
	case config < 12: // SILK
		frame = [...]time.Duration{10 * ms, 20 * ms, 40 * ms, 60 * ms}[config&3]
	case config < 16: // hybrid
		frame = [...]time.Duration{10 * ms, 20 * ms}[config&1]
	default: // CELT
		frame = (2500 * time.Microsecond) << (config & 3)
	}
	n := 2
	switch p[0] & 3 {
	case 0:
		n = 1
	case 3:
		if len(p) < 2 {
			return 0
		}
		n = int(p[1] & 0x3f)
	}
	if d := frame * time.Duration(n); d <= 120*ms {
		return d
	}
	return 0
}
