package access

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"parley/engine/wire"
)

// Token is what is known of a token that this server made. The token itself is kept
// nowhere.
type Token struct {
	ID      string `json:"id"`
	KeyID   string `json:"key"`
	Room    string `json:"room,omitempty"` // key
	User    string `json:"user,omitempty"`
	Name    string `json:"name,omitempty"`
	Role    Role   `json:"role"`
	Hidden  bool   `json:"hidden,omitempty"`
	Issued  int64  `json:"issued"`  // ms UTC
	Expires int64  `json:"expires"` // ms UTC
	Note    string `json:"note,omitempty"`
	// Revoked is true in what is listed, never in what is stored.
	Revoked bool `json:"revoked,omitempty"`
}

func readToken(_ string, data []byte) (t Token, err error) {
	return t, json.Unmarshal(data, &t)
}

// NewToken is what a token is to be.
type NewToken struct {
	// KeyID is the key that signs, one with HS256; empty: the server's own.
	KeyID string
	// Claims say for whom it is and what he may. The times, the id and the issuer are
	// set here, and RoomJoin, for who makes a token through the server means that.
	Claims Claims
	Life   time.Duration // 1 s … MaxTokenLife
	Note   string
}

// CreateToken signs a token and keeps that it did. Errors: a Refusal with
// CodeBadSettings and the field, with CodeRevoked or CodeTokenExpired for such a key,
// CodeTokenRoom for a room that it is not for; ErrNotFound for a key that there is
// not or that has no secret; those of Entries.
func (b *Book) CreateToken(ctx context.Context, is NewToken) (token string, t Token, err error) {
	if is.Life < time.Second || is.Life > MaxTokenLife {
		return "", t, badSettings("life", "is shorter than a second or longer than 366 days")
	}
	key, err := b.signer(ctx, is.KeyID)
	if err != nil {
		return "", t, err
	}
	c := is.Claims
	if c.Video.Room != "" {
		if c.Video.Room, err = wire.CleanRoom(c.Video.Room); err != nil {
			return "", t, refusals[wire.CodeBadRoom]
		}
	}
	c.ID, c.Video.RoomJoin = rand.Text(), true
	switch {
	case !c.tidy() || !validNote(is.Note):
		return "", t, badSettings("claims", "are too long, or no text that can be shown")
	case !key.covers(c.Video.Room):
		return "", t, refusals[wire.CodeTokenRoom]
	}
	issued := b.issueTime(string(c.Subject))
	c.IssuedAt, c.NotBefore, c.Expires = Seconds(issued.Unix()), 0, Seconds(issued.Add(is.Life).Unix())
	if token, err = SignHS256(c, key.ID, key.Secret); err != nil {
		return "", t, err
	}
	if len(token) > MaxToken {
		return "", t, badSettings("claims", "are too long")
	}
	role, _ := c.namesRole()
	t = Token{
		ID: c.ID, KeyID: key.ID, Room: c.Video.Room, User: string(c.Subject), Name: c.Name, Role: role, Hidden: c.Video.Hidden,
		Issued: int64(c.IssuedAt) * 1000, Expires: int64(c.Expires) * 1000, Note: is.Note,
	}
	value, err := json.Marshal(&t)
	if err != nil {
		return "", Token{}, err
	}
	if err := b.put(ctx, Tokens, t.ID, value, 0); err != nil {
		return "", Token{}, err
	}
	return token, t, nil
}

// signer returns the key that signs a new token.
func (b *Book) signer(ctx context.Context, id string) (*Key, error) {
	if id == "" {
		return b.ownKey(ctx)
	}
	key, revoked := b.key(id)
	switch {
	case key == nil || key.Algorithm != HS256:
		return nil, ErrNotFound
	case revoked:
		return nil, refusals[wire.CodeRevoked]
	case key.expired(b.now()):
		return nil, refusals[wire.CodeTokenExpired]
	}
	return key, nil
}

// issueTime is now, or the second after what was revoked of the user, for times in
// tokens are whole seconds: who is invited again at once can come.
func (b *Book) issueTime(user string) time.Time {
	b.mu.RLock()
	defer b.mu.RUnlock()
	now := b.now().Truncate(time.Second)
	if r, _ := b.revoked.get(userEntry(user)); r != nil && !now.After(r.match.Until) {
		return r.match.Until.Truncate(time.Second).Add(time.Second)
	}
	return now
}

// ListTokens returns what this server made and has not expired, newest first.
func (b *Book) ListTokens() []Token {
	b.mu.RLock()
	defer b.mu.RUnlock()
	now := b.now().UnixMilli()
	var all []Token
	b.tokens.each(func(_ string, t *Token) {
		if t != nil && t.Expires > now {
			listed := *t
			listed.Revoked = b.isRevokedLocked(&Grant{
				KeyID: t.KeyID, TokenID: t.ID, User: t.User, IssuedAt: time.UnixMilli(t.Issued),
			})
			all = append(all, listed)
		}
	})
	slices.SortFunc(all, func(x, y Token) int {
		return cmp.Or(cmp.Compare(y.Issued, x.Issued), strings.Compare(x.ID, y.ID))
	})
	return all
}

// Why is who revokes something, and what he says of it.
type Why struct{ By, Reason string }

// RevokeToken takes a token back: given as itself, as the id of one that the server
// made, or as "KEY/JTI". Who is there by it must go, see OnRevoked. Errors:
// ErrNotFound, a Refusal with CodeBadToken or CodeBadSettings, those of Entries.
func (b *Book) RevokeToken(ctx context.Context, token string, why Why) error {
	keyID, id, ends, err := b.tokenNamed(token)
	if err != nil {
		return err
	}
	return b.revoke(ctx, tokenEntry(keyID, id), ends, why)
}

// tokenNamed finds which token is meant, and when it ends at the latest.
func (b *Book) tokenNamed(token string) (keyID, id string, ends time.Time, err error) {
	if strings.Count(token, ".") == 2 {
		v, bad := verifyToken(token, b.now(), b.signedBy)
		if v.key == nil || bad == wire.CodeBadToken {
			return "", "", ends, refusals[wire.CodeBadToken]
		}
		return v.key.ID, v.id, v.claims.Expires.time(), nil
	}
	b.mu.RLock()
	made, _ := b.tokens.get(token)
	b.mu.RUnlock()
	if made != nil {
		return made.KeyID, made.ID, time.UnixMilli(made.Expires), nil
	}
	keyID, id, ok := strings.Cut(token, "/")
	if key, _ := b.key(keyID); !ok || key == nil || id == "" || len(id) > MaxTokenID || !plain(id) {
		return "", "", ends, ErrNotFound
	}
	return keyID, id, b.now().Add(MaxTokenLife), nil
}

// RevokeUser takes back all tokens that a user was given until now. Later ones are
// good: to keep him out of a room is a ban's work.
func (b *Book) RevokeUser(ctx context.Context, user string, why Why) error {
	if !validUser(user) {
		return badSettings("user", "is 1 to 128 bytes without control characters")
	}
	return b.revoke(ctx, userEntry(user), b.now().Add(MaxTokenLife), why)
}

// RevokeKey takes a key back, and with it all that it has signed.
func (b *Book) RevokeKey(ctx context.Context, id string, why Why) error {
	if key, _ := b.key(id); key == nil {
		return ErrNotFound
	}
	return b.revoke(ctx, keyEntry(id), b.now().Add(MaxTokenLife), why)
}

func (b *Book) revoke(ctx context.Context, entry string, ends time.Time, why Why) error {
	if !validNote(why.By) || !validNote(why.Reason) {
		return badSettings("reason", "is longer than 200 bytes or has control characters")
	}
	r := Revocation{At: b.now().UnixMilli(), Ends: ends.Add(2 * leeway).UnixMilli(), By: why.By, Reason: why.Reason}
	value, err := json.Marshal(&r)
	if err != nil {
		return err
	}
	return b.again(ctx, Revoked, entry, func(was uint64) error { return b.put(ctx, Revoked, entry, value, was) })
}

// Prune deletes what says nothing any more: tokens that have expired, revocations of
// such, and keys that were revoked for so long that nothing of them can be left. It
// returns how many entries that were; it is run now and then.
func (b *Book) Prune(ctx context.Context) (deleted int, err error) {
	for _, old := range b.stale() {
		switch err := b.remove(ctx, old.kind, old.key, old.revision); {
		case err == nil:
			deleted++
		case !errors.Is(err, ErrConflict): // with that it is not stale any more
			return deleted, err
		}
	}
	return deleted, nil
}

type staleEntry struct {
	kind     Kind
	key      string
	revision uint64
}

// stale lists what can go. Keys come before their revocations, without which they
// would be good again.
func (b *Book) stale() (keys []staleEntry) {
	now := b.now().UnixMilli()
	var rest []staleEntry
	b.mu.RLock()
	defer b.mu.RUnlock()
	for key, it := range b.revoked.items {
		if r := it.value; r != nil && r.Ends != 0 && r.Ends < now {
			rest = append(rest, staleEntry{Revoked, key, it.revision})
			if of := r.match.KeyID; of != "" && r.match.TokenID == "" && b.keys.revision(of) != 0 {
				keys = append(keys, staleEntry{Keys, of, b.keys.revision(of)})
			}
		}
	}
	for key, it := range b.tokens.items {
		if t := it.value; t != nil && t.Expires+(2*leeway).Milliseconds() < now {
			rest = append(rest, staleEntry{Tokens, key, it.revision})
		}
	}
	return append(keys, rest...)
}
