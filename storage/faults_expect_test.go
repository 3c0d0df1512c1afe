//go:build linux

package storage

import (
	"fmt"
	"slices"
	"strings"
)

// faultModel is what a store should hold.
type faultModel struct {
	meetings []*faultMeeting // nil: not begun
	chat     map[string][]string
	entries  map[string]uint64 // revisions
	revision uint64
}

type faultMeeting struct {
	room   string
	ended  bool
	people map[string]*faultPerson
}

type faultPerson struct {
	intervals int
	in, rated bool
}

func newFaultModel(meetings int) *faultModel {
	return &faultModel{meetings: make([]*faultMeeting, meetings), chat: make(map[string][]string), entries: make(map[string]uint64)}
}

func (m *faultModel) do(st step) error {
	if st.kind == "put" || st.kind == "delete" {
		return m.change(st)
	}
	if st.kind == "say" {
		if !slices.Contains(m.chat[st.room], st.key) {
			m.chat[st.room] = append(m.chat[st.room], st.key)
		}
		return nil
	}
	if st.kind == "begin" {
		for _, v := range m.meetings {
			if v != nil && !v.ended && v.room == st.room {
				return ErrRoomRunning
			}
		}
		m.meetings[st.meeting] = &faultMeeting{room: st.room, people: make(map[string]*faultPerson)}
		return nil
	}
	v := m.meetings[st.meeting]
	if v == nil {
		return ErrNotFound
	}
	p := v.people[st.who]
	switch {
	case st.kind == "rate" && p == nil:
		return ErrNotFound
	case st.kind == "rate":
		p.rated = true
	case v.ended:
		return ErrEnded
	case st.kind == "end":
		v.end()
	case st.kind == "join" && p == nil:
		v.people[st.who] = &faultPerson{intervals: 1, in: true}
	case st.kind == "join" && p.in:
		return ErrPresent
	case st.kind == "join":
		p.intervals, p.in = p.intervals+1, true
	case p == nil || !p.in:
		return ErrAbsent
	default:
		p.in = false
	}
	return nil
}

func (m *faultModel) change(st step) error {
	is := m.entries[st.key]
	if is != st.was || is == 0 && st.kind == "delete" {
		return ErrConflict
	}
	m.revision++
	if m.entries[st.key] = m.revision; st.kind == "delete" {
		delete(m.entries, st.key)
	}
	return nil
}

func (v *faultMeeting) end() {
	v.ended = true
	for _, p := range v.people {
		p.in = false
	}
}

// crash ends all, as opening the store does.
func (m *faultModel) crash() {
	for _, v := range m.meetings {
		if v != nil {
			v.end()
		}
	}
}

func (m *faultModel) String() string {
	var b strings.Builder
	for i, v := range m.meetings {
		if v == nil {
			continue
		}
		fmt.Fprintf(&b, "%d in %s ended %v:", i, v.room, v.ended)
		for _, who := range []string{"p0", "p1", "p2"} {
			if p := v.people[who]; p != nil {
				fmt.Fprintf(&b, " %s %+v", who, *p)
			}
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%v %v %v of %d", m.chat["room0"], m.chat["room1"], m.entries, m.revision)
	return b.String()
}
