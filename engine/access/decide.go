package access

import (
	"context"
	"net/netip"
	"time"

	"parley/engine/wire"
)

// Ask is who wants to enter where. What is empty nobody knows.
type Ask struct {
	// Room is the key of the room (wire.CleanRoom), empty for a setup test.
	Room string
	// User is somebody whom the caller knows to be that user, by means of its own: a
	// program that asks about its users, an account. Never what a client says. With a
	// Token it does not count.
	User     string
	Token    string
	Password string // see Admit; Decide does not look at it
	Identity string // the client's own key
	Addr     netip.Addr
}

// Decision is the answer to an Ask.
type Decision struct {
	Allowed bool
	Code    wire.Code // why not
	Role    Role      // if Allowed
	// Grant is what a join would get, if Allowed.
	Grant Grant
}

// Decide says whether somebody may enter, from memory. Where a room has a password
// and nothing else lets in, the answer is CodePasswordNeeded.
func (b *Book) Decide(ask Ask) Decision {
	d, _ := b.decide(&ask, false)
	return d
}

// Admit is Decide for somebody who comes: a password is checked, which may take 30 ms
// and more, until ctx is over. Errors are a Refusal.
func (b *Book) Admit(ctx context.Context, ask Ask) (Grant, error) {
	d, password := b.decide(&ask, false)
	if d.Code == wire.CodePasswordNeeded && ask.Password != "" {
		if err := b.passwords.check(ctx, password, ask.Password, ask.Room, ask.Addr, b.now()); err != nil {
			return Grant{}, err
		}
		d, _ = b.decide(&ask, true)
	}
	if !d.Allowed {
		return Grant{}, refusalOf(d.Code)
	}
	return d.Grant, nil
}

func refusalOf(code wire.Code) *Refusal {
	if r, ok := refusals[code]; ok {
		return r
	}
	return &Refusal{Code: code, Message: "refused"}
}

func deny(code wire.Code) Decision { return Decision{Code: code} }

// decide also returns what the room's password is checked with, if that is what is
// needed. passed: it was given.
func (b *Book) decide(ask *Ask, passed bool) (Decision, *roomPassword) {
	now := b.now()
	g := Grant{User: ask.User, Role: Speaker}
	if ask.Token != "" && ask.Room != "" {
		var code wire.Code
		if g, code = b.grantOf(ask.Token, ask.Room, now); code != "" {
			return deny(code), nil
		}
	}
	if ask.Room == "" {
		return allow(g, DefaultSettings().May), nil
	}
	b.mu.RLock()
	r, kept := b.rooms.get(ask.Room)
	b.mu.RUnlock()
	switch {
	case !kept:
		return b.decideAdHoc(g), nil
	case r == nil:
		return deny(wire.CodeUnavailable), nil
	}
	role, listed := r.roles[g.User]
	if listed {
		g.Role, g.ByListing = role, true
	}
	if r.bans(g.User, ask.Identity, ask.Addr) {
		return deny(wire.CodeBanned), nil
	}
	if code := r.shut(&g, listed, passed); code != "" {
		return deny(code), r.password
	}
	if code := r.closed(g.Role, now); code != "" {
		return deny(code), nil
	}
	g.Wait = r.WaitingRoom && !listed && !g.Role.KeepsOrder()
	return allow(g, r.May), nil
}

// shut says why a room is not for who has g.
func (r *room) shut(g *Grant, listed, passed bool) wire.Code {
	token := g.KeyID != ""
	switch r.Access {
	case Open:
		return ""
	case ByToken:
		if !token && !listed {
			return wire.CodeTokenNeeded
		}
	case ByPassword:
		if !token && !listed && !passed {
			return wire.CodePasswordNeeded
		}
	default: // MembersOnly, and what a later version may have made of it
		if listed {
			return ""
		}
		if g.User == "" {
			return wire.CodeTokenNeeded
		}
		return wire.CodeNotListed
	}
	return ""
}

func (b *Book) decideAdHoc(g Grant) Decision {
	switch {
	case b.options.AdHoc == AdHocOff:
		return deny(wire.CodeNoSuchRoom)
	case b.options.AdHoc == AdHocKey && g.KeyID == "":
		return deny(wire.CodeTokenNeeded)
	}
	return allow(g, DefaultSettings().May)
}

func allow(g Grant, may May) Decision {
	g.May = RightsOf(g.Role, g.ByListing, may, g.Deny)
	return Decision{Allowed: true, Role: g.Role, Grant: g}
}

// grantOf is what a token brings that is shown for a room.
func (b *Book) grantOf(token, room string, now time.Time) (g Grant, bad wire.Code) {
	v, bad := verifyToken(token, now, b.signedBy)
	if v.key == nil || bad == wire.CodeBadToken {
		return g, wire.CodeBadToken
	}
	g = v.grant()
	b.mu.RLock()
	revoked := b.isRevokedLocked(&g)
	b.mu.RUnlock()
	switch {
	case revoked:
		return g, wire.CodeRevoked
	case bad != "":
		return g, bad
	case v.key.expired(now):
		return g, wire.CodeTokenExpired
	case !isRoom(v.claims.Video.Room, room), !v.key.covers(room):
		return g, wire.CodeTokenRoom
	case !v.claims.mayJoin(), !v.key.may(ScopeJoin):
		return g, wire.CodeNotAllowed
	}
	return g, ""
}

// isRoom reports whether a token that names a room is for the one with that key.
func isRoom(named, key string) bool {
	if named == "" || named == key {
		return true
	}
	clean, err := wire.CleanRoom(named)
	return err == nil && clean == key
}

func (v *verifiedToken) grant() Grant {
	role, named := v.claims.namesRole()
	return Grant{
		User: string(v.claims.Subject), Name: v.claims.Name, Role: role, ByListing: named, Deny: v.claims.denied(),
		Hidden: v.claims.Video.Hidden, Metadata: v.claims.Metadata, Attributes: v.claims.Attributes,
		TokenID: v.id, KeyID: v.key.ID, IssuedAt: v.claims.issuedAt(),
	}
}

// key returns a key, nil if there is none of that id, and whether it was revoked.
func (b *Book) key(id string) (key *Key, revoked bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	key, _ = b.keys.get(id)
	_, revoked = b.revoked.get(keyEntry(id))
	return key, revoked
}

// signedBy returns the key that checks tokens which say that they are of it.
func (b *Book) signedBy(id string) *Key {
	key, _ := b.key(id)
	return key
}

// Stay is somebody who is in a room.
type Stay struct {
	Room     string
	Grant    *Grant
	Identity string
	Addr     netip.Addr
}

// Review says why somebody who is in a room, or takes up a session there, may not
// stay: because of what was revoked, bans, and the list of a room for members.
// Tokens may have expired meanwhile; and what has become of the other ways in counts
// for newcomers.
func (b *Book) Review(s Stay) wire.Code {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.isRevokedLocked(s.Grant) {
		return wire.CodeRevoked
	}
	r, kept := b.rooms.get(s.Room)
	switch {
	case !kept && b.options.AdHoc == AdHocOff && s.Room != "":
		return wire.CodeNoSuchRoom
	case r == nil:
		return ""
	case r.bans(s.Grant.User, s.Identity, s.Addr):
		return wire.CodeBanned
	case r.Access == MembersOnly && r.roles[s.Grant.User] == NoRole:
		return wire.CodeNotListed
	case r.Expires != 0 && b.now().UnixMilli() >= r.Expires:
		return wire.CodeExpired
	}
	return ""
}
