package media

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// lipTick is how often the worker looks at clocks and sends what is due.
const lipTick = 40 * time.Millisecond

// lipPacket is a packet on its way, with the moment it was captured.
type lipPacket struct {
	in       Input
	captured Instant
	arrives  Instant
}

// lipStream is one kind of media of a publisher, on its way to one seat.
type lipStream struct {
	kind    Kind
	rate    uint32
	every   time.Duration // between packets
	encode  time.Duration // from capture to sending
	reports time.Duration // between sender reports, 0: none

	base   [2]Ticks // timestamps at the start, of each layer
	stood  time.Duration
	fast   time.Duration // how much its clock gains in a second
	wall   time.Duration // how far the wall clock in its reports is off
	muted  bool          // sends nothing
	told   bool          // and the server knows
	late   time.Duration // packets take that much longer
	twist  func(n int, c SenderClock) SenderClock
	layer  uint8
	ext    [2]ExtSeq
	next   Instant
	report Instant
	sent   int // reports

	way     []lipPacket
	watch   [2]ClockWatch
	clocks  LayerClocks
	seat    Rewriter
	held    bool
	newest  lipPacket // that went out
	out     Output
	heard   SenderClock // by the viewer
	heardAt Instant
}

// lipWorld is a publisher, a network, and a viewer with one seat.
type lipWorld struct {
	t            *testing.T
	rng          *rand.Rand
	start, now   Instant
	sound, sight *lipStream
	offset       ClockOffset
	jitter       time.Duration
	spikes       bool // now and then the network hesitates
	stall        Instant
}

func newLipWorld(t *testing.T) *lipWorld {
	now := InstantOf(time.Unix(1_800_000_000, 0))
	w := &lipWorld{t: t, rng: rand.New(rand.NewPCG(7, 11)), start: now, now: now, jitter: 12 * time.Millisecond}
	make := func(kind Kind, rate uint32, every, encode, reports time.Duration) *lipStream {
		s := &lipStream{kind: kind, rate: rate, every: every, encode: encode, reports: reports, next: now, report: now.Add(reports / 3), seat: NewRewriter(kind, 9, Ticks(w.rng.Uint32()))}
		for l := range s.base {
			s.base[l], s.ext[l] = Ticks(w.rng.Uint32()), 1<<16
		}
		s.seat.SetTarget(1, 0)
		return s
	}
	w.sound = make(KindAudio, 48000, 20*time.Millisecond, 20*time.Millisecond, 5*time.Second)
	w.sight = make(KindVideo, 90000, 33*time.Millisecond, 45*time.Millisecond, time.Second)
	return w
}

// ts is what the publisher's clock of a layer reads.
func (w *lipWorld) ts(s *lipStream, layer int, at Instant) Ticks {
	passed := at.Sub(w.start)
	return s.base[layer] + ticksIn(passed+passed/1000*s.fast/1e6-s.stood, s.rate)
}

// capture sends what is due to be captured.
func (w *lipWorld) capture(s *lipStream) {
	for ; s.next <= w.now; s.next = s.next.Add(s.every) {
		if s.muted {
			continue
		}
		for layer := range s.base {
			s.ext[layer]++
			late := s.encode + s.late + 30*time.Millisecond + time.Duration(w.rng.Int64N(int64(w.jitter)))
			s.way = append(s.way, lipPacket{
				in:       Input{Source: 1, Layer: uint8(layer), Ext: s.ext[layer], TS: w.ts(s, layer, s.next), Facts: keyStart},
				captured: s.next, arrives: max(s.next.Add(late), w.stall),
			})
		}
	}
}

// deliver hands on what has arrived, in order.
func (w *lipWorld) deliver(s *lipStream) {
	slices.SortStableFunc(s.way, func(a, b lipPacket) int { return cmp.Compare(a.arrives, b.arrives) })
	for len(s.way) > 0 && s.way[0].arrives <= w.now {
		p := s.way[0]
		s.way = s.way[1:]
		transit := ticksIn(w.now.Sub(0), s.rate) - p.in.TS
		s.watch[p.in.Layer].Arrived(transit, w.now, s.rate)
		if s.muted && s.told {
			s.held = true
			continue
		}
		if s.held {
			s.held = false
			s.seat.Restart()
		}
		p.in.Clocks, p.in.Now = &s.clocks, w.now
		var out Output
		if s.seat.Rewrite(&p.in, &out) == Forward && p.captured >= s.newest.captured {
			s.newest, s.out = p, out
		}
	}
}

// publisherReports sends a sender report for each layer when it is due.
func (w *lipWorld) publisherReports(s *lipStream) {
	if s.reports == 0 || w.now < s.report {
		return
	}
	s.report = s.report.Add(s.reports)
	took := 30*time.Millisecond + time.Duration(w.rng.Int64N(int64(w.jitter)))
	for layer := range s.watch {
		c := SenderClock{NTP: w.now.Add(-took).NTP().add(s.wall), RTP: w.ts(s, layer, w.now.Add(-took))}
		if s.twist != nil {
			c = s.twist(s.sent, c)
		}
		s.watch[layer].Report(c, w.now, s.rate, &w.offset)
	}
	s.sent++
}

// tick does what a worker's tick does. It returns what the viewer is told, or
// would be now.
func (w *lipWorld) tick(s *lipStream) (c SenderClock, sure bool) {
	moved := false
	for l := range s.watch {
		if c, ok := s.watch[l].Reading(w.now, s.rate, &w.offset); ok {
			s.clocks[l] = c
		}
		moved = s.watch[l].Moved(w.now, s.rate) || moved
	}
	_, layer := s.seat.Current()
	if !s.watch[layer].Sure(w.now, s.rate) {
		return c, false
	}
	c, ok := s.seat.SenderReport(w.now, &s.clocks, &w.offset)
	if ok && (moved || w.now.Sub(s.heardAt) >= time.Second) {
		s.heard, s.heardAt = c, w.now
	}
	return c, ok
}

// off is how long after its capture the newest packet was captured as c has it.
func (s *lipStream) off(c SenderClock) time.Duration {
	return c.NTPAt(s.out.TS, s.rate).Sub(s.newest.captured.NTP())
}

// lipError is by how much a viewer would play sound and picture out of sync,
// by the reports a of the sound and v of the picture.
func (w *lipWorld) lipError(a, v SenderClock) time.Duration {
	return (w.sound.off(a) - w.sight.off(v)).Abs()
}

// lipScenario is something that happens to a publisher.
type lipScenario struct {
	name   string
	before func(w *lipWorld)                      // may be nil
	event  func(w *lipWorld, since time.Duration) // may be nil; at every step from lipEvent on
	length time.Duration                          // of the event
	runs   time.Duration                          // 0: 20 s
}

const (
	lipBegun  = 3 * time.Second // when all have reported and were told
	lipEvent  = 6 * time.Second // when the event of a scenario begins
	lipEnough = 20 * time.Millisecond
	lipMended = 500 * time.Millisecond // after the event's end
	lipStep   = 5 * time.Millisecond
	// lipQuick is what an encoder takes where nobody can know it, for there are
	// no reports: that has to be little, or the same for both.
	lipQuick = 15 * time.Millisecond
)

func lipSound(w *lipWorld) *lipStream { return w.sound }
func lipSight(w *lipWorld) *lipStream { return w.sight }

// pause stops a stream for a time, in which its clock stands still for stands.
func pause(of func(*lipWorld) *lipStream, length, stands time.Duration, told bool) func(*lipWorld, time.Duration) {
	return func(w *lipWorld, since time.Duration) {
		switch s := of(w); since {
		case 0:
			s.muted, s.told = true, told
		case length:
			s.muted = false
			s.stood += stands
		}
	}
}

// once makes an event of something that happens at a moment.
func once(f func(w *lipWorld)) func(*lipWorld, time.Duration) {
	return func(w *lipWorld, since time.Duration) {
		if since == 0 {
			f(w)
		}
	}
}

// everyThird changes every third report.
func everyThird(f func(c SenderClock) SenderClock) func(int, SenderClock) SenderClock {
	return func(i int, c SenderClock) SenderClock {
		if i%3 == 2 {
			c = f(c)
		}
		return c
	}
}

// lipClocks are what happens to the clocks of packets.
func lipClocks() (all []lipScenario) {
	for _, length := range []time.Duration{300 * time.Millisecond, 700 * time.Millisecond, 2 * time.Second, 4 * time.Second, 8 * time.Second} {
		for _, told := range []bool{true, false} {
			name := length.String() + map[bool]string{true: ", muted", false: ", without a mute"}[told]
			all = append(all,
				lipScenario{name: "the sound's clock stands still for " + name, event: pause(lipSound, length, length, told), length: length},
				lipScenario{name: "the picture's clock stands still for " + name, event: pause(lipSight, length, length, told), length: length},
				lipScenario{name: "the sound pauses and its clock does not, " + name, event: pause(lipSound, length, 0, told), length: length},
				lipScenario{name: "the picture pauses and its clock does not, " + name, event: pause(lipSight, length, 0, told), length: length},
				lipScenario{name: "the sound's clock begins anew after " + name, event: pause(lipSound, length, 11*time.Hour, told), length: length},
				lipScenario{name: "the picture's clock begins anew after " + name, event: pause(lipSight, length, -5*time.Hour, told), length: length},
			)
		}
	}
	for _, leap := range []time.Duration{-3 * time.Second, -700 * time.Millisecond, -150 * time.Millisecond, 150 * time.Millisecond, 800 * time.Millisecond, 4 * time.Second, time.Hour} {
		all = append(all,
			lipScenario{name: "the sound's clock leaps by " + leap.String(), event: once(func(w *lipWorld) { w.sound.stood -= leap })},
			lipScenario{name: "the picture's clock leaps by " + leap.String(), event: once(func(w *lipWorld) { w.sight.stood -= leap })},
		)
	}
	return append(all, lipScenario{name: "other layers", event: func(w *lipWorld, since time.Duration) {
		if since%(700*time.Millisecond) == 0 {
			w.sight.layer = 1 - w.sight.layer
			w.sight.seat.SetTarget(1, w.sight.layer)
		}
	}})
}

// lipReports are what publishers do to their reports.
func lipReports() []lipScenario {
	setBy := func(d time.Duration) func(*lipWorld, time.Duration) {
		return once(func(w *lipWorld) { w.sound.wall, w.sight.wall = d, d })
	}
	none := func(w *lipWorld) { w.sound.reports, w.sight.reports, w.sight.encode = 0, 0, lipQuick }
	return []lipScenario{
		{name: "no reports", before: none},
		{name: "no reports and the clock stands still", before: none, event: pause(lipSound, 2*time.Second, 2*time.Second, false), length: 2 * time.Second},
		{name: "reports of the picture only", before: func(w *lipWorld) { w.sound.reports, w.sound.encode = 0, lipQuick }},
		{name: "reports without time", before: func(w *lipWorld) {
			w.sound.twist = func(_ int, c SenderClock) SenderClock { return SenderClock{RTP: c.RTP} }
			w.sight.twist, w.sight.encode = w.sound.twist, lipQuick
		}},
		{name: "a wall clock in the last century", before: func(w *lipWorld) {
			w.sound.wall, w.sight.wall = -40*365*24*time.Hour, -40*365*24*time.Hour
		}},
		{name: "two wall clocks", before: func(w *lipWorld) { w.sound.wall = time.Hour }},
		{name: "two wall clocks, seconds apart", before: func(w *lipWorld) { w.sound.wall, w.sight.encode = 4*time.Second, lipQuick }},
		{name: "a wall clock that stands still", before: func(w *lipWorld) {
			var first NTP
			w.sight.twist = func(_ int, c SenderClock) SenderClock {
				if first == 0 {
					first = c.NTP
				}
				return SenderClock{first, c.RTP}
			}
		}},
		{name: "the wall clock is set by 0.3 s", event: setBy(300 * time.Millisecond)},
		{name: "the wall clock is set by -0.3 s", event: setBy(-300 * time.Millisecond)},
		{name: "the wall clock is set by an hour", event: setBy(time.Hour)},
		{name: "the wall clock is set, and the sound card is fast", runs: 3 * time.Minute, event: setBy(300 * time.Millisecond),
			before: func(w *lipWorld) { w.sound.fast = 250 * time.Microsecond }},
		{name: "reports whose wall clock jumps", before: func(w *lipWorld) {
			w.sight.twist = everyThird(func(c SenderClock) SenderClock { c.NTP = c.NTP.add(-800 * time.Millisecond); return c })
		}},
		{name: "reports whose timestamp jumps", before: func(w *lipWorld) {
			w.sight.twist = everyThird(func(c SenderClock) SenderClock { c.RTP += 30000; return c })
		}},
		{name: "reports that say anything", before: func(w *lipWorld) {
			w.sight.twist = func(int, SenderClock) SenderClock {
				return SenderClock{NTP(w.rng.Uint64()), Ticks(w.rng.Uint32())}
			}
			w.sight.encode = lipQuick
		}},
	}
}

// lipNetworks are what lies between.
func lipNetworks() []lipScenario {
	spikes := func(w *lipWorld) { w.spikes = true }
	return []lipScenario{
		{name: "nothing happens"},
		{name: "the network hesitates", before: spikes},
		{name: "the network hesitates and the clock stands still", before: spikes, event: pause(lipSound, 2*time.Second, 2*time.Second, false), length: 2 * time.Second},
		{name: "the way becomes longer", event: once(func(w *lipWorld) { w.sound.late, w.sight.late = 60*time.Millisecond, 60*time.Millisecond })},
	}
}

// TestLipSync: whatever happens to a publisher's clocks and reports, what a
// viewer is told of sound and picture puts them together within 20 ms, as soon
// as anything is told; and what was told before is mended within half a second.
func TestLipSync(t *testing.T) {
	for _, sc := range slices.Concat(lipNetworks(), lipClocks(), lipReports()) {
		t.Run(sc.name, sc.run)
	}
}

func (sc *lipScenario) run(t *testing.T) {
	w := newLipWorld(t)
	if sc.before != nil {
		sc.before(w)
	}
	var worst, told time.Duration
	for passed := lipStep; passed < max(sc.runs, 20*time.Second); passed += lipStep {
		w.now = w.now.Add(lipStep)
		if since := passed - lipEvent; since >= 0 && sc.event != nil {
			sc.event(w, since)
		}
		w.step(passed)
		if passed%lipTick != 0 {
			continue
		}
		a, sureA := w.tick(w.sound)
		v, sureV := w.tick(w.sight)
		if passed < lipBegun {
			continue
		}
		if sureA && sureV && !w.sound.muted && !w.sight.muted {
			e := w.lipError(a, v)
			if e > lipEnough && worst <= lipEnough {
				t.Errorf("%v: sound and picture are said to be %v apart", passed, e)
			}
			worst = max(worst, e)
		}
		if passed >= lipEvent && passed < lipEvent+sc.length+lipMended {
			continue
		}
		e := w.lipError(w.sound.heard, w.sight.heard)
		if e > lipEnough && told <= lipEnough {
			t.Errorf("%v: by what it was told the viewer plays them %v apart", passed, e)
		}
		told = max(told, e)
	}
	t.Logf("at worst %v apart, %v by what was told before", worst, told)
}

// step lets packets and reports be made and come.
func (w *lipWorld) step(passed time.Duration) {
	if w.spikes && passed%(1300*time.Millisecond) == 0 {
		w.stall = w.now.Add(180 * time.Millisecond)
	}
	for _, s := range []*lipStream{w.sound, w.sight} {
		w.capture(s)
		w.deliver(s)
		w.publisherReports(s)
	}
}

// BenchmarkClockWatch is what every packet that comes in pays.
func BenchmarkClockWatch(b *testing.B) {
	var w ClockWatch
	now := InstantOf(time.Unix(1_800_000_000, 0))
	for b.Loop() {
		now = now.Add(time.Second / 300)
		w.Arrived(Ticks(now&0xff), now, 90000)
	}
}
