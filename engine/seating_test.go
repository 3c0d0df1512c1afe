package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"parley/engine/wire"
)

var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// perf makes a performer: "mc" has microphone and camera on, "m" the camera
// off, "-" both off, "mcs" also shares the screen with sound.
func perf(id, on string) performer {
	has := func(c rune) bool { return slices.Contains([]rune(on), c) }
	return performer{id: id, sources: map[wire.Source]wire.SourceState{
		wire.Microphone:  {Muted: !has('m'), Codec: "opus"},
		wire.Camera:      {Muted: !has('c'), Codec: "VP8"},
		wire.Screen:      {Muted: !has('s'), Codec: "VP8"},
		wire.ScreenAudio: {Muted: !has('s'), Codec: "opus"},
	}}
}

func spoke(p performer, ago time.Duration) performer {
	p.lastSpoke = testNow.Add(-ago)
	return p
}

func look(id string, src wire.Source) wire.ViewItem {
	return wire.ViewItem{Participant: id, Source: src, Width: 320, Height: 180}
}

// describe writes seats as "a b+ - c/s+": + has a picture, /s is the screen.
func describe(seats []seat) string {
	out := ""
	for i, s := range seats {
		if i > 0 {
			out += " "
		}
		if s.empty() {
			out += "-"
			continue
		}
		out += s.participant
		if s.source == wire.Screen {
			out += "/s"
		}
		if s.video {
			out += "+"
		}
	}
	return out
}

func TestAssignSeats(t *testing.T) {
	cam, scr := wire.Camera, wire.Screen
	for _, c := range []struct {
		name       string
		k          int
		performers []performer
		speakers   []string
		view       []wire.ViewItem
		self       string
		want       string
	}{
		{"nobody", 3, nil, nil, nil, "me", "- - -"},
		{"no seats", 0, []performer{perf("a", "mc")}, nil, nil, "me", ""},
		{"default view is join order", 3, []performer{perf("a", "mc"), perf("b", "m"), perf("c", "mc")}, nil, nil, "b", "a+ c+ -"},
		{"not oneself", 2, []performer{perf("me", "mcs"), perf("a", "mc")}, nil, []wire.ViewItem{look("me", cam), look("a", cam)}, "me", "a+ -"},
		{"view order", 2, []performer{perf("a", "mc"), perf("b", "mc"), perf("c", "mc")}, nil, []wire.ViewItem{look("c", cam), look("b", cam)}, "me", "c+ b+"},
		{"others are heard", 3, []performer{perf("a", "mc"), perf("b", "mc"), perf("c", "mc")}, nil, []wire.ViewItem{look("c", cam)}, "me", "c+ a b"},
		{"screen first", 3, []performer{perf("a", "mc"), perf("b", "mcs")}, nil, nil, "me", "b/s+ a+ b+"},
		{"screen not looked at is heard", 4, []performer{perf("a", "mcs")}, nil, []wire.ViewItem{}, "me", "a/s a - -"},
		{"muted screen has no seat", 3, []performer{perf("a", "mc")}, nil, []wire.ViewItem{look("a", scr)}, "me", "a - -"},
		{"camera off keeps the sound", 2, []performer{perf("a", "m")}, nil, []wire.ViewItem{look("a", cam)}, "me", "a -"},
		{"invisible tile", 2, []performer{perf("a", "mc")}, nil, []wire.ViewItem{{Participant: "a", Source: cam}}, "me", "a -"},
		{"all off still sits while there is room", 2, []performer{perf("a", "-"), perf("b", "mc"), perf("c", "-")}, nil, nil, "me", "b+ a"},
		{"what is on comes before what is off", 1, []performer{perf("a", "-"), perf("b", "m")}, nil, []wire.ViewItem{look("a", cam)}, "me", "b"},
		{"unknown in view", 2, []performer{perf("a", "mc")}, nil, []wire.ViewItem{look("ghost", cam), look("a", cam)}, "me", "a+ -"},
		{"speaker outside the view", 4, []performer{perf("a", "mc"), perf("b", "mc"), perf("c", "mc"), perf("d", "mc"), perf("e", "m")}, []string{"e"},
			[]wire.ViewItem{look("a", cam), look("b", cam), look("c", cam), look("d", cam)}, "me", "a+ b+ c+ e"},
		{"only a quarter goes to them", 4, []performer{perf("a", "mc"), perf("b", "mc"), perf("c", "mc"), perf("d", "mc"), perf("e", "m"), perf("f", "m")}, []string{"f", "e"},
			[]wire.ViewItem{look("a", cam), look("b", cam), look("c", cam), look("d", cam)}, "me", "a+ b+ c+ f"},
		{"few seats are the view's", 3, []performer{perf("a", "mc"), perf("b", "mc"), perf("c", "mc"), perf("e", "m")}, []string{"e"},
			[]wire.ViewItem{look("a", cam), look("b", cam), look("c", cam)}, "me", "a+ b+ c+"},
		{"speaker in the view needs no more", 4, []performer{perf("a", "mc"), perf("b", "mc"), perf("c", "mc"), perf("d", "mc"), perf("e", "m")}, []string{"d"},
			[]wire.ViewItem{look("a", cam), look("b", cam), look("c", cam), look("d", cam)}, "me", "a+ b+ c+ d+"},
		{"latest speakers keep being heard", 2, []performer{perf("a", "m"), spoke(perf("b", "m"), time.Hour), spoke(perf("c", "m"), time.Minute)}, nil, []wire.ViewItem{}, "me", "c b"},
		{"a pause costs nothing", 4, []performer{perf("a", "mc"), perf("b", "mc"), perf("c", "mc"), perf("d", "mc"), spoke(perf("e", "m"), 3*time.Second)}, nil,
			[]wire.ViewItem{look("a", cam), look("b", cam), look("c", cam), look("d", cam)}, "me", "a+ b+ c+ e"},
		{"a long one does", 4, []performer{perf("a", "mc"), perf("b", "mc"), perf("c", "mc"), perf("d", "mc"), spoke(perf("e", "m"), 11*time.Second)}, nil,
			[]wire.ViewItem{look("a", cam), look("b", cam), look("c", cam), look("d", cam)}, "me", "a+ b+ c+ d+"},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := buildStage(c.performers, c.speakers, testNow)
			got := assignSeats(make([]seat, c.k), c.view, st, c.self, nil)
			if d := describe(got); d != c.want {
				t.Errorf("got %q, want %q", d, c.want)
			}
		})
	}
}

func TestAssignSeatsKeepsPeopleWhereTheySit(t *testing.T) {
	all := []performer{perf("a", "mc"), perf("b", "mc"), perf("c", "mc"), perf("d", "mc")}
	seats := assignSeats(make([]seat, 4), nil, buildStage(all, nil, testNow), "me", nil)
	if d := describe(seats); d != "a+ b+ c+ d+" {
		t.Fatal(d)
	}
	seats = assignSeats(seats, nil, buildStage(slices.Delete(slices.Clone(all), 1, 2), nil, testNow), "me", nil)
	if d := describe(seats); d != "a+ - c+ d+" {
		t.Errorf("after b left: %q", d)
	}
	reversed := []wire.ViewItem{look("d", wire.Camera), look("c", wire.Camera), look("a", wire.Camera)}
	seats = assignSeats(seats, reversed, buildStage(all, nil, testNow), "me", nil)
	if d := describe(seats); d != "a+ b c+ d+" {
		t.Errorf("after a new view: %q", d)
	}
}

// A seat knows the place of its sitter in the view; what the view does not name, and
// all without one, has none. Another order changes nothing else.
func TestAssignSeatsRanks(t *testing.T) {
	st := buildStage([]performer{perf("a", "mc"), perf("b", "m"), perf("c", "mc"), perf("d", "mc")}, nil, testNow)
	ranks := func(seats []seat) (ranks []int) {
		for _, s := range seats {
			ranks = append(ranks, s.rank)
		}
		return ranks
	}
	seats := assignSeats(make([]seat, 4), nil, st, "me", nil)
	if got := ranks(seats); !slices.Equal(got, []int{0, 0, 0, 0}) {
		t.Errorf("without a view: %v", got)
	}
	view := []wire.ViewItem{look("c", wire.Camera), look("nobody", wire.Camera), look("b", wire.Camera), look("a", wire.Camera)}
	seats = assignSeats(seats, view, st, "me", nil) // a b c d
	if got := ranks(seats); !slices.Equal(got, []int{4, 3, 1, 0}) || describe(seats) != "a+ b c+ d" {
		t.Errorf("ranks %v of %q", got, describe(seats))
	}
	view[0], view[3] = view[3], view[0]
	seats = assignSeats(seats, view, st, "me", nil)
	if got := ranks(seats); !slices.Equal(got, []int{1, 3, 4, 0}) || describe(seats) != "a+ b c+ d" {
		t.Errorf("ranks %v of %q", got, describe(seats))
	}
}

// checkSeats checks what must hold of any assignment.
func checkSeats(prev, next []seat, view []wire.ViewItem, st *stage, self string, sound soundSeats) error {
	seen := map[sitter]int{}
	for i, s := range next {
		if s.empty() {
			if s != (seat{}) {
				return fmt.Errorf("seat %d is empty and has %+v", i, s)
			}
			continue
		}
		at, known := st.index[s.sitter]
		if !known || s.participant == self {
			return fmt.Errorf("seat %d has %+v, who is not there", i, s)
		}
		if _, twice := seen[s.sitter]; twice {
			return fmt.Errorf("%+v sits twice", s.sitter)
		}
		if s.video && !st.ranking[at].video {
			return fmt.Errorf("seat %d shows a picture that is off", i)
		}
		if s.video && sound.has(i) {
			return fmt.Errorf("seat %d is for sound only", i)
		}
		seen[s.sitter] = i
	}
	for i, s := range prev {
		if now, stays := seen[s.sitter]; !s.empty() && stays && now != i && len(sound) == 0 {
			return fmt.Errorf("%+v moved from %d to %d", s.sitter, i, now)
		}
	}
	// No seat stays empty while somebody with sound has none.
	if len(seen) < len(next) {
		for _, s := range st.ranking {
			if _, sits := seen[s.sitter]; s.audio && s.participant != self && !sits {
				return fmt.Errorf("%+v is not heard, and a seat is free", s.sitter)
			}
		}
	}
	// The view's live items are seated but for those at its end that the
	// speakers' seats may cost.
	k := len(next)
	c := choice{st: st, self: self, pictures: sound.others(k)}
	c.wanted(k, view)
	for rank, ch := range c.list {
		s := st.ranking[ch.at].sitter
		if i, sits := seen[s]; !sits && rank < k-speakerSeats(k) {
			return fmt.Errorf("item %d of the view, %+v, has no seat", rank, s)
		} else if sits && next[i].video != ch.video {
			return fmt.Errorf("item %d of the view, %+v, has video %v", rank, s, next[i].video)
		}
	}
	return nil
}

func TestAssignSeatsProperties(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		k := r.IntN(12)
		seats := make([]seat, k)
		var sound soundSeats // of every other seed: some
		for range k * int(seed%2) {
			sound = append(sound, r.IntN(3) == 0)
		}
		people := map[string]string{}
		spokeAt := map[string]time.Time{}
		var order []string
		now := testNow
		for step := range 60 {
			now = now.Add(time.Duration(r.IntN(5000)) * time.Millisecond)
			id := fmt.Sprint("p", r.IntN(16))
			switch r.IntN(5) {
			case 0, 1:
				if _, there := people[id]; !there {
					order = append(order, id)
				}
				people[id] = []string{"mc", "m", "-", "mcs", "c", "s"}[r.IntN(6)]
			case 2:
				delete(people, id)
				order = slices.DeleteFunc(order, func(s string) bool { return s == id })
			case 3:
				spokeAt[id] = now
			case 4:
				for len(seats) < 16 && r.IntN(8) == 0 {
					seats = append(seats, seat{})
				}
			}
			var performers []performer
			var speakers []string
			for _, id := range order {
				p := perf(id, people[id])
				p.lastSpoke = spokeAt[id]
				if p.lastSpoke.Equal(now) && p.on(wire.Microphone) {
					speakers = append(speakers, id)
				}
				performers = append(performers, p)
			}
			st := buildStage(performers, speakers, now)
			view := randomView(r)
			next := assignSeats(seats, view, st, "p0", sound)
			used := view
			if used == nil {
				used = st.inJoinOrder
			}
			if err := checkSeats(seats, next, used, st, "p0", sound); err != nil {
				t.Fatalf("seed %d, step %d: %v\n%s\n%s", seed, step, err, describe(seats), describe(next))
			}
			if again := assignSeats(next, view, st, "p0", sound); !slices.Equal(again, next) {
				t.Fatalf("seed %d, step %d: assigning again changed\n%s to\n%s", seed, step, describe(next), describe(again))
			}
			seats = next
		}
	}
}

// Seats for sound only get no picture; who turns one on moves to a seat that can
// show it, and who has none makes place.
func TestAssignSoundSeats(t *testing.T) {
	sound := soundSeats{false, true, true}
	all := func(on ...string) (list []performer) {
		for i, what := range on {
			list = append(list, perf(string(rune('a'+i)), what))
		}
		return list
	}
	seats := make([]seat, 4) // the last one shows pictures, too
	for _, step := range []struct {
		people []performer
		want   string
	}{
		{all("m", "m"), "- a b -"},
		{all("m", "mc"), "b+ a - -"},
		{all("mc", "mc"), "b+ - - a+"},
		{all("mc", "mc", "mc"), "b+ c - a+"}, // one too many: heard
		{all("m", "mc", "mc"), "b+ a - c+"},
	} {
		next := assignSeats(seats, nil, buildStage(step.people, nil, testNow), "me", sound)
		if got := describe(next); got != step.want {
			t.Errorf("%s became %s, want %s", describe(seats), got, step.want)
		}
		seats = next
	}
}

func randomView(r *rand.Rand) []wire.ViewItem {
	if r.IntN(4) == 0 {
		return nil
	}
	view := []wire.ViewItem{}
	for range r.IntN(10) {
		src := wire.Camera
		if r.IntN(4) == 0 {
			src = wire.Screen
		}
		it := look(fmt.Sprint("p", r.IntN(18)), src)
		if r.IntN(5) == 0 {
			it.Width = 0
		}
		view = append(view, it)
	}
	return uniqueItems(view)
}

// benchPeople are those of a large room.
func benchPeople(n int) []performer {
	performers := make([]performer, n)
	for i := range performers {
		performers[i] = perf(fmt.Sprint("p", i), []string{"mc", "m", "-"}[i%3])
	}
	return performers
}

func BenchmarkAssignSeats1000(b *testing.B) {
	st := buildStage(benchPeople(1000), []string{"p3", "p600"}, testNow)
	seats := make([]seat, 16)
	for b.Loop() {
		seats = assignSeats(seats, nil, st, "p5", nil)
	}
}

func BenchmarkBuildStage1000(b *testing.B) {
	people := benchPeople(1000)
	for b.Loop() {
		buildStage(people, []string{"p3", "p600"}, testNow)
	}
}
