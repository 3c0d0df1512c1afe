package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"parley/engine/wire"
)

// speaker says texts over a disk that hangs and fails, loses connections, and asks
// again for what it does not know, as the SDK does.
type speaker struct {
	*client
	identity string
	next     int
	asked    map[int64]string // requests of this connection without an answer
	fate     map[string]wire.Code
}

// The fates of a text, by key: an answer's code, "" while there is none, and:
const fateSaid wire.Code = "said"

func (s *speaker) ask(key string) {
	s.asked[s.send(&wire.Chat{Key: key, Text: "text of " + key})] = key
}

func (s *speaker) sayNew() {
	key := fmt.Sprint(s.identity, s.next)
	s.next++
	s.fate[key] = ""
	s.ask(key)
}

// listen takes the answers. store_failed settles a text that was never unknown, and
// nothing of one that was.
func (s *speaker) listen(t *testing.T) {
	s.pump()
	for _, m := range s.got {
		r, ok := m.(wire.Reply)
		if !ok {
			continue
		}
		key, mine := s.asked[r.RequestID()]
		if !mine {
			continue
		}
		delete(s.asked, r.RequestID())
		e, refused := m.(*wire.Error)
		switch before := s.fate[key]; {
		case !refused && m.(*wire.OK).Message.Key == key:
			s.fate[key] = fateSaid
		case before == fateSaid:
			t.Errorf("%s was said, then %+v", key, e)
		case e.Code == wire.CodeStoreFailed && before != wire.CodeUnknownOutcome,
			e.Code == wire.CodeUnknownOutcome, e.Code == wire.CodeRateLimited && before == "":
			s.fate[key] = e.Code
		case e.Code != wire.CodeStoreFailed && e.Code != wire.CodeRateLimited:
			t.Errorf("%s: %+v", key, e)
		}
	}
	s.got = nil
}

// lose loses the connection: what was not answered is unknown.
func (s *speaker) lose() {
	s.drop()
	for _, key := range s.asked {
		if s.fate[key] == "" {
			s.fate[key] = wire.CodeUnknownOutcome
		}
	}
	clear(s.asked)
}

// open returns a text that the speaker would ask for again, empty if there is none.
func (s *speaker) open() string {
	for i := range s.next {
		if key := fmt.Sprint(s.identity, i); s.fate[key] == wire.CodeUnknownOutcome {
			return key
		}
	}
	return ""
}

// TestTextsOverABadDisk: whatever the disk does, every request gets one answer, what
// was acknowledged is there, once and for everybody in one order, and what was
// refused is not.
func TestTextsOverABadDisk(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			limits := Limits{ChatRate: 1e6, ChatBurst: 1e6, MessageRate: 1e6, MessageBurst: 1e6, Refusals: 1e6}
			run(t, Options{Limits: limits}, func(w *world) { badDisk(t, w, rand.New(rand.NewPCG(seed, 12))) })
		})
	}
}

func badDisk(t *testing.T, w *world, random *rand.Rand) {
	witness := w.join("tea", "Witness", 0)
	var all []*speaker
	for _, name := range []string{"Ada", "Bob", "Eve"} {
		all = append(all, &speaker{client: w.joinAs(known(name)), identity: name, asked: map[int64]string{}, fate: map[string]wire.Code{}})
	}
	for range 200 {
		s := all[random.IntN(len(all))]
		switch random.IntN(12) {
		case 0:
			w.records.setStuck(random.IntN(2) == 0)
		case 1:
			w.records.setFail([]error{nil, nil, errReadOnly, errBusy}[random.IntN(4)])
		case 2:
			s.lose()
			if _, ok := s.resume().(*wire.Resumed); !ok {
				t.Fatal("not resumed")
			}
		case 3, 4:
			w.advance(time.Duration(random.IntN(40)) * time.Second)
		case 5, 6:
			if key := s.open(); key != "" {
				s.ask(key)
			}
		default:
			s.sayNew()
		}
		w.settle()
		for _, s := range all {
			s.listen(t)
		}
		witness.pump()
		witness.got = nil
	}
	w.records.setFail(nil)
	w.records.setStuck(false)
	w.advance(time.Minute)
	for _, s := range all {
		for s.listen(t); s.open() != ""; s.listen(t) {
			s.ask(s.open())
			w.settle()
		}
		if len(s.asked) != 0 {
			t.Errorf("%s has %d requests without an answer", s.identity, len(s.asked))
		}
	}
	checkTexts(t, w, witness, all)
}

// checkTexts compares what each was told with what the witness heard and the disk
// has.
func checkTexts(t *testing.T, w *world, witness *client, all []*speaker) {
	witness.pump()
	stored := map[string]int{}
	order := map[string]string{}
	for _, c := range w.records.chats["tea"] {
		stored[c.Key]++
		order[c.ID] = c.Key
	}
	heard := map[string]int{}
	last := ""
	for _, id := range witness.heard {
		heard[order[id]]++
		if id <= last {
			t.Errorf("%s came after %s", id, last)
		}
		last = id
	}
	said := 0
	for _, s := range all {
		for key, fate := range s.fate {
			want := 0
			if fate == fateSaid {
				want = 1
				said++
			}
			if stored[key] != want || heard[key] != want {
				t.Errorf("%s was told %q of %s: %d on disk, %d heard", s.identity, fate, key, stored[key], heard[key])
			}
		}
	}
	if said == 0 {
		t.Error("nothing was said at all")
	}
}
