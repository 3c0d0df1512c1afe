package engine

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"parley/engine/wire"
)

var (
	greedy = netip.MustParseAddr("192.0.2.66")
	honest = netip.MustParseAddr("2001:db8::1")
)

// open joins a room from an address.
func (w *world) open(addr netip.Addr, room, name string) *client {
	w.t.Helper()
	c := w.connectFrom(addr)
	c.ok(joinReq(room, name, 0))
	return c
}

// openMany opens rooms with one member each.
func (w *world) openMany(addr netip.Addr, prefix string, n int) (all []*client) {
	w.t.Helper()
	for i := range n {
		all = append(all, w.open(addr, fmt.Sprint(prefix, i), "X"))
	}
	return all
}

// yielded wants c told that its room gave way.
func (c *client) yielded() {
	c.w.t.Helper()
	c.w.settle()
	if bye := one[*wire.Bye](c); bye.Code != wire.CodeYielded || bye.Retryable || bye.Summary == nil {
		c.w.t.Errorf("%s was told %+v", c.name(), bye)
	}
	c.ended(4010)
}

func (c *client) stays() {
	c.w.t.Helper()
	if closed, status := c.conn.end(); closed {
		c.w.t.Errorf("%s was closed with %d", c.joined.Room, status)
	}
}

// TestOneAddressCanNotFillTheServer: a newcomer gets in when somebody has taken
// all rooms there are, and only those give way whom nobody misses.
func TestOneAddressCanNotFillTheServer(t *testing.T) {
	run(t, Options{Limits: Limits{Rooms: 10, AddressRooms: -1}}, func(w *world) {
		all := w.openMany(greedy, "grab", 10)
		second := w.open(honest, "grab0", "Guest") // the oldest is no longer alone
		for i := range 3 {
			w.open(honest, fmt.Sprint("honest", i), "Ada").stays()
		}
		all[0].stays()
		second.stays()
		for i, c := range all[1:] {
			if i < 3 {
				c.yielded()
			} else {
				c.stays()
			}
		}
		if f := w.engine.Figures(); f.Rooms != 10 || f.Yielded != 3 {
			t.Errorf("%d rooms, %d yielded", f.Rooms, f.Yielded)
		}
		// Who had to go does not push others out.
		back := w.connectFrom(greedy)
		back.refused(joinReq("grab1", "X", 0), wire.CodeServerFull)
		if n := w.engine.Figures().Limited["rooms"]; n != 1 {
			t.Errorf("counted %d", n)
		}
		if m := w.records.meeting(1); m.Room != "grab1" || m.End.IsZero() {
			t.Error("the meeting that gave way has no end in the records")
		}
	})
}

func TestNobodyGivesWay(t *testing.T) {
	addr := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}) }
	for _, c := range []struct {
		name string
		fill func(w *world)
		from netip.Addr
	}{
		{"each address has one", func(w *world) {
			for i := range 4 {
				w.openMany(addr(i), fmt.Sprint("a", i, "-"), 1)
			}
		}, honest},
		{"nobody is alone", func(w *world) {
			for _, host := range w.openMany(greedy, "pair", 4) {
				w.open(greedy, host.joined.Room, "Y")
			}
		}, honest},
		{"exempt ones count for nobody", func(w *world) { w.openMany(netip.Addr{}, "proxied", 4) }, honest},
		{"one's own", func(w *world) { w.openMany(greedy, "mine", 4) }, greedy},
		{"who has one less", func(w *world) { w.openMany(greedy, "a", 2); w.openMany(honest, "b", 1); w.openMany(addr(1), "c", 1) }, honest},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, Options{Limits: Limits{Rooms: 4, AddressRooms: -1}}, func(w *world) {
				c.fill(w)
				w.connectFrom(c.from).refused(joinReq("new", "Ada", 0), wire.CodeServerFull)
				if n := w.engine.Figures().Yielded; n != 0 {
					t.Errorf("%d gave way", n)
				}
			})
		})
	}
}

// TestEmptyRoomsGiveWayFirst: whoever opened them.
func TestEmptyRoomsGiveWayFirst(t *testing.T) {
	run(t, Options{Limits: Limits{Rooms: 4}}, func(w *world) {
		alone := w.openMany(greedy, "grab", 3)
		w.open(netip.Addr{}, "left", "Bob").ok(&wire.Leave{})
		w.advance(3 * time.Second)
		w.open(greedy, "new", "X").stays()
		for _, c := range alone {
			c.stays()
		}
	})
}

func TestRoomsPerAddress(t *testing.T) {
	run(t, Options{Faults: true, Limits: Limits{AddressRooms: 3}}, func(w *world) {
		all := w.openMany(greedy, "r", 3)
		late := w.connectFrom(greedy)
		if e := late.refused(joinReq("more", "X", 0), wire.CodeTooManyRooms); e.RetryAfterMS == 0 {
			t.Error("no word on when to try again")
		}
		w.openMany(netip.Addr{}, "exempt", 5)
		w.open(honest, "other", "Ada")
		w.open(greedy, "other", "Guest") // somebody else's room
		w.open(netip.MustParseAddr("2001:db8::2"), "other2", "Ada")
		w.open(honest, "other3", "Ada")
		w.connectFrom(netip.MustParseAddr("2001:db8::3")).refused(joinReq("other4", "X", 0), wire.CodeTooManyRooms)

		// A restart changes nothing, the end of a room does.
		if err := w.engine.PanicRoom("r0"); err != nil {
			t.Fatal(err)
		}
		w.settle()
		late.refused(joinReq("more", "X", 0), wire.CodeTooManyRooms)
		all[1].ok(&wire.Leave{})
		w.advance(2 * time.Minute)
		late = w.connectFrom(greedy)
		late.ok(joinReq("more", "X", 0))
		if n := w.engine.Figures().Limited["address_rooms"]; n != 3 {
			t.Errorf("counted %d", n)
		}
	})
}

// TestYieldingRoomEndsBeforeItsNameIsFree, so that the record of its meeting is
// closed before the next begins.
func TestYieldingRoomEndsBeforeItsNameIsFree(t *testing.T) {
	run(t, Options{Limits: Limits{Rooms: 2, AddressRooms: -1}}, func(w *world) {
		all := w.openMany(greedy, "r", 2)
		ada, bob := w.connectFrom(honest), w.connectFrom(netip.Addr{})
		ada.send(joinReq("new", "Ada", 0)) // makes r0 yield
		bob.send(joinReq("r0", "Bob", 0))  // wants to enter it
		w.settle()
		all[0].yielded()
		if bob.pump(); bob.joined != nil {
			t.Error("Bob entered a room that was on its way out")
		}
		one[*wire.Error](bob)
		if ada.pump(); ada.joined == nil {
			t.Error("Ada is not in")
		}
	})
}

// TestOccupancyIsExact: a room on whose way somebody is does not yield.
func TestOccupancyIsExact(t *testing.T) {
	var o occupancy
	o.set(1, 7)
	if n, ok := o.settled(7); n != 1 || !ok {
		t.Errorf("%d, %v", n, ok)
	}
	if _, ok := o.settled(8); ok {
		t.Error("somebody is on the way in")
	}
	run(t, Options{Limits: Limits{Rooms: 3, AddressRooms: -1}}, func(w *world) {
		all := w.openMany(greedy, "grab", 3)
		guest, ada := w.connectFrom(netip.Addr{}), w.connectFrom(honest)
		guest.send(joinReq("grab0", "Guest", 0))
		ada.send(joinReq("new", "Ada", 0))
		w.settle()
		if guest.pump(); guest.joined == nil {
			t.Error("the guest found the door closed")
		}
		all[0].stays()
		all[1].yielded()
	})
}
