package limit

import (
	"net/netip"
	"testing"
	"time"
)

var begin = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

func addr(text string) netip.Addr { return netip.MustParseAddr(text) }

func TestSource(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "::ffff:192.0.2.1": "192.0.2.1/32",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "127.0.0.1": "127.0.0.1/32",
	} {
		if got := Source(addr(text)).String(); got != want {
			t.Errorf("%s counts as %s, want %s", text, got, want)
		}
	}
	if Source(netip.Addr{}).IsValid() {
		t.Error("no address counts as somebody")
	}
}

// TestSchool: everybody of a school gets in within a minute, at whatever pace,
// and the next minute brings as many more.
func TestSchool(t *testing.T) {
	r := PerMinute(1200)
	school := addr("2001:db8:1:2::1")
	for i := range 1200 {
		if wait, ok := r.Allow(school, begin); !ok {
			t.Fatalf("number %d has to wait %v", i+1, wait)
		}
	}
	wait, ok := r.Allow(school, begin)
	if ok || wait != 50*time.Millisecond {
		t.Fatalf("one more: %v, wait %v", ok, wait)
	}
	if got := r.Wait(school, begin); got != wait {
		t.Errorf("asked for the wait: %v", got)
	}
	if _, ok := r.Allow(addr("2001:db8:1:2:ffff::7"), begin); ok {
		t.Error("a /64 is many sources")
	}
	if _, ok := r.Allow(addr("2001:db8:1:3::1"), begin); !ok {
		t.Error("one source limits another")
	}
	if _, ok := r.Allow(school, begin.Add(wait)); !ok {
		t.Error("refused after the wait")
	}
}

func TestRefusedEventsAreNotCounted(t *testing.T) {
	r := NewRate(1, 2)
	a := addr("192.0.2.1")
	for range 2 {
		r.Allow(a, begin)
	}
	for range 100 {
		if wait, ok := r.Allow(a, begin); ok || wait != time.Second {
			t.Fatalf("%v, wait %v", ok, wait)
		}
	}
}

func TestWaitCountsNothing(t *testing.T) {
	r := NewRate(1, 1)
	a := addr("192.0.2.1")
	for range 10 {
		if wait := r.Wait(a, begin); wait != 0 {
			t.Fatalf("before the first: wait %v", wait)
		}
	}
	if len(r.known) != 0 {
		t.Errorf("%d sources known by asking", len(r.known))
	}
	if _, ok := r.Allow(a, begin); !ok {
		t.Fatal("the first is refused")
	}
	if wait := r.Wait(a, begin.Add(400*time.Millisecond)); wait < 599*time.Millisecond || wait > 601*time.Millisecond {
		t.Errorf("wait %v", wait)
	}
}

// TestManyAtOnce: all of them count, or none.
func TestManyAtOnce(t *testing.T) {
	r := NewRate(10, 100)
	a := addr("192.0.2.1")
	if wait, ok := r.AllowN(a, begin, 101); ok || wait != 10*time.Second || r.WaitN(a, begin, 101) != wait {
		t.Errorf("more than may ever come: %v, wait %v", ok, wait)
	}
	if _, ok := r.AllowN(a, begin, 70); !ok {
		t.Error("70 of 100 are refused")
	}
	for range 3 {
		if wait, ok := r.AllowN(a, begin, 40); ok || wait != time.Second || r.WaitN(a, begin, 40) != wait {
			t.Errorf("40 more: %v, wait %v and %v", ok, wait, r.WaitN(a, begin, 40))
		}
	}
	if _, ok := r.AllowN(a, begin, 30); !ok {
		t.Error("those refused were counted")
	}
	if wait, ok := r.AllowN(a, begin, 0); !ok || wait != 0 {
		t.Errorf("nothing has to wait %v", wait)
	}
}

func TestNoLimit(t *testing.T) {
	a := addr("192.0.2.1")
	rates := map[string]*Rate{"none": PerMinute(0), "negative": PerMinute(-1), "none at once": NewRate(1, 0)}
	for name, r := range rates {
		for range 10_000 {
			if _, ok := r.Allow(a, begin); !ok || r.Wait(a, begin) != 0 {
				t.Fatalf("%s limits", name)
			}
		}
	}
	strict, one := PerMinute(1), NewTally(1)
	for range 10 {
		if _, ok := strict.Allow(netip.Addr{}, begin); !ok || !one.Add(netip.Addr{}) || one.Full(netip.Addr{}) {
			t.Fatal("who has no address is limited")
		}
	}
	if any := NewTally(0); !any.Add(a) || !any.Add(a) || any.Full(a) {
		t.Error("no limit limits")
	}
}

// TestMemoryIsBounded: full buckets are forgotten, and of too many sources the
// one that was quiet for longest, never the busy one.
func TestMemoryIsBounded(t *testing.T) {
	r := NewRate(1, 1)
	busy, now := addr("192.0.2.1"), begin
	r.Allow(busy, now)
	for i := range 3 * MaxSources {
		a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		if _, ok := r.Allow(a, now); !ok {
			t.Fatalf("newcomer %d is refused", i)
		}
		if _, ok := r.Allow(busy, now); ok {
			t.Fatalf("the busy source is forgotten after %d others", i)
		}
	}
	if len(r.known) != MaxSources || r.order.Len() != MaxSources {
		t.Errorf("%d and %d sources known", len(r.known), r.order.Len())
	}
	if _, ok := r.Allow(busy, now.Add(time.Second)); !ok || len(r.known) != 1 || r.order.Len() != 1 {
		t.Errorf("%d sources known when all but one are full", len(r.known))
	}
}

func TestTally(t *testing.T) {
	c := NewTally(2)
	a := addr("192.0.2.1")
	for i, want := range []bool{true, true, false, false} {
		if full := c.Full(a); full == want {
			t.Errorf("before %d: full %v", i, full)
		}
		if got := c.Add(a); got != want {
			t.Fatalf("add %d: %v", i, got)
		}
	}
	c.Give(a)
	if !c.Add(addr("::ffff:192.0.2.1")) || c.Add(a) {
		t.Fatal("one given back is not one more")
	}
	c.Give(a)
	c.Give(a)
	if len(c.count) != 0 {
		t.Errorf("%d sources are kept", len(c.count))
	}
}
