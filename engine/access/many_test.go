package access_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"parley/engine/access"
	"parley/engine/access/accesstest"
	"parley/engine/wire"
)

// manyRooms are n kept rooms, with a member each.
func manyRooms(t testing.TB, n int) *accesstest.Memory {
	entries := &accesstest.Memory{}
	for i := range n {
		s := access.DefaultSettings()
		s.Access, s.Members = access.MembersOnly, []access.Member{{User: fmt.Sprint("u", i), Role: access.Speaker}}
		value, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entries.Put(t.Context(), access.Rooms, fmt.Sprintf("room-%05d", i), value, 0); err != nil {
			t.Fatal(err)
		}
	}
	return entries
}

// TestTenThousandRooms: read at once, listed by pages, and decided about without
// asking the store again.
func TestTenThousandRooms(t *testing.T) {
	entries := manyRooms(t, 10_000)
	book, err := access.OpenBook(t.Context(), entries, access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	before := entries.Changes()
	for i := range 10_000 {
		ask := access.Ask{Room: fmt.Sprintf("room-%05d", i), User: fmt.Sprint("u", i)}
		if d := book.Decide(ask); !d.Allowed || d.Role != access.Speaker {
			t.Fatalf("%s is refused with %s", ask.User, d.Code)
		}
		ask.User = "u10000"
		if d := book.Decide(ask); d.Code != wire.CodeNotListed {
			t.Fatalf("%s is answered %q", ask.User, d.Code)
		}
	}
	if n := entries.Changes() - before; n != 0 {
		t.Errorf("the store was asked %d times", n)
	}
	seen, after := 0, ""
	for {
		page := book.ListRooms(after, 999)
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			if r.Key <= after || len(r.Settings.Members) != 1 {
				t.Fatalf("after %s: %+v", after, r)
			}
			after = r.Key
			seen++
		}
	}
	if seen != 10_000 {
		t.Errorf("listed %d", seen)
	}
}

// TestMoreEntriesThanThereMayBe: the error says so, and what is there is answered.
func TestMoreEntriesThanThereMayBe(t *testing.T) {
	book, err := access.OpenBook(t.Context(), manyRooms(t, access.MaxEntries), access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if _, _, err := book.CreateRoom(t.Context(), "one-more", access.Patch{}); !errors.Is(err, access.ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	if d := book.Decide(access.Ask{Room: "one-more"}); !d.Allowed {
		t.Errorf("as an ad hoc room: %s", d.Code)
	}
}

// deaf is a store that never says that it is ready.
type deaf struct{ accesstest.Memory }

func (*deaf) Watch(func(access.Change)) (stop func()) { return func() {} }

func TestOpenEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := access.OpenBook(ctx, &deaf{}, access.Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("opened: %v", err)
	}
}

// TestAskingWhileItChanges is for the race detector; and nobody is ever told a mixture.
func TestAskingWhileItChanges(t *testing.T) {
	w := newWorld(t, access.Options{})
	w.create("tea", `{"access": "members", "members": [{"user": "ann", "role": "host"}]}`)
	_, sign := w.key(access.NewKey{})
	token := sign(to("tea", "ann"))
	defer w.book.OnChanged(func(room string) { w.book.Review(access.Stay{Room: room, Grant: &access.Grant{User: "ann"}}) })()
	var wait sync.WaitGroup
	over := make(chan struct{})
	for range 4 {
		wait.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				d := w.book.Decide(access.Ask{Room: "tea", Token: token})
				if d.Allowed != (d.Role == access.Host) || !d.Allowed && d.Code != wire.CodeNotListed && d.Code != wire.CodeRevoked {
					t.Errorf("told %+v", d)
					return
				}
				w.book.ListRooms("", 10)
				w.book.ListTokens()
			}
		})
	}
	for range 200 {
		_, err := w.book.AddMember(t.Context(), "tea", access.Member{User: "bob", Role: access.Speaker})
		w.ok(err)
		_, err = w.book.RemoveMember(t.Context(), "tea", "ann")
		w.ok(err)
		_, err = w.book.AddMember(t.Context(), "tea", access.Member{User: "ann", Role: access.Host})
		w.ok(err)
	}
	w.ok(w.book.RevokeUser(t.Context(), "ann", access.Why{}))
	close(over)
	wait.Wait()
	if d := w.book.Decide(access.Ask{Room: "tea", Token: token}); d.Code != wire.CodeRevoked {
		t.Errorf("at the end: %+v", d)
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	book, err := access.OpenBook(t.Context(), manyRooms(t, 10), access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	for _, ask := range []access.Ask{{Room: "room-00007", User: "u7"}, {Room: "room-00007", User: "u8", Addr: addr}, {Room: "ad-hoc"}} {
		if n := testing.AllocsPerRun(100, func() { book.Decide(ask) }); n != 0 {
			t.Errorf("%+v: %v allocations", ask, n)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	book, err := access.OpenBook(b.Context(), manyRooms(b, 10_000), access.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer book.Close()
	k, secret, err := book.CreateKey(b.Context(), access.NewKey{Scopes: []access.Scope{access.ScopeJoin}})
	if err != nil {
		b.Fatal(err)
	}
	if err := book.RevokeUser(b.Context(), "somebody", access.Why{}); err != nil {
		b.Fatal(err)
	}
	c := to("room-00777", "u777")
	c.Expires = access.Seconds(time.Now().Add(time.Hour).Unix())
	token, err := access.SignHS256(c, k.ID, secret)
	if err != nil {
		b.Fatal(err)
	}
	for name, ask := range map[string]access.Ask{
		"user": {Room: "room-00777", User: "u777"}, "stranger": {Room: "room-00777", User: "u778"}, "token": {Room: "room-00777", Token: token},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d := book.Decide(ask); d.Allowed != (name != "stranger") {
					b.Fatal(d)
				}
			}
		})
	}
}
