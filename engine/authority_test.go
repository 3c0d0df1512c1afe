package engine

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"parley/engine/access"
	"parley/engine/wire"
)

// memAuthority decides about people by their name.
type memAuthority struct {
	mu      sync.Mutex               // guards the rest
	delay   map[string]time.Duration // how long it takes
	deaf    bool                     // it takes so long even if nobody waits any more
	no      map[string]error
	may     map[string]access.Right // all others: all
	panicky string                  // about whom it panics
	asked   []question
	given   int // asked about somebody who went away
}

type question struct {
	who Principal
	to  Entry
}

func newMemAuthority() *memAuthority {
	return &memAuthority{delay: map[string]time.Duration{}, no: map[string]error{}, may: map[string]access.Right{}}
}

func (a *memAuthority) Admit(ctx context.Context, who Principal, to Entry) (Grant, error) {
	a.mu.Lock()
	a.asked = append(a.asked, question{who, to})
	delay, over := a.delay[to.Name], ctx.Done()
	if a.deaf {
		over = nil
	}
	a.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-over:
		a.mu.Lock()
		defer a.mu.Unlock()
		a.given++
		return Grant{May: access.AllRights}, ctx.Err()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.panicky == to.Name {
		panic("authority twin was told to")
	}
	if may, ok := a.may[to.Name]; ok {
		return Grant{May: may}, a.no[to.Name]
	}
	return Grant{May: access.AllRights}, a.no[to.Name]
}

func (a *memAuthority) set(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

func (a *memAuthority) gaveUp() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.given
}

func guardedBy(t *testing.T, test func(w *world, a *memAuthority)) {
	t.Helper()
	a := newMemAuthority()
	run(t, Options{Authority: a}, func(w *world) { test(w, a) })
}

// TestAuthorityIsAsked: about who it is, and the room he would be in.
func TestAuthorityIsAsked(t *testing.T) {
	guardedBy(t, func(w *world, a *memAuthority) {
		ada := w.connect()
		ada.signal.info.Principal = Principal{Credential: "secret"}
		req := joinReq("abc-defg-hij", "Ada", 0)
		req.Identity = "key"
		ada.ok(req)
		w.join("ABCDEFGHIJ", "Bob", 0) // means the same room
		w.connect().ok(&wire.Join{Echo: true, Name: "Eve"})
		want := []question{
			{Principal{"secret"}, Entry{"abc-defg-hij", "Ada", "key"}},
			{Principal{}, Entry{"abc-defg-hij", "Bob", ""}},
			{Principal{}, Entry{"", "Eve", ""}},
		}
		for i, got := range a.asked {
			if i >= len(want) || got != want[i] {
				t.Errorf("asked %+v", got)
			}
		}
		if len(a.asked) != len(want) {
			t.Errorf("asked %d times", len(a.asked))
		}
	})
}

// TestCredentialsAreKeptForAnAuthorityOnly: where there is none they are memory that
// any stranger may take, for as long as the connection is there.
func TestCredentialsAreKeptForAnAuthorityOnly(t *testing.T) {
	info := ConnInfo{Principal: Principal{Credential: "secret"}}
	run(t, Options{}, func(w *world) {
		if s := w.engine.Accept(&memConn{}, info); s.info.Principal != (Principal{}) {
			t.Errorf("kept %+v", s.info.Principal)
		}
	})
	guardedBy(t, func(w *world, _ *memAuthority) {
		if s := w.engine.Accept(&memConn{}, info); s.info.Principal != info.Principal {
			t.Errorf("kept %+v", s.info.Principal)
		}
	})
}

// TestSlowAuthorityHoldsUpNobodyElse: neither those in the room, nor who comes after.
func TestSlowAuthorityHoldsUpNobodyElse(t *testing.T) {
	guardedBy(t, func(w *world, a *memAuthority) {
		a.delay["Slow"] = 5 * time.Second
		ada := w.join("tea", "Ada", 0)
		slow := w.connect()
		id := slow.send(joinReq("tea", "Slow", 0))
		w.settle()
		w.join("tea", "Bob", 0).ok(&wire.Chat{Key: "k", Text: "hello"})
		w.join("other", "Eve", 0)
		ada.ok(&wire.Hand{Raised: true})
		slow.refused(&wire.Join{Room: "tea", Name: "Slow"}, wire.CodeBadOrder)
		if slow.reply(id) != nil {
			t.Fatal("answered before the authority was")
		}
		w.advance(5 * time.Second)
		if m, ok := slow.reply(id).(*wire.Joined); !ok || len(m.Participants) != 3 {
			t.Errorf("answered with %+v", m)
		}
	})
}

func TestAuthorityRefuses(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(a *memAuthority)
		code    wire.Code
		again   bool
	}{
		{"no", func(a *memAuthority) { a.no["Ada"] = refuse(wire.CodeDenied, "not you") }, wire.CodeDenied, false},
		{"a fault", func(a *memAuthority) { a.no["Ada"] = errors.New("disk") }, wire.CodeInternal, false},
		{"a panic", func(a *memAuthority) { a.panicky = "Ada" }, wire.CodeInternal, false},
		{"too slow", func(a *memAuthority) { a.delay["Ada"] = time.Hour }, wire.CodeUnavailable, true},
		{"too slow and deaf", func(a *memAuthority) { a.delay["Ada"], a.deaf = 11*time.Second, true }, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			guardedBy(t, func(w *world, a *memAuthority) {
				a.set(func() { c.prepare(a) })
				ada := w.connect()
				id := ada.send(joinReq("tea", "Ada", 0))
				w.advance(12 * time.Second)
				switch m := ada.reply(id).(type) {
				case *wire.Joined:
					if c.code != "" {
						t.Errorf("let in, want %s", c.code)
					}
				case *wire.Error:
					if m.Code != c.code || m.RetryAfterMS > 0 != c.again {
						t.Errorf("refused with %+v, want %s", m, c.code)
					}
					ada.checkDocumented(wire.TypeJoin, m)
					if f := w.engine.Figures(); f.Rooms != 0 || f.Joins[string(c.code)] != 1 {
						t.Errorf("%d rooms, joins %v", f.Rooms, f.Joins)
					}
				default:
					t.Error("not answered")
				}
				w.join("tea", "Bob", 0)
			})
		})
	}
}

// TestAdmissionsAreBounded: those about whom it is asked hold memory.
func TestAdmissionsAreBounded(t *testing.T) {
	guardedBy(t, func(w *world, a *memAuthority) {
		a.delay["P"] = time.Hour
		for range maxAdmissions {
			w.connect().send(joinReq("tea", "P", 0))
		}
		w.settle()
		late := w.connect()
		late.refusedWith(late.send(joinReq("tea", "Ada", 0)), wire.CodeServerBusy)
		w.advance(11 * time.Second)
		late.ok(joinReq("tea", "Ada", 0))
	})
}

// TestAuthorityDoesNotComeBack: a call that does not end when its time is over keeps
// its place, who waits for it is told, and the figures say why there are no places.
func TestAuthorityDoesNotComeBack(t *testing.T) {
	guardedBy(t, func(w *world, a *memAuthority) {
		a.delay["P"], a.deaf = time.Hour, true
		var last *client
		for range maxAdmissions {
			last = w.connect()
			last.send(joinReq("tea", "P", 0))
		}
		w.advance(9 * time.Second)
		if n := w.engine.Figures().Overdue["authority"]; n != 0 {
			t.Errorf("%d calls are overdue in time", n)
		}
		w.advance(time.Minute)
		if bye := one[*wire.Bye](last); bye.Code != wire.CodeTimeout {
			t.Errorf("who waited was told %+v", bye)
		}
		late := w.connect()
		late.refusedWith(late.send(joinReq("tea", "Ada", 0)), wire.CodeServerBusy)
		if n := w.engine.Figures().Overdue["authority"]; n != maxAdmissions {
			t.Errorf("%d calls are overdue", n)
		}
		w.advance(time.Hour)
		if n := w.engine.Figures().Overdue["authority"]; n != 0 {
			t.Errorf("%d calls that came back are overdue", n)
		}
		w.join("tea", "Ada", 0)
	})
}

// TestConnectionGoesDuringAdmission: the authority is told that nobody waits.
func TestConnectionGoesDuringAdmission(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		guardedBy(t, func(w *world, a *memAuthority) {
			a.delay["Ada"], a.deaf = 5*time.Second, deaf
			ada := w.connect()
			ada.send(joinReq("tea", "Ada", 0))
			w.settle()
			ada.drop()
			if n := a.gaveUp(); !deaf && n != 1 {
				t.Errorf("%d questions ended", n)
			}
			w.advance(6 * time.Second)
			if f := w.engine.Figures(); f.Rooms != 0 || f.Participants != 0 || f.Joins["gone"] != 1 {
				t.Errorf("%d rooms, %d participants, joins %v", f.Rooms, f.Participants, f.Joins)
			}
		})
	}
}

func TestEngineStopsDuringAdmission(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		guardedBy(t, func(w *world, a *memAuthority) {
			a.delay["Ada"], a.deaf = 5*time.Second, deaf
			w.join("tea", "Bob", 0)
			ada := w.connect()
			id := ada.send(joinReq("tea", "Ada", 0))
			w.settle()
			w.stop()
			if e, ok := ada.reply(id).(*wire.Error); !ok || e.Code != wire.CodeDraining {
				t.Errorf("answered with %+v", e)
			}
		})
	}
}

// TestRightsAreThoseGranted: for as long as the session lasts, whatever the authority
// would say by now.
func TestRightsAreThoseGranted(t *testing.T) {
	guardedBy(t, func(w *world, a *memAuthority) {
		a.may["Ada"], a.may["Eve"] = access.MayChat, access.NoRight
		ada, bob, eve := w.join("tea", "Ada", 0), w.join("tea", "Bob", 0), w.join("tea", "Eve", 0)
		check := func() {
			t.Helper()
			ada.ok(&wire.Chat{Key: "k", Text: "hello"})
			ada.refused(&wire.Hand{Raised: true}, wire.CodeNotAllowed)
			bob.ok(&wire.Hand{Raised: true})
			bob.ok(&wire.Rename{Name: "Robert"})
			eve.refused(&wire.Chat{Key: "k", Text: "hello"}, wire.CodeNotAllowed)
		}
		check()
		a.set(func() {
			a.may = map[string]access.Right{"Bob": access.NoRight}
			a.no["Ada"] = refuse(wire.CodeDenied, "not any more")
		})
		n := len(a.asked)
		for _, c := range []*client{ada, bob, eve} {
			c.drop()
			if m, ok := c.resume().(*wire.Resumed); !ok {
				t.Fatalf("resumed with %+v", m)
			}
		}
		check()
		if len(a.asked) != n {
			t.Error("asked about somebody who resumes")
		}
	})
}
