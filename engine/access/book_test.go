package access_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/engine/access"
	"parley/engine/access/accesstest"
	"parley/engine/wire"
)

// world is a Book over a twin, with its own time.
type world struct {
	t       testing.TB
	entries *accesstest.Memory
	book    *access.Book
	options access.Options

	mu  sync.Mutex // guards now
	now time.Time
}

func newWorld(t testing.TB, options access.Options) *world {
	t.Helper()
	w := &world{t: t, entries: &accesstest.Memory{}, options: options, now: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)}
	w.options.Now = w.time
	w.options.Log = slog.New(slog.DiscardHandler)
	w.reopen()
	return w
}

func (w *world) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// reopen begins anew with what is stored.
func (w *world) reopen() {
	w.t.Helper()
	book, err := access.OpenBook(w.t.Context(), w.entries, w.options)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(book.Close)
	w.book = book
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// create makes a kept room by a patch in JSON.
func (w *world) create(name, patch string) {
	w.t.Helper()
	p, err := access.ParsePatch([]byte(patch))
	w.ok(err)
	_, _, err = w.book.CreateRoom(w.t.Context(), name, p)
	w.ok(err)
}

func (w *world) set(room, patch string) {
	w.t.Helper()
	p, err := access.ParsePatch([]byte(patch))
	w.ok(err)
	_, err = w.book.SetRoom(w.t.Context(), room, p)
	w.ok(err)
}

// key makes a key and returns how it signs.
func (w *world) key(is access.NewKey) (id string, sign func(c access.Claims) string) {
	w.t.Helper()
	if is.Scopes == nil {
		is.Scopes = []access.Scope{access.ScopeJoin}
	}
	k, secret, err := w.book.CreateKey(w.t.Context(), is)
	w.ok(err)
	return k.ID, func(c access.Claims) string {
		w.t.Helper()
		if c.Expires == 0 {
			c.Expires = access.Seconds(w.time().Add(time.Hour).Unix())
		}
		if c.IssuedAt == 0 {
			c.IssuedAt = access.Seconds(w.time().Unix())
		}
		token, err := access.SignHS256(c, k.ID, secret)
		w.ok(err)
		return token
	}
}

// to are claims of a user for a room.
func to(room, user string) access.Claims {
	return access.Claims{Subject: access.Subject(user), Video: access.Video{Room: room, RoomJoin: true}}
}

// says checks what is decided.
func (w *world) says(ask access.Ask, want wire.Code) access.Grant {
	w.t.Helper()
	d := w.book.Decide(ask)
	if d.Code != want || d.Allowed != (want == "") {
		w.t.Errorf("%+v: %v, %q; want %q", ask, d.Allowed, d.Code, want)
	}
	if !d.Allowed && (d.Role != access.NoRole || d.Grant.May != access.NoRight) {
		w.t.Errorf("%+v: refused, and a %s who may %s", ask, d.Role, d.Grant.May)
	}
	return d.Grant
}

func code(err error) wire.Code {
	var r *access.Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

var addr = netip.MustParseAddr("192.0.2.7")

func TestAdHocRooms(t *testing.T) {
	for name, test := range map[string]struct {
		adHoc           access.AdHoc
		stranger, token wire.Code
	}{
		"open": {access.AdHocOpen, "", ""}, "by default": {"", "", ""},
		"key": {access.AdHocKey, wire.CodeTokenNeeded, ""},
		"off": {access.AdHocOff, wire.CodeNoSuchRoom, wire.CodeNoSuchRoom},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, access.Options{AdHoc: test.adHoc})
			_, sign := w.key(access.NewKey{})
			w.says(access.Ask{Room: "tea"}, test.stranger)
			w.says(access.Ask{Room: "tea", Token: sign(to("tea", "ann"))}, test.token)
			w.says(access.Ask{}, "") // a setup test
			w.create("tea", `{}`)
			w.says(access.Ask{Room: "tea"}, "")
		})
	}
}

// TestWhoMayEnter: each way into a room, for each kind of person.
func TestWhoMayEnter(t *testing.T) {
	w := newWorld(t, access.Options{})
	_, sign := w.key(access.NewKey{})
	lists := `"owner": "olga", "members": [{"user": "ann", "role": "cohost"}, {"user": "lee", "role": "listener"}]`
	w.create("open", `{`+lists+`}`)
	w.create("token", `{"access": "token", `+lists+`}`)
	w.create("members", `{"access": "members", `+lists+`}`)
	w.create("password", `{"access": "password", "password": "tea", `+lists+`}`)
	type codes struct{ open, token, members, password wire.Code }
	for name, test := range map[string]struct {
		ask  func(room string) access.Ask
		want codes
		role access.Role
	}{
		"a stranger": {func(room string) access.Ask { return access.Ask{} },
			codes{"", wire.CodeTokenNeeded, wire.CodeTokenNeeded, wire.CodePasswordNeeded}, access.Speaker},
		"a user who is not listed": {func(room string) access.Ask { return access.Ask{User: "bob"} },
			codes{"", wire.CodeTokenNeeded, wire.CodeNotListed, wire.CodePasswordNeeded}, access.Speaker},
		"a member":  {func(room string) access.Ask { return access.Ask{User: "ann"} }, codes{}, access.Cohost},
		"the owner": {func(room string) access.Ask { return access.Ask{User: "olga"} }, codes{}, access.Host},
		"a member's identity": {func(room string) access.Ask { return access.Ask{Identity: "ann"} },
			codes{"", wire.CodeTokenNeeded, wire.CodeTokenNeeded, wire.CodePasswordNeeded}, access.Speaker},
		"a token without a user": {func(room string) access.Ask { return access.Ask{Token: sign(to(room, ""))} },
			codes{members: wire.CodeTokenNeeded}, access.Speaker},
		"a token of somebody else": {func(room string) access.Ask { return access.Ask{Token: sign(to(room, "bob"))} },
			codes{members: wire.CodeNotListed}, access.Speaker},
		"a token of somebody else, as a member": {func(room string) access.Ask { return access.Ask{User: "ann", Token: sign(to(room, "bob"))} },
			codes{members: wire.CodeNotListed}, access.Speaker},
		"a token of a member": {func(room string) access.Ask { return access.Ask{Token: sign(to(room, "lee"))} }, codes{}, access.Listener},
		"a token that makes a host of a member": {func(room string) access.Ask {
			c := to(room, "lee")
			c.Video.RoomAdmin = true
			return access.Ask{Token: sign(c)}
		}, codes{}, access.Listener},
		"a host by token": {func(room string) access.Ask {
			c := to(room, "hal")
			c.Role = access.Host
			return access.Ask{Token: sign(c)}
		}, codes{members: wire.CodeNotListed}, access.Host},
		"a bad token": {func(room string) access.Ask { return access.Ask{User: "ann", Token: "x.y.z"} },
			codes{wire.CodeBadToken, wire.CodeBadToken, wire.CodeBadToken, wire.CodeBadToken}, 0},
		"a token for another room": {func(room string) access.Ask { return access.Ask{Token: sign(to("cellar", "ann"))} },
			codes{wire.CodeTokenRoom, wire.CodeTokenRoom, wire.CodeTokenRoom, wire.CodeTokenRoom}, 0},
		"a token not to join with": {func(room string) access.Ask { return access.Ask{Token: sign(access.Claims{Subject: "ann"})} },
			codes{wire.CodeNotAllowed, wire.CodeNotAllowed, wire.CodeNotAllowed, wire.CodeNotAllowed}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			for room, want := range map[string]wire.Code{
				"open": test.want.open, "token": test.want.token, "members": test.want.members, "password": test.want.password,
			} {
				ask := test.ask(room)
				ask.Room = room
				if g := w.says(ask, want); want == "" && g.Role != test.role {
					t.Errorf("%s: a %s, want %s", room, g.Role, test.role)
				}
			}
		})
	}
}

// TestTokensForRooms: however the room is written, and none but those of the key.
func TestTokensForRooms(t *testing.T) {
	w := newWorld(t, access.Options{})
	_, sign := w.key(access.NewKey{})
	_, school := w.key(access.NewKey{Prefix: "school-"})
	_, reader := w.key(access.NewKey{Scopes: []access.Scope{access.ScopeReadRooms}})
	_, admin := w.key(access.NewKey{Scopes: []access.Scope{access.ScopeAdmin}})
	_, old := w.key(access.NewKey{Expires: w.time().UnixMilli()})
	for name, test := range map[string]struct {
		room, token string
		want        wire.Code
	}{
		"as typed":             {"straßen-café", sign(to("Straßen Café", "ann")), ""},
		"any room":             {"tea", sign(to("", "ann")), ""},
		"no room":              {"tea", sign(to("<b>", "ann")), wire.CodeTokenRoom},
		"the key's room":       {"school-5b", school(to("school-5b", "ann")), ""},
		"any of the key's":     {"school-5b", school(to("", "ann")), ""},
		"not the key's":        {"tea", school(to("tea", "ann")), wire.CodeTokenRoom},
		"any, not the key's":   {"tea", school(to("", "ann")), wire.CodeTokenRoom},
		"a key for other uses": {"tea", reader(to("tea", "ann")), wire.CodeNotAllowed},
		"a key for all uses":   {"tea", admin(to("tea", "ann")), ""},
		"a key that is over":   {"tea", old(to("tea", "ann")), wire.CodeTokenExpired},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.says(access.Ask{Room: test.room, Token: test.token}, test.want)
		})
	}
}

// TestRoomsClose: at their time, when locked, and not for who keeps order.
func TestRoomsClose(t *testing.T) {
	w := newWorld(t, access.Options{})
	now := w.time().UnixMilli()
	w.create("locked", `{"locked": true, "owner": "olga"}`)
	w.create("timed", `{"owner": "olga"}`)
	begin, end := now+60_000, now+120_000
	_, err := w.book.SetRoom(t.Context(), "timed", access.Patch{NotBefore: &begin, Expires: &end})
	w.ok(err)
	w.says(access.Ask{Room: "locked"}, wire.CodeLocked)
	w.says(access.Ask{Room: "locked", User: "olga"}, "")
	w.says(access.Ask{Room: "timed"}, wire.CodeNotYet)
	w.says(access.Ask{Room: "timed", User: "olga"}, "")
	w.advance(time.Minute)
	w.says(access.Ask{Room: "timed"}, "")
	w.advance(time.Minute)
	w.says(access.Ask{Room: "timed"}, wire.CodeExpired)
	w.says(access.Ask{Room: "timed", User: "olga"}, wire.CodeExpired)
}

func TestWaitingRoom(t *testing.T) {
	w := newWorld(t, access.Options{})
	_, sign := w.key(access.NewKey{})
	w.create("tea", `{"waiting_room": true, "members": [{"user": "ann", "role": "speaker"}]}`)
	host := to("tea", "hal")
	host.Role = access.Cohost
	for name, test := range map[string]struct {
		ask  access.Ask
		wait bool
	}{
		"a stranger": {access.Ask{}, true}, "a user": {access.Ask{User: "bob"}, true}, "a member": {access.Ask{User: "ann"}, false},
		"with a token": {access.Ask{Token: sign(to("tea", "bob"))}, true}, "a co-host": {access.Ask{Token: sign(host)}, false},
	} {
		test.ask.Room = "tea"
		if g := w.says(test.ask, ""); g.Wait != test.wait {
			t.Errorf("%s waits: %v", name, g.Wait)
		}
	}
}

// TestGrants: what a token says and what the room allows meet in the rights.
func TestGrants(t *testing.T) {
	w := newWorld(t, access.Options{})
	_, sign := w.key(access.NewKey{})
	w.create("tea", `{"may": {"share": false}}`)
	no := false
	c := to("tea", "ann")
	c.ID, c.Name, c.Metadata, c.Attributes, c.Video.CanSubscribe = "t7", " Ann ", "m", map[string]string{"a": "b"}, &no
	g := w.says(access.Ask{Room: "tea", Token: sign(c)}, "")
	if g.User != "ann" || g.Name != "Ann" || g.Metadata != "m" || g.Attributes["a"] != "b" || g.TokenID != "t7" || g.ByListing || g.Hidden {
		t.Errorf("%+v", g)
	}
	if want := access.RightsOf(access.Speaker, false, access.May{Speak: true, Show: true, Chat: true}, access.MaySubscribe|access.MayRename); g.May != want {
		t.Errorf("may %s, want %s", g.May, want)
	}
	c.Role, c.Video.Hidden = access.Host, true
	g = w.says(access.Ask{Room: "tea", Token: sign(c)}, "")
	if !g.Hidden || !g.ByListing || !g.May.Has(access.MayHost|access.MayBan) || g.May&(access.MaySpeak|access.MayChat) != 0 {
		t.Errorf("a hidden host: %+v", g)
	}
}

// TestBans: each way to name somebody, and not the owner.
func TestBans(t *testing.T) {
	w := newWorld(t, access.Options{})
	ctx := t.Context()
	w.create("tea", `{"owner": "olga", "members": [{"user": "ann", "role": "host"}]}`)
	for _, ban := range []access.Ban{
		{User: "ann", By: "Olga"}, {Identity: access.IdentityHash("phone")}, {Address: netip.MustParsePrefix("198.51.100.0/24")},
		{Address: netip.MustParsePrefix("2001:db8::/64")},
	} {
		s, err := w.book.Ban(ctx, "tea", ban)
		w.ok(err)
		if last := s.Banned[len(s.Banned)-1]; last.At != w.time().UnixMilli() {
			t.Errorf("banned at %d", last.At)
		}
	}
	for name, test := range map[string]struct {
		ask  access.Ask
		want wire.Code
	}{
		"another":               {access.Ask{User: "bob", Identity: "pad", Addr: addr}, ""},
		"who was a member":      {access.Ask{User: "ann"}, wire.CodeBanned},
		"the device":            {access.Ask{Identity: "phone"}, wire.CodeBanned},
		"the device, as a user": {access.Ask{User: "bob", Identity: "phone"}, wire.CodeBanned},
		"the network":           {access.Ask{Addr: netip.MustParseAddr("198.51.100.9")}, wire.CodeBanned},
		"the network, mapped":   {access.Ask{Addr: netip.MustParseAddr("::ffff:198.51.100.9")}, wire.CodeBanned},
		"the network, v6":       {access.Ask{Addr: netip.MustParseAddr("2001:db8::5%eth0")}, wire.CodeBanned},
		"the owner there":       {access.Ask{User: "olga", Identity: "phone", Addr: netip.MustParseAddr("198.51.100.9")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			test.ask.Room = "tea"
			w.says(test.ask, test.want)
			g := access.Grant{User: test.ask.User}
			if got := w.book.Review(access.Stay{Room: "tea", Grant: &g, Identity: test.ask.Identity, Addr: test.ask.Addr}); got != test.want {
				t.Errorf("who is inside: %q, want %q", got, test.want)
			}
		})
	}
	w.t = t
	if _, err := w.book.Ban(ctx, "tea", access.Ban{User: "olga"}); code(err) != wire.CodeBadSettings {
		t.Errorf("banning the owner: %v", err)
	}
	if _, err := w.book.AddMember(ctx, "tea", access.Member{User: "ann", Role: access.Host}); code(err) != wire.CodeBadSettings {
		t.Errorf("listing who is banned: %v", err)
	}
	s, err := w.book.Ban(ctx, "tea", access.Ban{User: "ann", Reason: "again"})
	w.ok(err)
	if len(s.Banned) != 4 || len(s.Members) != 0 {
		t.Errorf("%d bans, %d members", len(s.Banned), len(s.Members))
	}
	_, err = w.book.Unban(ctx, "tea", access.Ban{User: "ann"})
	w.ok(err)
	w.says(access.Ask{Room: "tea", User: "ann"}, "")
}

// TestRemovedMember: refused at once, with a token from before too, and after the
// server has begun anew; who is inside has to go.
func TestRemovedMember(t *testing.T) {
	w := newWorld(t, access.Options{})
	_, sign := w.key(access.NewKey{})
	w.create("tea", `{"access": "members", "owner": "olga", "members": [{"user": "ann", "role": "host"}, {"user": "bob", "role": "speaker"}]}`)
	var heard []string
	stop := w.book.OnChanged(func(room string) { heard = append(heard, room) })
	ann := access.Ask{Room: "tea", Token: sign(to("tea", "ann"))}
	g := w.says(ann, "")
	stay := access.Stay{Room: "tea", Grant: &g}
	if got := w.book.Review(stay); got != "" {
		t.Errorf("before: %q", got)
	}
	_, err := w.book.RemoveMember(t.Context(), "tea", "ann")
	w.ok(err)
	if !slices.Equal(heard, []string{"tea"}) {
		t.Errorf("heard of %v", heard)
	}
	for range 2 {
		w.says(ann, wire.CodeNotListed)
		w.says(access.Ask{Room: "tea", User: "bob"}, "")
		if got := w.book.Review(stay); got != wire.CodeNotListed {
			t.Errorf("who is inside: %q", got)
		}
		w.reopen()
	}
	if _, err := w.book.RemoveMember(t.Context(), "tea", "olga"); code(err) != wire.CodeBadSettings {
		t.Errorf("removing the owner: %v", err)
	}
	stop()
	_, err = w.book.RemoveMember(t.Context(), "tea", "bob")
	w.ok(err)
	if len(heard) != 1 {
		t.Errorf("heard of %v after the stop", heard)
	}
}

// TestPasswordRoom: by Admit only.
func TestPasswordRoom(t *testing.T) {
	w := newWorld(t, access.Options{})
	w.create("tea", `{"access": "password", "password": "Café", "locked": true, "owner": "olga"}`)
	ask := access.Ask{Room: "tea", Password: "Cafe\u0301", Addr: addr}
	w.says(ask, wire.CodePasswordNeeded)
	if _, err := w.book.Admit(t.Context(), ask); code(err) != wire.CodeLocked {
		t.Errorf("right, while it is locked: %v", err)
	}
	w.set("tea", `{"locked": false}`)
	if g, err := w.book.Admit(t.Context(), ask); err != nil || g.Role != access.Speaker || g.ByListing {
		t.Errorf("right: %+v, %v", g, err)
	}
	for password, want := range map[string]wire.Code{"": wire.CodePasswordNeeded, "Cafe": wire.CodeBadPassword, "\n": wire.CodeBadPassword} {
		ask.Password = password
		if g, err := w.book.Admit(t.Context(), ask); code(err) != want || g.May != 0 {
			t.Errorf("%q: %v, want %s", password, err, want)
		}
	}
	w.set("tea", `{"password": "milk"}`)
	ask.Password = "Café"
	if _, err := w.book.Admit(t.Context(), ask); code(err) != wire.CodeBadPassword {
		t.Errorf("the password of before: %v", err)
	}
	if s, kept := w.book.Room("tea"); !kept || s.PasswordHash == "" || s.Public().PasswordHash != "" {
		t.Error("the hash is missing, or public")
	}
	p, err := access.ParsePatch([]byte(`{"password": ""}`))
	w.ok(err)
	if _, err := w.book.SetRoom(t.Context(), "tea", p); code(err) != wire.CodeBadSettings {
		t.Errorf("no password in a room that is entered by one: %v", err)
	}
}

// TestAdmitRefusesAsDecideDoes, with the same codes.
func TestAdmitRefusesAsDecideDoes(t *testing.T) {
	w := newWorld(t, access.Options{AdHoc: access.AdHocOff})
	w.create("tea", `{"access": "members", "owner": "olga"}`)
	for _, ask := range []access.Ask{
		{Room: "milk"}, {Room: "tea"}, {Room: "tea", User: "bob", Password: "x"}, {Room: "tea", Token: "a.b.c"}, {Room: "tea", User: "olga"},
	} {
		d := w.book.Decide(ask)
		g, err := w.book.Admit(t.Context(), ask)
		if code(err) != d.Code || (err == nil) != d.Allowed || g.May != d.Grant.May {
			t.Errorf("%+v: decided %q, admitted %v", ask, d.Code, err)
		}
	}
}

// TestNobodyIsListed: whatever an entry says that was not made here.
func TestNobodyIsListed(t *testing.T) {
	w := newWorld(t, access.Options{})
	_, err := w.entries.Put(t.Context(), access.Rooms, "tea", []byte(`{"access":"members","members":[{"user":"","role":"host"}]}`), 0)
	w.ok(err)
	w.says(access.Ask{Room: "tea"}, wire.CodeTokenNeeded)
	if got := w.book.Review(access.Stay{Room: "tea", Grant: &access.Grant{}}); got != wire.CodeNotListed {
		t.Errorf("who is inside: %q", got)
	}
}

// TestReviewOfTimeAndRoom: a session is not taken up where the room is over, or gone
// where rooms are only kept ones. A lock and a new way in are for newcomers.
func TestReviewOfTimeAndRoom(t *testing.T) {
	w := newWorld(t, access.Options{AdHoc: access.AdHocOff})
	w.create("tea", `{}`)
	stay := access.Stay{Room: "tea", Grant: &access.Grant{}}
	review := func(step string, want wire.Code) {
		t.Helper()
		if got := w.book.Review(stay); got != want {
			t.Errorf("%s: %q, want %q", step, got, want)
		}
	}
	w.set("tea", `{"locked": true, "access": "password", "password": "x"}`)
	review("locked, with a password", "")
	end := w.time().Add(time.Minute).UnixMilli()
	_, err := w.book.SetRoom(t.Context(), "tea", access.Patch{Expires: &end})
	w.ok(err)
	review("before its end", "")
	w.advance(time.Minute)
	review("at its end", wire.CodeExpired)
	w.ok(w.book.DeleteRoom(t.Context(), "tea"))
	review("when it is gone", wire.CodeNoSuchRoom)
	stay.Room = ""
	review("a setup test", "")
}

func TestUnreadableEntriesCloseWhatTheyAreAbout(t *testing.T) {
	w := newWorld(t, access.Options{})
	id, sign := w.key(access.NewKey{})
	token := sign(to("milk", "ann"))
	w.says(access.Ask{Room: "milk", Token: token}, "")
	ctx := context.Background()
	for kind, key := range map[access.Kind]string{access.Rooms: "tea", access.Revoked: "user:ann", "of-later": "x"} {
		_, err := w.entries.Put(ctx, kind, key, []byte(`{"access`), 0)
		w.ok(err)
	}
	_, err := w.entries.Put(ctx, access.Revoked, "nonsense", []byte(`{}`), 0)
	w.ok(err)
	for range 2 {
		w.says(access.Ask{Room: "tea"}, wire.CodeUnavailable)
		w.says(access.Ask{Room: "milk", Token: token}, wire.CodeRevoked)
		if rooms := w.book.ListRooms("", 9); len(rooms) != 1 || !rooms[0].Unreadable {
			t.Errorf("listed: %+v", rooms)
		}
		w.reopen()
	}
	w.ok(w.book.DeleteRoom(ctx, "tea")) // and can be made anew
	w.create("tea", `{}`)
	keys := w.book.ListKeys()
	if len(keys) != 1 || keys[0].ID != id || keys[0].Secret != "" {
		t.Fatalf("%+v", keys)
	}
}
