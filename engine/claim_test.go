package engine

import (
	"errors"
	"testing"
	"time"

	"parley/engine/wire"
)

// inCluster runs a test on a node that asks a directory whose rooms are.
func inCluster(t *testing.T, test func(w *world, d *memDirectory)) {
	t.Helper()
	d := newMemDirectory()
	run(t, Options{Directory: d, Faults: true}, func(w *world) { test(w, d) })
	if n := d.held(); n != 0 {
		t.Errorf("%d leases were not given back", n)
	}
	for _, wrong := range d.wrongs {
		t.Error(wrong)
	}
}

// reply takes the answer to a request that was sent before, nil if there is none.
func (c *client) reply(id int64) wire.Message {
	c.w.t.Helper()
	c.w.settle()
	c.pump()
	for _, m := range c.got {
		if r, ok := m.(wire.Reply); ok && r.RequestID() == id {
			return m
		}
	}
	return nil
}

// refusedWith wants a join that was sent before refused, with word on when to
// try again.
func (c *client) refusedWith(id int64, code wire.Code) {
	c.w.t.Helper()
	e, ok := c.reply(id).(*wire.Error)
	if !ok || e.Code != code || e.RetryAfterMS == 0 {
		c.w.t.Errorf("answered with %+v, want %s", e, code)
		return
	}
	c.checkDocumented(wire.TypeJoin, e)
}

// TestClaimHoldsUpNobodyElse: who wants into a room of which it is not known yet
// whose it is waits, and nobody else does.
func TestClaimHoldsUpNobodyElse(t *testing.T) {
	inCluster(t, func(w *world, d *memDirectory) {
		d.delay["far"] = 3 * time.Second
		ada, bob := w.connect(), w.connect()
		first := ada.send(joinReq("far", "Ada", 0))
		w.settle()
		second := bob.send(joinReq("far", "Bob", 0))
		near := w.join("near", "Eve", 0)
		near.ok(&wire.Chat{Key: "k", Text: "hello"})
		if ada.reply(first) != nil || bob.reply(second) != nil {
			t.Fatal("somebody is in a room that is nobody's yet")
		}
		w.advance(3 * time.Second)
		if m, ok := ada.reply(first).(*wire.Joined); !ok || m.Room != "far" {
			t.Errorf("Ada got %+v", m)
		}
		if m, ok := bob.reply(second).(*wire.Joined); !ok || m.Meeting != ada.joined.Meeting {
			t.Errorf("Bob got %+v", m)
		}
		if d.held() != 2 {
			t.Errorf("%d leases", d.held())
		}
		ada.ok(&wire.Leave{})
		bob.ok(&wire.Leave{})
		w.advance(2 * time.Minute)
		if d.held() != 1 {
			t.Errorf("%d leases after the end of a room", d.held())
		}
	})
}

func TestClaimIsRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(d *memDirectory)
		after   time.Duration
		code    wire.Code
	}{
		{"another's", func(d *memDirectory) { d.owner["tea"] = "there" }, 0, wire.CodeMoved},
		{"nobody knows", func(d *memDirectory) { d.fail = errors.New("no leader") }, 0, wire.CodeUnavailable},
		{"too slow", func(d *memDirectory) { d.delay["tea"] = time.Hour }, 10 * time.Second, wire.CodeUnavailable},
		{"a fault", func(d *memDirectory) { d.panicky = true }, 0, wire.CodeUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			inCluster(t, func(w *world, d *memDirectory) {
				d.set(func() { c.prepare(d) })
				ada := w.connect()
				id := ada.send(joinReq("tea", "Ada", 0))
				if c.after > 0 {
					w.advance(c.after - 100*time.Millisecond)
					if ada.reply(id) != nil {
						t.Error("refused early")
					}
				}
				w.advance(200 * time.Millisecond)
				ada.refusedWith(id, c.code)
				if n := w.engine.Figures().Rooms; n != 0 {
					t.Errorf("%d rooms", n)
				}
				d.set(func() { d.fail, d.panicky = nil, false; clear(d.owner); clear(d.delay) })
				ada.ok(joinReq("tea", "Ada", 0))
			})
		})
	}
}

// TestWaitingIsBounded: those who wait for claims hold memory.
func TestWaitingIsBounded(t *testing.T) {
	inCluster(t, func(w *world, d *memDirectory) {
		d.delay["tea"] = time.Hour
		all := make([]*client, maxWaiting)
		ids := make([]int64, maxWaiting)
		for i := range all {
			all[i] = w.connect()
			ids[i] = all[i].send(joinReq("tea", "P", 0))
		}
		w.settle()
		late := w.connect()
		late.refusedWith(late.send(joinReq("tea", "Late", 0)), wire.CodeServerBusy)
		w.advance(11 * time.Second)
		all[0].refusedWith(ids[0], wire.CodeUnavailable)
		all[maxWaiting-1].refusedWith(ids[maxWaiting-1], wire.CodeUnavailable)
		d.set(func() { clear(d.delay) })
		late.ok(joinReq("tea", "Late", 0))
	})
}

// TestDirectoryDoesNotComeBack: who waits is told, the figures say so, and what the
// claim brings in the end is given back.
func TestDirectoryDoesNotComeBack(t *testing.T) {
	inCluster(t, func(w *world, d *memDirectory) {
		d.delay["tea"], d.deaf = time.Hour, true
		ada := w.connect()
		ada.send(joinReq("tea", "Ada", 0))
		w.advance(time.Minute)
		if bye := one[*wire.Bye](ada); bye.Code != wire.CodeTimeout {
			t.Errorf("Ada was told %+v", bye)
		}
		if f := w.engine.Figures(); f.Overdue["directory"] != 1 || f.Rooms != 1 {
			t.Errorf("overdue %v, %d rooms", f.Overdue, f.Rooms)
		}
		w.join("near", "Eve", 0)
		w.advance(time.Hour)
		if f := w.engine.Figures(); f.Overdue["directory"] != 0 || f.Rooms != 1 || d.held() != 1 {
			t.Errorf("overdue %v, %d rooms, %d leases", f.Overdue, f.Rooms, d.held())
		}
	})
}

// TestClaimComesTooLate: nobody waits any more when the answer comes.
func TestClaimComesTooLate(t *testing.T) {
	inCluster(t, func(w *world, d *memDirectory) {
		d.delay["tea"] = 3 * time.Second
		ada := w.connect()
		ada.send(joinReq("tea", "Ada", 0))
		w.settle()
		ada.drop()
		if n := w.engine.Figures().Rooms; n != 1 {
			t.Errorf("%d rooms while it is claimed", n)
		}
		w.advance(3 * time.Second)
		if n := w.engine.Figures().Rooms; n != 0 || d.held() != 0 {
			t.Errorf("%d rooms, %d leases for nobody", n, d.held())
		}
		if w.records.count() != 0 {
			t.Error("a meeting of nobody is in the records")
		}
	})
}

// TestEngineStopsDuringAClaim: who waits is told, and what the claim brings is
// given back, however late.
func TestEngineStopsDuringAClaim(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		inCluster(t, func(w *world, d *memDirectory) {
			d.delay["tea"], d.deaf = 3*time.Second, deaf
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

// TestResumeWaitsForTheClaim, to be told what became of the room.
func TestResumeWaitsForTheClaim(t *testing.T) {
	for _, c := range []struct {
		owner string
		code  wire.Code
	}{{"", wire.CodeResumeGone}, {"there", wire.CodeMoved}} {
		inCluster(t, func(w *world, d *memDirectory) {
			ada := w.join("tea", "Ada", 0)
			ada.ok(&wire.Leave{})
			w.advance(2 * time.Minute)
			d.set(func() { d.delay["tea"] = 3 * time.Second; d.owner["tea"] = c.owner })
			w.connect().send(joinReq("tea", "Bob", 0))
			w.settle()
			ada.conn = &memConn{}
			ada.attach(honest)
			id := ada.send(&wire.Resume{Token: ada.joined.Resume, Seq: ada.seq})
			if ada.reply(id) != nil {
				t.Error("answered before anybody knew")
			}
			w.advance(3 * time.Second)
			if e, ok := ada.reply(id).(*wire.Error); !ok || e.Code != c.code {
				t.Errorf("answered with %+v, want %s", e, c.code)
			} else {
				ada.checkDocumented(wire.TypeResume, e)
			}
		})
	}
}

// TestLeaseLost: the room ends in order, its people are told to come back.
func TestLeaseLost(t *testing.T) {
	inCluster(t, func(w *world, d *memDirectory) {
		ada, bob := w.join("tea", "Ada", 2), w.join("tea", "Bob", 2)
		other := w.join("other", "Eve", 0)
		d.lose("tea", "there")
		w.settle()
		for _, c := range []*client{ada, bob} {
			if bye := one[*wire.Bye](c); bye.Code != wire.CodeMoved || !bye.Retryable || bye.Summary == nil {
				t.Errorf("%s was told %+v", c.name(), bye)
			}
			c.ended(4011)
		}
		other.stays()
		w.settle()
		m := w.records.meeting(0)
		for p, stays := range m.stays {
			if stays[0].Reason != string(wire.ReasonMoved) {
				t.Errorf("%s left because of %q", p, stays[0].Reason)
			}
		}
		if len(m.stays) != 2 || m.End.IsZero() {
			t.Errorf("the record has %+v", m)
		}
		back := w.connect()
		back.refused(joinReq("tea", "Ada", 0), wire.CodeMoved)
		d.set(func() { clear(d.owner) })
		back.ok(joinReq("tea", "Ada", 0))
		if f := w.engine.Figures(); f.Rooms != 2 || f.Yielded != 0 {
			t.Errorf("%d rooms, %d yielded", f.Rooms, f.Yielded)
		}
	})
}

// TestLeaseLostDuringAJoin: who was about to enter is told as well.
func TestLeaseLostDuringAJoin(t *testing.T) {
	inCluster(t, func(w *world, d *memDirectory) {
		w.media.delay = time.Second
		ada := w.connect()
		id := ada.send(joinReq("tea", "Ada", 0))
		w.settle()
		d.lose("tea", "there")
		w.advance(2 * time.Second)
		if e, ok := ada.reply(id).(*wire.Error); !ok || e.Code != wire.CodeMoved {
			t.Errorf("answered with %+v", e)
		}
	})
}

// TestRunningRoomsNeedNoDirectory: it may be out of reach for as long as it likes.
func TestRunningRoomsNeedNoDirectory(t *testing.T) {
	inCluster(t, func(w *world, d *memDirectory) {
		w.join("tea", "Ada", 0)
		d.set(func() { d.fail = errors.New("no leader") })
		w.join("tea", "Bob", 0).ok(&wire.Chat{Key: "k", Text: "hello"})
		if err := w.engine.PanicRoom("tea"); err != nil {
			t.Fatal(err)
		}
		w.settle()
		w.join("tea", "Eve", 0)
		w.connect().refused(joinReq("new", "Eve", 0), wire.CodeUnavailable)
		w.connect().ok(&wire.Join{Echo: true, Name: "Ada"}) // is nobody else's business
	})
}

// TestARoomThatFailsGivesItsLeaseBack: whoever gets it next begins anew, and finds
// the meeting of before ended.
func TestARoomThatFailsGivesItsLeaseBack(t *testing.T) {
	inCluster(t, func(w *world, d *memDirectory) {
		w.join("tea", "Ada", 0)
		d.set(func() {
			running := d.rooms
			d.rooms = func() int {
				if m := w.records.meeting(0); m.End.IsZero() {
					t.Error("the lease is given back while the meeting is open")
				}
				return running()
			}
		})
		for range roomRestarts + 1 {
			if err := w.engine.PanicRoom("tea"); err != nil {
				t.Fatal(err)
			}
			w.settle()
		}
		if d.held() != 0 {
			t.Error("the lease is out")
		}
		w.join("tea", "Ada", 0)
	})
}
