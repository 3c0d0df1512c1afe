package media

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// watch checks what a Rewriter may never do, whatever a publisher sends.
type watch struct {
	t     testing.TB
	r     *Rewriter
	clock uint32
	used  map[ExtSeq]bool
	top   ExtSeq // newest outgoing number, of packets only

	// spare is how far the numbers got beyond the packets sent, less what a
	// second allows; least is its lowest so far.
	spare, least float64

	first  Ticks // outgoing, of the first packet
	at     Instant
	newest Ticks
	sent   int
}

func newWatch(t testing.TB, r *Rewriter) *watch {
	return &watch{t: t, r: r, clock: r.clock, used: map[ExtSeq]bool{}}
}

func (w *watch) forwarded(out *Output, now Instant) {
	w.t.Helper()
	if out.Lead {
		lead := *out
		lead.AsLead()
		w.forwarded(&lead, now)
	}
	if w.used[out.Ext] {
		w.t.Fatalf("number %d used twice", out.Ext)
	}
	w.used[out.Ext] = true
	w.sent++
	if w.sent == 1 {
		w.top, w.first, w.at, w.newest = out.Ext, out.TS, now, out.TS
		return
	}
	w.numbers(out, now)
	w.times(out, now)
	w.top = max(w.top, out.Ext)
}

// numbers: between any two moments the numbers move by the packets sent and a
// second's worth of holes, and by as much for every second.
func (w *watch) numbers(out *Output, now Instant) {
	w.t.Helper()
	elapsed := now.Sub(w.at).Seconds()
	w.spare = float64(max(w.top, out.Ext)) - float64(w.sent) - holesPerSecond*elapsed
	if w.sent == 2 {
		w.least = w.spare
	}
	w.least = min(w.least, w.spare)
	if w.spare-w.least > holesPerSecond+1 {
		w.t.Fatalf("the numbers ran ahead of the packets by %.0f more than time allows", w.spare-w.least)
	}
}

// times: a packet that moves the stream on keeps to the clock, any other has a
// time of the past.
func (w *watch) times(out *Output, now Instant) {
	w.t.Helper()
	if w.r.lastTS == w.newest {
		if d := int32(out.TS - w.newest); d > maxBack*int32(w.clock) || d < -maxLate*int32(w.clock) {
			w.t.Fatalf("a timestamp is %d ticks from the newest", d)
		}
		return
	}
	w.newest = w.r.lastTS
	elapsed := now.Sub(w.at)
	off := time.Duration(int32(out.TS-w.first-ticksIn(elapsed, w.clock))) * time.Second / time.Duration(w.clock)
	// Where time allows for nothing more, each packet moves by a tick.
	drift := elapsed/maxDrift + time.Duration(w.sent)*time.Second/time.Duration(w.clock)
	if off > maxAhead*time.Second+drift || off < -maxBehind*time.Second-drift {
		w.t.Fatalf("after %v the timestamp is %v off the clock", elapsed, off)
	}
}

// TestHostileNumbersAndTimes draws publishers that leap, and seats that change
// among them.
func TestHostileNumbersAndTimes(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 5))
			kind := []Kind{KindAudio, KindVideo}[rng.IntN(2)]
			r := NewRewriter(kind, Seq(rng.Uint32()), Ticks(rng.Uint32()))
			w := newWatch(t, &r)
			now := Instant(1e18)
			leap := []ExtSeq{1, 100, 511, 512, 513, 1000, 40000}
			ext, ts := ExtSeq(1<<16), Ticks(rng.Uint32())
			source := uint64(1)
			r.SetTarget(source, 0)
			for range 4000 {
				now = now.Add(time.Duration(rng.IntN(2000)) * time.Microsecond)
				switch rng.IntN(400) {
				case 0:
					now = now.Add(time.Duration(rng.IntN(30)) * time.Second)
				case 1:
					source = 3 - source
					r.SetTarget(source, 0)
				case 2:
					r.Restart()
				}
				ext++
				if rng.IntN(3) == 0 {
					ext += leap[rng.IntN(len(leap))]
				}
				switch rng.IntN(8) {
				case 0:
					ts = Ticks(rng.Uint32())
				case 1:
					ts += 1 << 31
				case 2, 3, 4:
					ts += 3000
				case 5:
					ts += Ticks(4 * w.clock)
				}
				in := Input{Source: source, Ext: ext, TS: ts, Facts: &Facts{Keyframe: rng.IntN(2) == 0, Start: true}, Now: now}
				in.Facts.Lead = Lead(rng.IntN(3))
				if rng.IntN(20) == 0 { // late
					in.Ext -= min(ExtSeq(rng.IntN(600)), in.Ext-1)
				}
				if rng.IntN(30) == 0 {
					r.Skip(&in)
					continue
				}
				var out Output
				if r.Rewrite(&in, &out) == Forward {
					w.forwarded(&out, now)
				}
			}
			if w.sent < 500 {
				t.Fatalf("only %d packets forwarded", w.sent)
			}
		})
	}
}

// viewer opens what a hostile stream becomes with pion's SRTP.
type viewer struct {
	t        *testing.T
	r        Rewriter
	template *HeaderTemplate
	sealer   *Sealer
	sc       Scratch
	open     func(pkt []byte) error
	now      Instant
	ext      ExtSeq
}

func newViewer(t *testing.T, kind Kind) *viewer {
	key := testKey(ProfileAES128GCM)
	v := &viewer{t: t, r: NewRewriter(kind, 30000, 5), now: 1e18, ext: 1 << 16}
	var err error
	if v.sealer, err = NewSealer(key); err != nil {
		t.Fatal(err)
	}
	if v.template, err = NewHeaderTemplate(HeaderSpec{SSRC: 100}); err != nil {
		t.Fatal(err)
	}
	c := pionContext(t, key)
	v.open = func(pkt []byte) error {
		_, err := c.DecryptRTP(nil, pkt, nil)
		return err
	}
	v.r.SetTarget(1, 0)
	return v
}

// send forwards n packets, each leap numbers after the one before; hears says
// whether the viewer gets them.
func (v *viewer) send(n, perSecond int, leap ExtSeq, hears bool) {
	v.t.Helper()
	for range n {
		v.now = v.now.Add(time.Second / time.Duration(perSecond))
		v.ext += leap
		var out Output
		in := Input{Source: 1, Ext: v.ext, TS: Ticks(v.now / 11111), Facts: keyStart, Now: v.now}
		if v.r.Rewrite(&in, &out) != Forward {
			continue
		}
		var slot [200]byte
		h := v.template.Write(slot[:], &Patch{Seq: out.Ext.Seq(), TS: out.TS})
		size, err := v.sealer.SealRTP(&v.sc, slot[:], h, make([]byte, 20), out.Ext)
		if err != nil {
			v.t.Fatal(err)
		}
		if hears {
			if err := v.open(slot[:size]); err != nil {
				v.t.Fatalf("number %d does not open: %v", out.Ext, err)
			}
		}
	}
}

// TestViewerOpensAfterAGap: a viewer that hears nothing for a while, during
// which a publisher leaps as it likes, opens what comes after, and so does
// whoever sits in that seat later.
func TestViewerOpensAfterAGap(t *testing.T) {
	for _, miss := range []time.Duration{250 * time.Millisecond, time.Second, 3 * time.Second} {
		for _, leap := range []ExtSeq{1, 2, 30, 512, 513, 1000, 32768} {
			t.Run(fmt.Sprintf("%v/%d", miss, leap), func(t *testing.T) {
				// The most that the limit of a source lets through.
				const perSecond = 6250
				v := newViewer(t, KindVideo)
				v.send(100, perSecond, leap, true)
				v.send(int(miss*perSecond/time.Second), perSecond, leap, false)
				v.send(100, perSecond, leap, true)
				v.send(9000, perSecond, 1000, true)
				v.send(perSecond/4, perSecond, 1000, false)
				v.r.SetTarget(2, 0)
				v.r.SetTarget(1, 0)
				v.send(100, perSecond, 1, true)
			})
		}
	}
}

// TestRewriterLeap: a leap of the clock under one SSRC goes no further, and
// the time that passed does; what was sent before the leap is repaired as it
// was.
func TestRewriterLeap(t *testing.T) {
	for _, leap := range []Ticks{1 << 31, 1<<31 - 1, 1<<31 + 1, 6 * 90000, 3600 * 90000, 1<<32 - 2*90000, 1<<32 - 3600*90000} {
		t.Run(fmt.Sprint(int32(leap)), func(t *testing.T) {
			s := newSeat(t, KindVideo, 0, 1000)
			s.r.SetTarget(1, 0)
			ts := Ticks(7)
			s.send(Input{Source: 1, Ext: 70000, TS: ts, Facts: keyStart}, Forward)
			s.now = s.now.Add(40 * time.Millisecond)
			ts += leap
			for i := range ExtSeq(3) { // one picture
				if out := s.send(Input{Source: 1, Ext: 70002 + i, TS: ts}, Forward); out.TS != 1000+3600 || out.Ext != 2+i {
					t.Fatalf("after the leap %d at %d", out.Ext, out.TS)
				}
			}
			s.now = s.now.Add(40 * time.Millisecond)
			if out := s.send(Input{Source: 1, Ext: 70005, TS: ts + 3500}, Forward); out.TS != 1000+3600+3500 {
				t.Errorf("the picture after it at %d", out.TS)
			}
			if out := s.send(Input{Source: 1, Ext: 70001, TS: 7}, Forward); out.TS != 1000 || out.Ext != 1 {
				t.Errorf("a packet of before comes as %d at %d", out.Ext, out.TS)
			}
			for seq, want := range map[Seq]Ticks{0: 1000, 2: 4600, 5: 8100} {
				o, ok := s.r.Lookup(seq)
				if !ok {
					t.Fatalf("number %d is unknown", seq)
				}
				in, out := Input{TS: map[Seq]Ticks{0: 7, 2: ts, 5: ts + 3500}[seq], Facts: &Facts{}}, Output{}
				if o.Recreate(&in, &out); out.TS != want {
					t.Errorf("repair of %d at %d, was at %d", seq, out.TS, want)
				}
			}
		})
	}
}

// TestRewriterLateLeap: a late packet can not bring a time that never was.
func TestRewriterLateLeap(t *testing.T) {
	s := newSeat(t, KindVideo, 0, 0)
	s.r.SetTarget(1, 0)
	s.send(Input{Source: 1, Ext: 70000, Facts: keyStart}, Forward)
	s.send(Input{Source: 1, Ext: 70005, TS: 3000}, Forward)
	for _, ts := range []Ticks{1 << 31, 3000 + 2*90000, 1<<32 - 601*90000} {
		s.send(Input{Source: 1, Ext: 70002, TS: ts}, DropTimestamp)
	}
	s.send(Input{Source: 1, Ext: 70002, TS: 3000}, Forward)
}

// TestRewriterExact: what honest clocks and networks do is passed on to the
// tick.
func TestRewriterExact(t *testing.T) {
	const second = time.Second
	repeat := func(n int, d time.Duration) (out []time.Duration) {
		for range n {
			out = append(out, d)
		}
		return out
	}
	rng := rand.New(rand.NewPCG(3, 3))
	for _, c := range []struct {
		name  string
		kind  Kind
		every []time.Duration // of the publisher's clock
		late  func(i int) time.Duration
		ppm   int64
	}{
		{name: "sound with pauses", kind: KindAudio, every: append(repeat(100, 20*time.Millisecond), repeat(100, 400*time.Millisecond)...)},
		{name: "sound after an hour", kind: KindAudio, every: []time.Duration{20 * time.Millisecond, time.Hour, 20 * time.Millisecond}},
		{name: "picture that pauses for minutes", kind: KindVideo, every: []time.Duration{second / 30, 5 * time.Minute, second / 30, 20 * time.Minute, second / 30}},
		{name: "screen", kind: KindVideo, every: repeat(400, 10*second)},
		{name: "jitter", kind: KindVideo, every: repeat(2000, second/30), late: func(int) time.Duration { return time.Duration(rng.IntN(2000)) * time.Millisecond }},
		{name: "stall of 9 s", kind: KindVideo, every: repeat(2000, second/30), late: func(i int) time.Duration {
			return max(0, 9*second-max(0, time.Duration(i-1000))*second/30) * time.Duration(min(1, max(0, i-999)))
		}},
		{name: "first packet 4 s late", kind: KindAudio, every: repeat(2000, 20*time.Millisecond), late: func(i int) time.Duration {
			return max(0, 4*second-time.Duration(i)*20*time.Millisecond)
		}},
		{name: "fast clock for a day", kind: KindAudio, every: repeat(86400, second), ppm: 200},
		{name: "slow clock for a day", kind: KindVideo, every: repeat(86400, second), ppm: -200},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSeat(t, c.kind, 0, 1<<32-5000)
			clock := s.r.clock
			s.r.SetTarget(1, 0)
			start := s.now
			ts, media := Ticks(1<<31-3000), time.Duration(0)
			var moved Ticks
			for i := range len(c.every) + 1 {
				arrival := start.Add(media)
				if c.late != nil {
					arrival = arrival.Add(c.late(i))
				}
				s.now = max(s.now, arrival)
				at := ts + ticksIn(media+media/1e6*time.Duration(c.ppm), clock)
				out := s.send(Input{Source: 1, Ext: 70000 + ExtSeq(i), TS: at, Facts: keyStart}, Forward)
				if i == 0 {
					moved = out.TS - at
				} else if out.TS-at != moved {
					t.Fatalf("packet %d, %v on, is moved by %d ticks, the first by %d", i, media, out.TS-at, moved)
				}
				if i < len(c.every) {
					media += c.every[i]
				}
			}
		})
	}
}

// TestRewriterStandingClock: a clock that stood still during a long silence
// goes on after it by the time that passed.
func TestRewriterStandingClock(t *testing.T) {
	s := newSeat(t, KindAudio, 0, 0)
	s.r.SetTarget(1, 0)
	s.send(Input{Source: 1, Ext: 70000, TS: 5}, Forward)
	s.now = s.now.Add(time.Minute)
	for i := range 10 {
		want := Ticks(60*48000 + i*960)
		if out := s.send(Input{Source: 1, Ext: 70001 + ExtSeq(i), TS: 965 + Ticks(i)*960}, Forward); out.TS != want {
			t.Fatalf("packet %d after the silence at %d, want %d", i, out.TS, want)
		}
		s.now = s.now.Add(20 * time.Millisecond)
	}
}

// FuzzHostilePublisher: see watch.
func FuzzHostilePublisher(f *testing.F) {
	seed := make([]byte, 0, 700)
	rng := rand.New(rand.NewPCG(1, 9))
	for range cap(seed) {
		seed = append(seed, byte(rng.Uint32()))
	}
	f.Add(seed)
	f.Add([]byte{0xff, 0, 1, 0x80, 0, 0, 0, 0xff, 3, 232, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		kind := KindVideo
		if len(b)%2 == 1 {
			kind = KindAudio
		}
		r := NewRewriter(kind, 0x7fff, 0)
		w := newWatch(t, &r)
		now, ext, ts := Instant(1e18), ExtSeq(1<<16), Ticks(0)
		r.SetTarget(1, 0)
		for ; len(b) >= 7; b = b[7:] {
			op := b[0]
			now = now.Add(time.Duration(op&3) * time.Duration(op&3) * 700 * time.Millisecond)
			ext += ExtSeq(binary.BigEndian.Uint16(b[1:])) % 1200
			ts += Ticks(binary.BigEndian.Uint32(b[3:]))
			in := Input{Source: 1 + uint64(op>>2&1), Ext: ext, TS: ts, Facts: &Facts{Keyframe: op&8 != 0, Start: true, Lead: Lead(op>>3&1) * Lead(ext%3)}, Now: now}
			switch op >> 5 {
			case 0:
				r.SetTarget(in.Source, 0)
			case 1:
				r.Restart()
			case 2:
				r.Skip(&in)
			case 3:
				in.Ext -= min(ExtSeq(b[1]), in.Ext-1)
			}
			var out Output
			if r.Rewrite(&in, &out) == Forward {
				w.forwarded(&out, now)
			}
		}
	})
}
