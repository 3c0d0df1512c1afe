package engine

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"parley/engine/wire"
)

var (
	modelSeeds = flag.Int("model.seeds", 10, "random runs of the model test")
	modelSteps = flag.Int("model.steps", 300, "operations in each")
	modelSeed  = flag.Uint64("model.seed", 0, "replay this one run")
)

// TestModel does random things with a few people in a few rooms and compares,
// after each, what everybody was told, what the media side carries and what is
// on disk with a model.
func TestModel(t *testing.T) {
	first, last := uint64(1), uint64(*modelSeeds)
	if *modelSeed > 0 {
		first, last = *modelSeed, *modelSeed
	}
	for seed := first; seed <= last; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			limits := Limits{MessageRate: 1e6, MessageBurst: 1e6, ChatRate: 1e6, ChatBurst: 1e6, ShowRate: 1e6, ShowBurst: 1e6, OfferRate: -1, RoomParticipants: 6}
			run(t, Options{Faults: true, Limits: limits}, func(w *world) {
				m := &model{w: w, r: rand.New(rand.NewPCG(seed, 7)), rooms: map[string]*modelRoom{}}
				defer func() { t.Log("last:", m.step, m.did) }()
				for step := range *modelSteps {
					m.step = step
					m.act()
					m.check()
					if t.Failed() {
						t.Fatalf("step %d: %s", step, m.did)
					}
				}
			})
		})
	}
}

// model is what should be the case.
type model struct {
	w     *world
	r     *rand.Rand
	rooms map[string]*modelRoom
	all   []*modelPerson // ever joined and not gone
	step  int
	did   string
	keys  int
}

type modelRoom struct {
	people  []*modelPerson // in join order
	hands   hands
	said    []string // ids of texts on disk, in order
	crashes []time.Time
}

type modelPerson struct {
	c        *client
	room     string
	identity string
	name     string
	media    bool
	away     time.Time // zero: connected
	lastKey  string
	lastID   string
}

func (m *model) room(name string) *modelRoom {
	if m.rooms[name] == nil {
		m.rooms[name] = &modelRoom{}
	}
	return m.rooms[name]
}

func (m *model) gone(p *modelPerson) {
	m.all = slices.DeleteFunc(m.all, func(q *modelPerson) bool { return p == q })
	room := m.room(p.room)
	room.people = slices.DeleteFunc(room.people, func(q *modelPerson) bool { return p == q })
	room.hands.set(p.c.id(), false)
}

func (m *model) note(format string, args ...any) { m.did = fmt.Sprintf(format, args...) }

// act does one random thing.
func (m *model) act() {
	if len(m.all) < 3 || m.r.IntN(6) == 0 {
		m.join()
		return
	}
	p := m.all[m.r.IntN(len(m.all))]
	if !p.away.IsZero() {
		if m.r.IntN(3) > 0 {
			m.resume(p)
		} else {
			m.pass()
		}
		return
	}
	switch m.r.IntN(18) {
	case 0, 1, 2:
		m.chat(p)
	case 3:
		m.note("%s raises or lowers", p.name)
		raised := m.r.IntN(2) == 0
		p.c.ok(&wire.Hand{Raised: raised})
		m.room(p.room).hands.set(p.c.id(), raised)
	case 4, 5:
		m.mute(p)
	case 6:
		m.view(p)
	case 7:
		m.note("%s speaks", p.name)
		if s := p.c.session(); s != nil {
			s.events.MediaSpeaking(m.r.IntN(3) > 0, m.r.IntN(128))
		}
	case 8:
		m.offer(p)
	case 9:
		m.note("%s leaves", p.name)
		p.c.ok(&wire.Leave{})
		m.gone(p)
	case 10:
		m.note("%s is lost", p.name)
		p.c.drop()
		p.away = time.Now()
	case 11:
		m.illegal(p)
	case 12:
		m.end(p)
	case 13:
		m.crash(p)
	case 14:
		m.note("%s is renamed", p.name)
		p.name = fmt.Sprint("N", m.step)
		p.c.ok(&wire.Rename{Name: p.name})
	case 15:
		m.pass()
	case 16:
		m.suffer(p)
	case 17:
		m.recode(p)
	}
}

// suffer makes a picture fail, or end to, for all or for one who watches.
func (m *model) suffer(p *modelPerson) {
	s := p.c.session()
	if s == nil {
		return
	}
	src := []wire.Source{wire.Camera, wire.Screen}[m.r.IntN(2)]
	if m.r.IntN(2) == 0 {
		problem := []wire.Problem{"", wire.ProblemNoMedia, wire.ProblemNoKeyframe}[m.r.IntN(3)]
		m.note("the %s of %s suffers from %q", src, p.name, problem)
		s.suffer(src, problem)
		return
	}
	seat := m.r.IntN(7)
	m.note("the picture in seat %d of %s begins or breaks off", seat, p.name)
	m.w.media.mu.Lock()
	s.running[seat] = !s.running[seat]
	var from *memSession
	if seat < len(s.seats) && s.seats[seat].From != nil {
		from, src = s.seats[seat].From.(*memSession), s.seats[seat].Source
	}
	m.w.media.mu.Unlock()
	if from != nil {
		from.events.MediaProblem(string(src))
	}
}

// recode makes somebody send another codec, or take others.
func (m *model) recode(p *modelPerson) {
	s := p.c.session()
	if s == nil {
		return
	}
	sends := m.r.IntN(2) == 0
	m.note("%s recodes, sending: %v", p.name, sends)
	m.w.media.mu.Lock()
	seats := len(s.seats)
	if sends {
		s.codecs[wire.Camera] = map[bool]string{true: "H264", false: "VP8"}[s.codecs[wire.Camera] == "VP8"]
	} else {
		s.decodes["H264"] = !s.decodes["H264"]
	}
	m.w.media.mu.Unlock()
	if sends {
		s.events.MediaProblem(string(wire.Camera))
		return
	}
	req := joinReq("", "", seats)
	p.c.ok(&wire.Offer{Offer: "v=0 again", Sources: req.Sources, Seats: req.Seats})
}

func (m *model) join() {
	p := &modelPerson{room: fmt.Sprint("room", m.r.IntN(3)), name: fmt.Sprint("P", m.step), media: m.r.IntN(5) > 0}
	if m.r.IntN(2) == 0 {
		p.identity = fmt.Sprint("identity", m.r.IntN(6))
	}
	req := &wire.Join{Room: p.room, Name: p.name}
	if p.media {
		req = joinReq(p.room, p.name, m.r.IntN(7))
	}
	req.Identity = p.identity
	m.note("%s joins %s", p.name, p.room)
	room := m.room(p.room)
	var replaced *modelPerson
	for _, q := range room.people {
		if p.identity != "" && q.identity == p.identity {
			replaced = q
		}
	}
	p.c = m.w.connect()
	if len(room.people) >= 6 && replaced == nil {
		p.c.refused(req, wire.CodeRoomFull)
		return
	}
	if m.r.IntN(10) == 0 {
		m.w.media.refuse = refuse(wire.CodeBadSDP, "twin")
		if p.media {
			p.c.refused(req, wire.CodeBadSDP)
			return
		}
		m.w.media.refuse = nil
	}
	p.c.ok(req)
	if replaced != nil {
		m.gone(replaced)
	}
	m.all = append(m.all, p)
	room.people = append(room.people, p)
}

func (m *model) resume(p *modelPerson) {
	m.note("%s resumes", p.name)
	if _, ok := p.c.resume().(*wire.Resumed); !ok {
		m.w.t.Errorf("%s: not resumed after %v", p.name, time.Since(p.away))
	}
	p.away = time.Time{}
}

func (m *model) chat(p *modelPerson) {
	room := m.room(p.room)
	if p.lastKey != "" && m.r.IntN(4) == 0 {
		m.note("%s says %s again", p.name, p.lastKey)
		if ok := p.c.ok(&wire.Chat{Key: p.lastKey, Text: "again"}).(*wire.OK); ok.Message.ID != p.lastID {
			m.w.t.Errorf("said again as %s, was %s", ok.Message.ID, p.lastID)
		}
		return
	}
	m.keys++
	key := fmt.Sprint("k", m.keys)
	if to := room.people[m.r.IntN(len(room.people))]; to != p && m.r.IntN(4) == 0 {
		m.note("%s tells %s", p.name, to.name)
		p.c.ok(&wire.Chat{Key: key, Text: "private", To: to.c.id()})
		return
	}
	m.note("%s says %s", p.name, key)
	ok := p.c.ok(&wire.Chat{Key: key, Text: "public"}).(*wire.OK)
	p.lastKey, p.lastID = key, ok.Message.ID
	room.said = append(room.said, ok.Message.ID)
}

func (m *model) mute(p *modelPerson) {
	src := wire.Sources[m.r.IntN(len(wire.Sources))]
	muted := m.r.IntN(2) == 0
	m.note("%s mutes %s: %v", p.name, src, muted)
	if req := (&wire.Mute{Source: src, Muted: muted}); p.media {
		p.c.ok(req)
	} else {
		p.c.refused(req, wire.CodeNoSource)
	}
}

func (m *model) view(p *modelPerson) {
	m.note("%s looks elsewhere", p.name)
	items := []wire.ViewItem{}
	for range m.r.IntN(5) {
		q := m.all[m.r.IntN(len(m.all))] // also of other rooms
		src := []wire.Source{wire.Camera, wire.Screen}[m.r.IntN(2)]
		items = append(items, wire.ViewItem{Participant: q.c.id(), Source: src, Width: m.r.IntN(2) * 320, Height: 180})
	}
	p.c.ok(&wire.View{Items: items})
}

func (m *model) offer(p *modelPerson) {
	seats := m.r.IntN(9)
	m.note("%s offers %d seats", p.name, seats)
	s := p.c.session()
	req := joinReq("", "", seats)
	offer := &wire.Offer{Offer: "v=0 again", Sources: req.Sources, Seats: req.Seats}
	if s != nil && seats < len(s.seats) {
		p.c.refused(offer, wire.CodeSDPMismatch)
		return
	}
	p.c.ok(offer)
	p.media = true
}

func (m *model) illegal(p *modelPerson) {
	m.note("%s does what is not allowed", p.name)
	p.c.refused(&wire.Join{Room: "room0", Name: "x"}, wire.CodeJoinedTwice)
	p.c.refused(&wire.Chat{Key: "x", Text: "x", To: "nobody"}, wire.CodeNoParticipant)
	p.c.signal.OnText([]byte(`{"type":"view","id":1,"items":[null`))
	other := m.w.connect()
	other.refused(&wire.Hand{Raised: true}, wire.CodeNotJoined)
	other.refused(&wire.Resume{Token: p.c.joined.Resume + "A", Seq: 1}, wire.CodeResumeGone)
	other.drop()
}

func (m *model) end(p *modelPerson) {
	if m.r.IntN(4) > 0 {
		m.note("%s is removed", p.name)
		_ = m.w.engine.Remove(p.room, p.c.id())
		m.gone(p)
	} else {
		m.note("%s ends", p.room)
		_ = m.w.engine.EndRoom(p.room)
		for _, q := range slices.Clone(m.room(p.room).people) {
			m.gone(q)
		}
	}
	m.w.settle()
	p.c.pump()
	if closed, _ := p.c.conn.end(); !closed {
		m.w.t.Errorf("%s was not closed", p.name)
	}
}

func (m *model) crash(p *modelPerson) {
	if m.r.IntN(2) == 0 {
		m.note("%s crashes", p.name)
		_ = m.w.engine.PanicParticipant(p.room, p.c.id())
		m.gone(p)
		return
	}
	room := m.room(p.room)
	room.crashes = slices.DeleteFunc(room.crashes, func(at time.Time) bool { return time.Since(at) > roomRestartWindow })
	if len(room.crashes) < roomRestarts {
		m.note("%s crashes", p.room)
		room.crashes = append(room.crashes, time.Now())
		_ = m.w.engine.PanicRoom(p.room)
	}
}

// pass lets time go by.
func (m *model) pass() {
	d := []time.Duration{time.Second, 4 * time.Second, 9 * time.Second, 29 * time.Second, 70 * time.Second}[m.r.IntN(5)]
	m.note("%v pass", d)
	m.w.advance(d)
}

// check compares. First it lets the seats settle, and those who were away too
// long go.
func (m *model) check() {
	t := m.w.t
	m.w.advance(2 * seatsEvery)
	for _, p := range slices.Clone(m.all) {
		if !p.away.IsZero() && time.Since(p.away) >= 30*time.Second {
			m.gone(p)
		}
	}
	if n := m.w.engine.Figures().Participants; n != len(m.all) {
		t.Errorf("%d participants, the model has %d", n, len(m.all))
	}
	for _, p := range m.all {
		if p.away.IsZero() {
			p.c.pump()
			p.c.got = nil
			m.checkPerson(p)
		}
		m.checkSeats(p)
	}
	for _, wrong := range m.w.media.complaints() {
		t.Errorf("media: %s", wrong)
	}
}

func (m *model) checkPerson(p *modelPerson) {
	t, room := m.w.t, m.room(p.room)
	var people []string
	for _, q := range room.people {
		people = append(people, q.c.id())
		if p.c.names[q.c.id()] != q.name {
			t.Errorf("%s knows %s as %q", p.name, q.name, p.c.names[q.c.id()])
		}
	}
	if !slices.Equal(p.c.people, people) {
		t.Errorf("%s was told of %v, there are %v", p.name, p.c.people, people)
	}
	if !slices.Equal(p.c.hands, room.hands) {
		t.Errorf("%s was told of hands %v, raised are %v", p.name, p.c.hands, room.hands)
	}
	if heard := p.c.heard; !slices.Equal(heard, room.said[max(0, len(room.said)-len(heard)):]) || len(heard) < min(len(room.said), wire.MaxHistory) {
		t.Errorf("%s heard %v of %v", p.name, heard, room.said)
	}
	if closed, status := p.c.conn.end(); closed {
		t.Errorf("%s was closed with %d", p.name, status)
	}
}

// checkSeats compares what p was told of its seats with what the media side
// carries, which must be of people in the same room.
func (m *model) checkSeats(p *modelPerson) {
	s := p.c.session()
	if s == nil {
		return
	}
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	for i, placed := range s.seats {
		told, sits := p.c.seats[i]
		if placed.From == nil {
			if sits && p.away.IsZero() {
				m.w.t.Errorf("%s was told %+v, seat %d is empty", p.name, told, i)
			}
			continue
		}
		from := placed.From.(*memSession)
		if !slices.ContainsFunc(m.room(p.room).people, func(q *modelPerson) bool { return q.c.id() == from.id }) {
			m.w.t.Errorf("seat %d of %s carries somebody who is not in the room", i, p.name)
		}
		decodes := s.decodes[from.codecs[placed.Source]]
		if p.away.IsZero() && (!sits || told.Participant != from.id || told.Source != placed.Source || (told.Video && decodes) != placed.Video) {
			m.w.t.Errorf("seat %d of %s carries %s %s %v, told was %+v", i, p.name, from.id, placed.Source, placed.Video, told)
		}
		if p.away.IsZero() {
			problem := wire.Problem("")
			switch {
			case told.Video && !decodes:
				problem = wire.ProblemCodec
			case told.Video:
				problem = s.problemLocked(i, from, placed.Source)
			}
			if told.Problem != problem {
				m.w.t.Errorf("seat %d of %s: told that %q keeps the picture away, it is %q", i, p.name, told.Problem, problem)
			}
		}
		if placed.Video && from.muted[placed.Source] {
			m.w.t.Errorf("seat %d of %s has a picture that is off", i, p.name)
		}
	}
}
