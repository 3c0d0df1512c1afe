package media

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// microphone sends 20 ms packets through VoiceGuess and Speaking, as a worker
// does, and ticks when nothing is sent.
type microphone struct {
	guess VoiceGuess
	Speaking
	now Instant
}

// say sends for d packets whose sizes are drawn; 0 sends none.
func (m *microphone) say(d time.Duration, size func() int) {
	for end := m.now.Add(d); m.now < end; {
		m.now = m.now.Add(20 * time.Millisecond)
		n := size()
		if n == 0 {
			m.Tick(m.now)
			continue
		}
		p := make([]byte, n)
		p[0] = 15 << 3 // hybrid, 20 ms, one frame
		m.Update(m.guess.Level(p, m.now), m.now)
	}
}

func (m *microphone) want(t *testing.T, what string, active bool) {
	t.Helper()
	if m.Active() != active {
		t.Errorf("%s: speaks %v, want %v (level %d, heights %.0f and %.0f bit/s)",
			what, m.Active(), active, m.Level(), m.guess.low, m.guess.high)
	}
}

func TestVoiceGuess(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	between := func(from, to int) func() int { return func() int { return from + rng.IntN(to-from+1) } }
	n := 0
	dtx := func() int { // a packet every 400 ms
		if n++; n%20 == 1 {
			return 1
		}
		return 0
	}
	t.Run("discontinuous transmission", func(t *testing.T) {
		m := &microphone{now: 1e18}
		m.say(3*time.Second, dtx)
		m.want(t, "silent at first", false)
		for range 3 {
			m.say(600*time.Millisecond, between(40, 120))
			m.want(t, "a sentence", true)
			m.say(2*time.Second, dtx)
			m.want(t, "after it", false)
		}
	})
	t.Run("variable rate", func(t *testing.T) {
		m := &microphone{now: 1e18}
		m.say(2*time.Second, between(20, 30))
		m.say(2*time.Second, between(60, 140))
		m.want(t, "a sentence", true)
		m.say(5*time.Minute, between(20, 30)) // room noise
		m.want(t, "minutes of silence", false)
		m.say(600*time.Millisecond, between(60, 140))
		m.want(t, "another sentence", true)
		m.say(2*time.Second, between(20, 30))
		m.want(t, "after it", false)
	})
	t.Run("variable rate that falls", func(t *testing.T) {
		m := &microphone{now: 1e18}
		m.say(2*time.Second, between(60, 70))
		m.say(2*time.Second, between(150, 250))
		for range 60 {
			m.say(2*time.Second, between(18, 24))
			m.say(2*time.Second, between(70, 100))
		}
		m.want(t, "a sentence at the new rate", true)
		m.say(2*time.Second, between(18, 24))
		m.want(t, "after it", false)
	})
	t.Run("constant rate", func(t *testing.T) {
		m := &microphone{now: 1e18}
		m.say(time.Second, between(160, 160))
		m.want(t, "sizes that tell nothing", true)
		if m.Level() < guessQuiet {
			t.Errorf("a voice that may be none has level %d", m.Level())
		}
		m.say(2*time.Second, func() int { return 0 })
		m.want(t, "muted", false)
		m.say(4*time.Second, between(80, 80)) // its rate was halved
		m.want(t, "another constant rate", true)
	})
	t.Run("silence without discontinuous transmission", func(t *testing.T) {
		m := &microphone{now: 1e18}
		m.say(2*time.Second, between(3, 8))
		m.want(t, "3 kbit/s", false)
		m.say(time.Second, between(60, 90))
		m.want(t, "a sentence", true)
	})
}

// TestOpusDuration: the table of RFC 6716 §3.1.
func TestOpusDuration(t *testing.T) {
	toc := func(config, code byte) byte { return config<<3 | code }
	for _, c := range []struct {
		p    []byte
		want time.Duration
	}{
		{nil, 0},
		{[]byte{toc(0, 0)}, 10 * time.Millisecond},
		{[]byte{toc(11, 0)}, 60 * time.Millisecond},
		{[]byte{toc(12, 1)}, 20 * time.Millisecond},
		{[]byte{toc(15, 2)}, 40 * time.Millisecond},
		{[]byte{toc(16, 0)}, 2500 * time.Microsecond},
		{[]byte{toc(31, 0)}, 20 * time.Millisecond},
		{[]byte{toc(31, 3), 6}, 120 * time.Millisecond},
		{[]byte{toc(31, 3), 7}, 0},
		{[]byte{toc(31, 3), 0}, 0},
		{[]byte{toc(31, 3)}, 0},
		{[]byte{toc(3, 2)}, 120 * time.Millisecond},
	} {
		if got := opusDuration(c.p); got != c.want {
			t.Errorf("opusDuration(%x) = %v, want %v", c.p, got, c.want)
		}
	}
}

// FuzzVoiceGuess: whatever comes, there are three answers.
func FuzzVoiceGuess(f *testing.F) {
	f.Add([]byte{0xf8, 1, 0xfb, 0, 0x78, 200, 0x78, 200, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var g VoiceGuess
		now := Instant(1e18)
		for ; len(b) >= 2; b = b[2:] {
			p := make([]byte, b[1])
			if len(p) > 0 {
				p[0] = b[0]
			}
			now = now.Add(time.Duration(b[0]) * time.Millisecond)
			if l := g.Level(p, now); l != guessVoice && l != guessQuiet && l != guessSilent {
				t.Fatal(fmt.Sprint("level ", l))
			}
			if !(g.low <= g.high || g.high == 0) {
				t.Fatalf("heights %v and %v", g.low, g.high)
			}
		}
	})
}

func BenchmarkVoiceGuess(b *testing.B) {
	var g VoiceGuess
	var p [160]byte
	p[0] = 15 << 3
	now := Instant(1e18)
	for i := 0; b.Loop(); i++ {
		now = now.Add(20 * time.Millisecond)
		g.Level(p[:20+i%140], now)
	}
}
