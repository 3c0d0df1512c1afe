package access_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/engine/access"
	"parley/engine/access/accesstest"
	"parley/engine/wire"
)

func TestCreateSetDelete(t *testing.T) {
	w := newWorld(t, access.Options{MaxLimit: 50})
	ctx := t.Context()
	limit, tooMany := 50, 51
	key, s, err := w.book.CreateRoom(ctx, "Straßen Café", access.Patch{Limit: &limit})
	w.ok(err)
	if key != "straßen-café" || s.Limit != 50 {
		t.Errorf("made %q, %+v", key, s)
	}
	for name, test := range map[string]struct {
		err  error
		want wire.Code
	}{
		"made again":         {second(w.book.CreateRoom(ctx, "STRAẞEN-CAFÉ", access.Patch{})), wire.CodeBadSettings},
		"no name":            {second(w.book.CreateRoom(ctx, "<script>", access.Patch{})), wire.CodeBadRoom},
		"a name of bidi":     {second(w.book.CreateRoom(ctx, "tea\u202e", access.Patch{})), wire.CodeBadRoom},
		"beyond the limit":   {second(w.book.CreateRoom(ctx, "tea", access.Patch{Limit: &tooMany})), wire.CodeBadSettings},
		"set beyond":         {first(w.book.SetRoom(ctx, key, access.Patch{Limit: &tooMany})), wire.CodeBadSettings},
		"set what is not":    {first(w.book.SetRoom(ctx, "tea", access.Patch{})), wire.CodeNoSuchRoom},
		"delete what is not": {w.book.DeleteRoom(ctx, "tea"), wire.CodeNoSuchRoom},
		"list what is not":   {first(w.book.AddMember(ctx, "tea", access.Member{User: "a", Role: access.Host})), wire.CodeNoSuchRoom},
	} {
		if code(test.err) != test.want {
			t.Errorf("%s: %v, want %s", name, test.err, test.want)
		}
	}
	if got, _ := w.book.Room(key); got.Limit != 50 {
		t.Errorf("refused changes changed the limit to %d", got.Limit)
	}
	w.ok(w.book.DeleteRoom(ctx, key))
	if _, kept := w.book.Room(key); kept {
		t.Error("kept after it was deleted")
	}
	w.create(key, `{}`)
}

func first[A any](_ A, err error) error          { return err }
func second[A, B any](_ A, _ B, err error) error { return err }

// TestChangesAreSeenAtOnce: though a Watch hears of them late, and though others
// change the same.
func TestChangesAreSeenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entries := &accesstest.Memory{Delay: 5 * time.Millisecond, TellAfter: 100 * time.Millisecond}
		open := func() *access.Book {
			book, err := access.OpenBook(t.Context(), entries, access.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return book
		}
		here, there := open(), open()
		defer here.Close()
		defer there.Close()
		ctx := t.Context()
		if _, _, err := here.CreateRoom(ctx, "tea", access.Patch{}); err != nil {
			t.Fatal(err)
		}
		locked, free := true, false
		for i := range 20 {
			book, to := here, &locked
			if i%2 > 0 {
				to = &free
			}
			if i%5 == 4 {
				time.Sleep(200 * time.Millisecond) // and then the other knows
				book = there
			}
			if _, err := book.SetRoom(ctx, "tea", access.Patch{Locked: to}); err != nil {
				t.Fatalf("change %d: %v", i, err)
			}
			if s, _ := book.Room("tea"); s.Locked != *to {
				t.Fatalf("change %d is not seen", i)
			}
		}
		if err := here.DeleteRoom(ctx, "tea"); err != nil {
			t.Fatal(err)
		}
		for range 30 {
			if _, kept := here.Room("tea"); kept {
				t.Fatal("there again after it was deleted")
			}
			time.Sleep(10 * time.Millisecond)
		}
		if _, kept := there.Room("tea"); kept {
			t.Error("the other never heard of it")
		}
	})
}

// TestChangesOfManyAtOnce: all of them are there, whoever came first.
func TestChangesOfManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entries := &accesstest.Memory{Delay: 5 * time.Millisecond, TellAfter: 20 * time.Millisecond}
		var books []*access.Book
		for range 2 {
			book, err := access.OpenBook(t.Context(), entries, access.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer book.Close()
			books = append(books, book)
		}
		if _, _, err := books[0].CreateRoom(t.Context(), "tea", access.Patch{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		var wait sync.WaitGroup
		for i := range 40 {
			wait.Go(func() {
				user := fmt.Sprint("u", i)
				if _, err := books[i%2].AddMember(t.Context(), "tea", access.Member{User: user, Role: access.Speaker}); err != nil {
					t.Errorf("%s: %v", user, err)
				}
			})
		}
		wait.Wait()
		time.Sleep(time.Second)
		for i, book := range books {
			if s, _ := book.Room("tea"); len(s.Members) != 40 {
				t.Errorf("book %d knows %d members", i, len(s.Members))
			}
		}
	})
}

// TestFailedChanges: nothing is said to be so that is not; of what nobody knows it is
// learnt in time.
func TestFailedChanges(t *testing.T) {
	w := newWorld(t, access.Options{})
	ctx := t.Context()
	w.create("tea", `{}`)
	disk := errors.New("the disk is full")
	locked := true
	for _, told := range []error{disk, access.ErrTooMany, access.ErrConflict} {
		w.entries.Fail = func(access.Kind, string) error { return told }
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		if _, err := w.book.SetRoom(short, "tea", access.Patch{Locked: &locked}); !errors.Is(err, told) {
			t.Errorf("%v is told as %v", told, err)
		}
		cancel()
		if s, _ := w.book.Room("tea"); s.Locked {
			t.Errorf("%v: locked all the same", told)
		}
	}
	w.entries.Fail = func(access.Kind, string) error { return access.ErrUnknown }
	if _, err := w.book.SetRoom(ctx, "tea", access.Patch{Locked: &locked}); !errors.Is(err, access.ErrUnknown) {
		t.Errorf("told %v", err)
	}
	if s, _ := w.book.Room("tea"); !s.Locked {
		t.Error("it was stored, and is not known")
	}
}

func TestKeys(t *testing.T) {
	w := newWorld(t, access.Options{})
	ctx := t.Context()
	public, private, _ := ed25519.GenerateKey(nil)
	k, secret, err := w.book.CreateKey(ctx, access.NewKey{
		Scopes: []access.Scope{access.ScopeJoin, access.ScopeReadRooms}, Prefix: "school-", Expires: w.time().Add(time.Hour).UnixMilli(),
	})
	w.ok(err)
	ed, none, err := w.book.CreateKey(ctx, access.NewKey{Algorithm: access.EdDSA, Public: public, Scopes: []access.Scope{access.ScopeAdmin}})
	w.ok(err)
	if len(secret) < 43 || k.Secret != "" || none != "" {
		t.Errorf("secrets %q, %q and %q", secret, k.Secret, none)
	}
	token, err := access.SignEdDSA(access.Claims{
		Expires: access.Seconds(w.time().Unix() + 9), Video: access.Video{Room: "tea", RoomJoin: true},
	}, ed.ID, private)
	w.ok(err)
	w.says(access.Ask{Room: "tea", Token: token}, "")
	shown := k.ID + "." + secret
	check := func(name, credential string, scope access.Scope, room string, want wire.Code) {
		t.Helper()
		id, err := w.book.Authorize(credential, scope, room)
		if code(err) != want || (err == nil) != (id == k.ID) {
			t.Errorf("%s: %q, %v; want %s", name, id, err, want)
		}
	}
	check("good", shown, access.ScopeReadRooms, "school-5b", "")
	check("another scope", shown, access.ScopeWriteRooms, "school-5b", wire.CodeNotAllowed)
	check("another room", shown, access.ScopeReadRooms, "tea", wire.CodeTokenRoom)
	check("no room", shown, access.ScopeReadRooms, "", wire.CodeTokenRoom)
	check("another secret", shown[:len(shown)-1]+"!", access.ScopeReadRooms, "school-5b", wire.CodeBadToken)
	check("no secret", k.ID+".", access.ScopeReadRooms, "school-5b", wire.CodeBadToken)
	check("an unknown key", "pk_no."+secret, access.ScopeReadRooms, "school-5b", wire.CodeBadToken)
	check("a key without a secret", ed.ID+".", access.ScopeReadRooms, "school-5b", wire.CodeBadToken)
	check("nothing", "", access.ScopeReadRooms, "school-5b", wire.CodeBadToken)
	check("a mebibyte", strings.Repeat(".", 1<<20), access.ScopeReadRooms, "school-5b", wire.CodeBadToken)
	w.advance(time.Hour)
	check("expired", shown, access.ScopeReadRooms, "school-5b", wire.CodeTokenExpired)
	w.ok(w.book.RevokeKey(ctx, k.ID, access.Why{}))
	check("revoked", shown, access.ScopeReadRooms, "school-5b", wire.CodeRevoked)
	if err := w.book.RevokeKey(ctx, "pk_no", access.Why{}); !errors.Is(err, access.ErrNotFound) {
		t.Errorf("revoking no key: %v", err)
	}
	listed := w.book.ListKeys()
	data, err := json.Marshal(listed)
	w.ok(err)
	if len(listed) != 2 || strings.Contains(string(data), secret) {
		t.Errorf("listed %s", data)
	}
	for _, l := range listed {
		if l.Revoked != (l.ID == k.ID) {
			t.Errorf("%s is revoked: %v", l.ID, l.Revoked)
		}
	}
	for name, wrong := range map[string]access.NewKey{
		"scopes": {}, "scopes ": {Scopes: []access.Scope{"all"}}, "algorithm": {Algorithm: "none", Scopes: []access.Scope{access.ScopeJoin}},
		"public":  {Algorithm: access.EdDSA, Public: public[:31], Scopes: []access.Scope{access.ScopeJoin}},
		"expires": {Expires: -1, Scopes: []access.Scope{access.ScopeJoin}},
		"note":    {Note: strings.Repeat("n", 201), Scopes: []access.Scope{access.ScopeJoin}},
	} {
		_, _, err := w.book.CreateKey(ctx, wrong)
		var r *access.Refusal
		if !errors.As(err, &r) || r.Code != wire.CodeBadSettings || r.Field != strings.TrimSpace(name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// invite makes a token through the server.
func (w *world) invite(is access.NewToken) (string, access.Token) {
	w.t.Helper()
	if is.Life == 0 {
		is.Life = time.Hour
	}
	token, t, err := w.book.CreateToken(w.t.Context(), is)
	w.ok(err)
	return token, t
}

func TestInvitations(t *testing.T) {
	w := newWorld(t, access.Options{})
	ctx := t.Context()
	w.create("tea", `{"access": "token"}`)
	token, made := w.invite(access.NewToken{Claims: access.Claims{Role: access.Listener, Name: "Ann", Video: access.Video{Room: "TEA"}}, Note: "n"})
	g := w.says(access.Ask{Room: "tea", Token: token}, "")
	if g.Role != access.Listener || g.Name != "Ann" || g.TokenID != made.ID || made.Room != "tea" || made.Expires != made.Issued+3600_000 {
		t.Errorf("%+v of %+v", g, made)
	}
	w.advance(time.Second)
	_, second := w.invite(access.NewToken{Claims: to("milk", "bob")})
	if second.KeyID != made.KeyID || len(w.book.ListKeys()) != 1 {
		t.Error("the server has several keys of its own")
	}
	w.reopen()
	listed := w.book.ListTokens()
	if len(listed) != 2 || listed[0] != second || listed[1] != made {
		t.Errorf("listed %+v", listed)
	}
	w.advance(time.Hour)
	if left := w.book.ListTokens(); len(left) != 0 {
		t.Errorf("listed after they expired: %+v", left)
	}
	id, _ := w.key(access.NewKey{Prefix: "school-"})
	for name, test := range map[string]struct {
		is   access.NewToken
		want wire.Code
	}{
		"no life":       {access.NewToken{Life: time.Millisecond}, wire.CodeBadSettings},
		"a long life":   {access.NewToken{Life: access.MaxTokenLife + 1}, wire.CodeBadSettings},
		"no name":       {access.NewToken{Life: time.Hour, Claims: access.Claims{Name: "\u200b"}}, wire.CodeBadSettings},
		"no room":       {access.NewToken{Life: time.Hour, Claims: to("a/b", "")}, wire.CodeBadRoom},
		"not its room":  {access.NewToken{Life: time.Hour, KeyID: id, Claims: to("tea", "")}, wire.CodeTokenRoom},
		"not all rooms": {access.NewToken{Life: time.Hour, KeyID: id}, wire.CodeTokenRoom},
		"too much":      {access.NewToken{Life: time.Hour, Claims: access.Claims{Metadata: strings.Repeat("\x01", 4000)}}, wire.CodeBadSettings},
	} {
		if token, _, err := w.book.CreateToken(ctx, test.is); code(err) != test.want || token != "" {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	if _, _, err := w.book.CreateToken(ctx, access.NewToken{Life: time.Hour, KeyID: "pk_no"}); !errors.Is(err, access.ErrNotFound) {
		t.Errorf("an unknown key: %v", err)
	}
}

// TestRevocation: by token, user and key; who is inside is told of, and what was not
// meant goes on.
func TestRevocation(t *testing.T) {
	w := newWorld(t, access.Options{})
	ctx := t.Context()
	id, sign := w.key(access.NewKey{})
	other, signOther := w.key(access.NewKey{})
	c := to("tea", "ann")
	c.ID = "1"
	mine, theirs := sign(c), signOther(c)
	nameless := sign(to("tea", "bob")) // without a jti
	made, _ := w.invite(access.NewToken{Claims: to("tea", "eve")})
	var heard []access.Match
	defer w.book.OnRevoked(func(m access.Match) { heard = append(heard, m) })()
	grants := map[string]access.Grant{}
	for name, token := range map[string]string{"mine": mine, "theirs": theirs, "nameless": nameless, "made": made} {
		grants[name] = w.says(access.Ask{Room: "tea", Token: token}, "")
	}
	grants["stranger"] = w.says(access.Ask{Room: "tea", User: "ann"}, "")
	gone := func(step string, names ...string) {
		t.Helper()
		last := heard[len(heard)-1]
		for name, g := range grants {
			want := slices.Contains(names, name)
			if last.Matches(&g) != want {
				t.Errorf("%s: matches %s: %v", step, name, !want)
			}
			if got := w.book.Review(access.Stay{Room: "tea", Grant: &g}); want && got != wire.CodeRevoked {
				t.Errorf("%s: %s may stay: %q", step, name, got)
			}
		}
	}
	w.ok(w.book.RevokeToken(ctx, id+"/1", access.Why{By: "root"}))
	gone("by id", "mine")
	w.says(access.Ask{Room: "tea", Token: mine}, wire.CodeRevoked)
	w.says(access.Ask{Room: "tea", Token: theirs}, "")
	w.ok(w.book.RevokeToken(ctx, nameless, access.Why{}))
	gone("by itself", "nameless")
	w.ok(w.book.RevokeToken(ctx, grants["made"].TokenID, access.Why{}))
	gone("by the id of one that was made", "made")
	if listed := w.book.ListTokens(); len(listed) != 1 || !listed[0].Revoked {
		t.Errorf("listed %+v", listed)
	}
	w.ok(w.book.RevokeUser(ctx, "ann", access.Why{}))
	gone("by user", "mine", "theirs")
	w.reopen()
	w.says(access.Ask{Room: "tea", Token: theirs}, wire.CodeRevoked)
	w.says(access.Ask{Room: "tea", Token: sign(to("tea", "ann"))}, wire.CodeRevoked) // of the same second
	again, _ := w.invite(access.NewToken{Claims: to("tea", "ann")})
	w.says(access.Ask{Room: "tea", Token: again}, "")
	w.advance(time.Second)
	w.says(access.Ask{Room: "tea", Token: signOther(to("tea", "ann"))}, "")
	w.ok(w.book.RevokeKey(ctx, other, access.Why{}))
	w.says(access.Ask{Room: "tea", Token: signOther(to("tea", "cid"))}, wire.CodeRevoked)
	w.says(access.Ask{Room: "tea", Token: sign(to("tea", "cid"))}, "")
	for _, wrong := range []string{"", "1", "pk_no/1", id + "/", id + "/\n"} {
		if err := w.book.RevokeToken(ctx, wrong, access.Why{}); !errors.Is(err, access.ErrNotFound) {
			t.Errorf("revoking %q: %v", wrong, err)
		}
	}
	if err := w.book.RevokeToken(ctx, mine+"x", access.Why{}); code(err) != wire.CodeBadToken {
		t.Errorf("revoking a forgery: %v", err)
	}
}

// TestRevocationOutlivesTheToken: also of one that has expired, and then it goes.
func TestRevocationOutlivesTheToken(t *testing.T) {
	w := newWorld(t, access.Options{})
	ctx := t.Context()
	id, sign := w.key(access.NewKey{})
	token := sign(to("tea", "ann"))
	made, _ := w.invite(access.NewToken{Claims: to("tea", "bob")})
	w.ok(w.book.RevokeToken(ctx, token, access.Why{}))
	w.ok(w.book.RevokeKey(ctx, id, access.Why{}))
	prune := func(want int) {
		t.Helper()
		if n, err := w.book.Prune(ctx); n != want || err != nil {
			t.Errorf("pruned %d, %v; want %d", n, err, want)
		}
	}
	prune(0)
	w.advance(time.Hour + 30*time.Second)
	w.says(access.Ask{Room: "tea", Token: token}, wire.CodeRevoked)
	w.says(access.Ask{Room: "tea", Token: made}, wire.CodeTokenExpired)
	prune(0)
	w.advance(time.Minute)
	prune(2) // what was made, and what was revoked
	w.says(access.Ask{Room: "tea", Token: token}, wire.CodeRevoked)
	w.advance(access.MaxTokenLife)
	prune(2) // the key, and that it was revoked
	if keys := w.book.ListKeys(); len(keys) != 1 || !keys[0].Own {
		t.Errorf("keys %+v", keys)
	}
	w.says(access.Ask{Room: "tea", Token: sign(to("tea", "ann"))}, wire.CodeBadToken)
	prune(0)
}

// TestPruneNeverRevives: a key goes before what says that it was revoked, whenever the
// store fails.
func TestPruneNeverRevives(t *testing.T) {
	w := newWorld(t, access.Options{})
	k, secret, err := w.book.CreateKey(t.Context(), access.NewKey{Scopes: []access.Scope{access.ScopeAdmin}})
	w.ok(err)
	w.ok(w.book.RevokeKey(t.Context(), k.ID, access.Why{}))
	w.advance(access.MaxTokenLife + time.Hour)
	disk := errors.New("the disk is full")
	for _, test := range []struct {
		failing access.Kind
		want    wire.Code
	}{{access.Keys, wire.CodeRevoked}, {access.Revoked, wire.CodeBadToken}} {
		w.entries.Fail = func(of access.Kind, _ string) error {
			if of == test.failing {
				return disk
			}
			return nil
		}
		if _, err := w.book.Prune(t.Context()); !errors.Is(err, disk) {
			t.Errorf("pruned while %s fail: %v", test.failing, err)
		}
		if _, err := w.book.Authorize(k.ID+"."+secret, access.ScopeAdmin, ""); code(err) != test.want {
			t.Errorf("while %s fail the key is told %v, want %s", test.failing, err, test.want)
		}
	}
}

// TestOrderOfMeetings is kept as it is.
func TestOrderOfMeetings(t *testing.T) {
	w := newWorld(t, access.Options{})
	ctx := t.Context()
	w.ok(w.book.PutOrder(ctx, "tea", nil))
	w.ok(w.book.PutOrder(ctx, "tea", []byte("a")))
	w.ok(w.book.PutOrder(ctx, "tea", []byte("b")))
	w.reopen()
	if got := w.book.OrderOf("tea"); string(got) != "b" {
		t.Errorf("kept %q", got)
	}
	found := 0
	w.book.Orders(func(room string, value []byte) bool {
		if found++; room != "tea" || string(value) != "b" {
			t.Errorf("%s has %s", room, value)
		}
		return true
	})
	w.ok(w.book.PutOrder(ctx, "tea", nil))
	if got := w.book.OrderOf("tea"); got != nil || found != 1 {
		t.Errorf("kept %q, found %d", got, found)
	}
}
