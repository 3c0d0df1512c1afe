package storage

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// model is what the store should be, kept in maps.
type model struct {
	t        *testing.T
	s        *Store
	dir      string
	clock    *clock
	rng      *rand.Rand
	last     time.Time // latest time a record spoke of
	meetings map[string]*MeetingRecord
	running  map[string]string       // room → id
	chat     map[string][]ChatRecord // room → texts
	entries  map[entryID]Change
	revision uint64
	watched  *watched // by somebody who watches since the store was opened
	limit    int
}

const (
	modelRooms  = 4
	modelPeople = 4
	modelAge    = 2 * time.Minute // some texts go by age, some by number
)

// TestModel does random operations on store and model, closing and opening now
// and then without ending the meetings, as after a crash.
func TestModel(t *testing.T) {
	steps := 600
	if testing.Short() {
		steps = 100
	}
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			m := &model{
				t: t, dir: t.TempDir(), clock: newClock(), rng: rand.New(rand.NewPCG(seed, 2)), limit: 12,
				meetings: make(map[string]*MeetingRecord), running: make(map[string]string),
				chat: make(map[string][]ChatRecord), entries: make(map[entryID]Change),
			}
			m.open()
			defer func() { m.s.Close() }()
			for i := range steps {
				m.clock.advance(time.Duration(m.rng.IntN(2000)) * time.Millisecond)
				m.step()
				if i%50 == 49 || t.Failed() {
					m.compare()
				}
				if t.Failed() {
					t.Fatalf("at step %d", i)
				}
			}
			m.reopen()
			m.compare()
			checkPages(t, m.s)
		})
	}
}

func (m *model) open() {
	m.s = open(m.t, m.dir, Options{Now: m.clock.now, ChatLimit: m.limit, ChatAge: modelAge, Heartbeat: time.Hour})
	m.watched, _ = watch(m.t, m.s) // ends with Close
}

func (m *model) step() {
	switch n := m.rng.IntN(100); {
	case n < 12:
		m.begin()
	case n < 32:
		m.join()
	case n < 47:
		m.leave()
	case n < 52:
		m.rename()
	case n < 57:
		m.end()
	case n < 63:
		m.rate()
	case n < 67:
		m.act()
	case n < 86:
		m.say()
	case n < 95:
		m.put()
	case n < 98:
		m.delete()
	default:
		m.reopen()
	}
}

// want compares an outcome and, on success, notes the time.
func (m *model) want(what string, got, want error) bool {
	m.t.Helper()
	if !errors.Is(got, want) || (want == nil && got != nil) {
		m.t.Errorf("%s: got %v, want %v", what, got, want)
	}
	m.last = m.clock.now() // each commit notes the time, a refused write's too
	return want == nil
}

func (m *model) room() string   { return fmt.Sprint("room", m.rng.IntN(modelRooms)) }
func (m *model) person() string { return fmt.Sprint("p", m.rng.IntN(modelPeople)) }

// id is mostly that of a running meeting, sometimes of another or of none.
func (m *model) id() string {
	if id, ok := m.running[m.room()]; ok && m.rng.IntN(10) > 0 {
		return id
	}
	if ids := slices.Sorted(maps.Keys(m.meetings)); len(ids) > 0 && m.rng.IntN(4) > 0 {
		return ids[m.rng.IntN(len(ids))]
	}
	return NewID()
}

// live is the meeting with that id, or the error of operations on one that does
// not run.
func (m *model) live(id string) (*MeetingRecord, error) {
	r := m.meetings[id]
	switch {
	case r == nil:
		return nil, ErrNotFound
	case !r.End.IsZero():
		return nil, ErrEnded
	}
	return r, nil
}

func (m *model) begin() {
	v := Meeting{ID: NewID(), Room: m.room(), Creator: m.person(), Start: m.clock.now(), Limit: m.rng.IntN(3)}
	var want error
	if _, running := m.running[v.Room]; running {
		want = ErrRoomRunning
	}
	if m.want("begin", Wait(func(done func(error)) error { return m.s.BeginMeeting(v, done) }), want) {
		m.meetings[v.ID] = &MeetingRecord{Meeting: v, Acts: []Act{}}
		m.running[v.Room] = v.ID
	}
}

func (m *model) join() {
	id, j := m.id(), Joining{Participant: m.person(), User: "u", Name: "n", At: m.clock.now()}
	if m.rng.IntN(2) == 0 {
		j.Sub = fmt.Sprint("sub", m.rng.IntN(9))
	}
	r, want := m.live(id)
	a := r.attendance(j.Participant)
	if want == nil && a != nil && a.open() != nil {
		want = ErrPresent
	}
	if !m.want("join", Wait(func(done func(error)) error { return m.s.Join(id, j, done) }), want) {
		return
	}
	if a == nil {
		r.Participants = append(r.Participants, Attendance{Participant: j.Participant})
		a = &r.Participants[len(r.Participants)-1]
	}
	a.User, a.Sub, a.Name = j.User, cmp.Or(j.Sub, a.Sub), j.Name
	a.Intervals = append(a.Intervals, Interval{Join: j.At})
	r.Present++
	r.Peak = max(r.Peak, r.Present)
}

func (m *model) leave() {
	id, who, at := m.id(), m.person(), m.clock.now()
	r, want := m.live(id)
	a := r.attendance(who)
	if want == nil && (a == nil || a.open() == nil) {
		want = ErrAbsent
	}
	if m.want("leave", Wait(func(done func(error)) error { return m.s.Leave(id, who, at, "left", done) }), want) {
		a.open().Reason = "left"
		a.open().Leave = at
		r.Present--
	}
}

func (m *model) rename() {
	id, who, name := m.id(), m.person(), fmt.Sprint("name", m.rng.IntN(9))
	a := m.meetings[id].attendance(who)
	var want error
	if a == nil {
		want = ErrNotFound
	}
	if m.want("rename", Wait(func(done func(error)) error { return m.s.Rename(id, who, name, done) }), want) {
		a.Name = name
	}
}

func (m *model) rate() {
	id, v := m.id(), Rating{Participant: m.person(), Stars: 1 + m.rng.IntN(5), Comment: "c", At: m.clock.now()}
	r := m.meetings[id]
	var want error
	if r.attendance(v.Participant) == nil {
		want = ErrNotFound
	}
	if m.want("rate", Wait(func(done func(error)) error { return m.s.Rate(id, v, done) }), want) {
		r.Ratings = slices.DeleteFunc(r.Ratings, func(o Rating) bool { return o.Participant == v.Participant })
		r.Ratings = append(r.Ratings, v)
	}
}

func (m *model) act() {
	id, a := m.id(), Act{At: m.clock.now(), By: m.person(), What: "mute", Whom: m.person()}
	r := m.meetings[id]
	var want error
	if r == nil {
		want = ErrNotFound
	}
	if m.want("act", Wait(func(done func(error)) error { return m.s.AppendAct(id, a, done) }), want) {
		r.Acts = append(r.Acts, a)
	}
}

func (m *model) end() {
	id, at := m.id(), m.clock.now()
	r, want := m.live(id)
	if m.want("end", Wait(func(done func(error)) error { return m.s.EndMeeting(id, at, "shutdown", done) }), want) {
		m.close(r, at, "shutdown")
	}
}

func (m *model) close(r *MeetingRecord, at time.Time, reason string) {
	for i := range r.Participants {
		if open := r.Participants[i].open(); open != nil {
			open.Leave, open.Reason = at, reason
		}
	}
	r.End, r.Present = at, 0
	delete(m.running, r.Room)
}

func (m *model) say() {
	r := ChatRecord{
		Room: m.room(), Identity: m.person(), Key: fmt.Sprint("k", m.rng.IntN(40)),
		Name: "n", At: m.clock.now(), Text: fmt.Sprint("t", m.rng.IntN(1000)),
	}
	got, err := say(m.s, r)
	m.want("say", err, nil)
	m.prune()
	texts := m.chat[r.Room]
	for _, first := range texts {
		if first.Key == r.Key && first.Identity == r.Identity {
			if got.ID != first.ID || got.Text != first.Text {
				m.t.Errorf("second text under a key: got %+v, want %+v", got, first)
			}
			return
		}
	}
	r.ID = got.ID
	texts = append(texts, r)
	m.chat[r.Room] = texts[max(0, len(texts)-m.limit):]
}

// entry is a name, and a revision that mostly is the one it has.
func (m *model) entry() (id entryID, was uint64) {
	id = entryID{fmt.Sprintf("kind_%c", 'a'+m.rng.IntN(2)), fmt.Sprint("k", m.rng.IntN(5))}
	if m.rng.IntN(4) == 0 {
		return id, uint64(m.rng.IntN(int(m.revision) + 2))
	}
	return id, m.entries[id].Revision
}

func (m *model) put() {
	id, was := m.entry()
	is := m.entries[id].Revision
	c := Change{Kind: id.kind, Key: id.key, Value: fmt.Appendf([]byte{}, "%*d", m.rng.IntN(2000), m.rng.IntN(99))}
	got, err := m.s.PutEntry(m.t.Context(), id.kind, id.key, c.Value, was)
	if is != was {
		if m.want("put", err, ErrConflict); got != is {
			m.t.Errorf("a conflict with %d, not %d", got, is)
		}
		return
	}
	m.want("put", err, nil)
	m.revision++
	c.Revision = m.revision
	if m.entries[id] = c; got != c.Revision {
		m.t.Errorf("put gave revision %d, not %d", got, c.Revision)
	}
}

func (m *model) delete() {
	id, was := m.entry()
	var want error
	if is := m.entries[id].Revision; is == 0 || is != was {
		want = ErrConflict
	}
	if m.want("delete", m.s.DeleteEntry(m.t.Context(), id.kind, id.key, was), want) {
		m.revision++
		delete(m.entries, id)
	}
}

// compareEntries checks what is there, and what who watches has been told.
func (m *model) compareEntries() {
	m.t.Helper()
	var want []string
	for _, c := range m.entries {
		want = append(want, lineOf(c))
	}
	slices.Sort(want)
	got := entriesOf(m.t, m.s)
	slices.Sort(got)
	m.same("entries", got, want)
	until(m.t, "who watches knows what there is", func() bool { return m.watched.is(want) })
}

// prune forgets what is too old for anybody to see.
func (m *model) prune() {
	oldest := m.clock.now().Add(-modelAge)
	for room, texts := range m.chat {
		m.chat[room] = slices.DeleteFunc(slices.Clone(texts), func(r ChatRecord) bool { return r.At.Before(oldest) })
	}
}

// reopen closes what runs as a crash would: every other time without a Close.
func (m *model) reopen() {
	if m.rng.IntN(2) == 0 {
		m.dir = crash(m.t, m.s)
	}
	if err := m.s.Close(); err != nil {
		m.t.Fatal(err)
	}
	for _, id := range m.running {
		r := m.meetings[id]
		at := m.last
		if r.Present == 0 {
			at = r.Start
			for _, a := range r.Participants {
				at = later(a.lastLeave(), at)
			}
		}
		m.close(r, at, ReasonCrashed)
	}
	m.open()
}

// attendance finds a participant; nil, also of a nil record, if there is none.
func (r *MeetingRecord) attendance(who string) *Attendance {
	if r == nil {
		return nil
	}
	for i := range r.Participants {
		if r.Participants[i].Participant == who {
			return &r.Participants[i]
		}
	}
	return nil
}

// compare reads everything back.
func (m *model) compare() {
	m.t.Helper()
	ids := slices.Sorted(maps.Keys(m.meetings))
	for _, id := range ids {
		m.same("meeting", meeting(m.t, m.s, id), m.meetings[id])
	}
	m.compareList("all", ids, MeetingsQuery{Limit: MaxMeetingsPage})
	m.compareEntries()
	m.compareList("running", slices.Sorted(maps.Values(m.running)), MeetingsQuery{Running: true})
	for n := range modelRooms {
		room := fmt.Sprint("room", n)
		inRoom := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return m.meetings[id].Room != room })
		m.compareList(room, inRoom, MeetingsQuery{Room: room, Limit: MaxMeetingsPage})
		m.comparePages(room, inRoom)
		m.prune()
		got, err := m.s.ChatHistory(room, 0)
		if err != nil {
			m.t.Fatal(err)
		}
		want := slices.Clone(m.chat[room])
		for i := range want {
			want[i].Identity = ""
		}
		m.same("chat of "+room, got, append([]ChatRecord{}, want...))
	}
}

// compareList checks a listing against ids in ascending order.
func (m *model) compareList(what string, ids []string, q MeetingsQuery) {
	m.t.Helper()
	found, err := m.s.Meetings(q)
	if err != nil {
		m.t.Fatal(err)
	}
	want := []Meeting{}
	for _, id := range slices.Backward(ids) {
		want = append(want, m.meetings[id].Meeting)
	}
	m.same("list "+what, found, want[:min(len(want), MaxMeetingsPage)])
}

// comparePages walks a room's meetings two by two.
func (m *model) comparePages(room string, ids []string) {
	m.t.Helper()
	var walked []string
	q := MeetingsQuery{Room: room, Limit: 2}
	for range len(ids) + 1 {
		page, err := m.s.Meetings(q)
		if err != nil {
			m.t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, v := range page {
			walked = append(walked, v.ID)
		}
		q.Before = page[len(page)-1].ID
	}
	slices.Reverse(walked)
	if !slices.Equal(walked, ids) {
		m.t.Errorf("pages of %s: got %v, want %v", room, walked, ids)
	}
}

// same compares through JSON; people who came in the same instant, and ratings,
// have no order.
func (m *model) same(what string, got, want any) {
	m.t.Helper()
	if g, w := m.text(got), m.text(want); g != w {
		m.t.Errorf("%s:\ngot  %s\nwant %s", what, g, w)
	}
}

func (m *model) text(v any) string {
	if r, ok := v.(*MeetingRecord); ok {
		c := *r
		c.Participants = slices.SortedStableFunc(slices.Values(c.Participants), func(a, b Attendance) int {
			return cmp.Or(a.firstJoin().Compare(b.firstJoin()), cmp.Compare(a.Participant, b.Participant))
		})
		c.Ratings = slices.SortedFunc(slices.Values(c.Ratings), func(a, b Rating) int {
			return cmp.Compare(a.Participant, b.Participant)
		})
		v = c
	}
	data, err := json.Marshal(v)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(data)
}
