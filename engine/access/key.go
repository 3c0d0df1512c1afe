package access

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"parley/engine/wire"
)

// Scope is what a key may be used for.
type Scope string

// The scopes.
const (
	ScopeJoin       Scope = "join" // its tokens let into rooms
	ScopeReadRooms  Scope = "rooms:read"
	ScopeWriteRooms Scope = "rooms:write"
	ScopeTokens     Scope = "tokens:write" // to make and revoke tokens through the API
	ScopeRecords    Scope = "records:read"
	ScopeAccess     Scope = "access:read" // to ask who may enter
	ScopeAdmin      Scope = "admin"       // all of them, and keys
)

var scopes = []Scope{ScopeJoin, ScopeReadRooms, ScopeWriteRooms, ScopeTokens, ScopeRecords, ScopeAccess, ScopeAdmin}

// Key is what programs prove themselves with: they sign tokens with it, or show its
// id and secret.
type Key struct {
	ID        string    `json:"id"`
	Algorithm Algorithm `json:"algorithm"`
	// Secret is the key of HMAC as text, and what is shown as a bearer. It has 256
	// bits, so nothing is gained by hashing it, and to check a signature it is needed.
	// Only HS256.
	Secret string `json:"secret,omitempty"`
	// Public is the Ed25519 key of EdDSA, 32 bytes. Such a key has no secret here, and
	// can not be a bearer.
	Public []byte  `json:"public,omitempty"`
	Scopes []Scope `json:"scopes"`
	// Prefix is how the keys of the rooms begin that it is for; empty: all.
	Prefix  string `json:"prefix,omitempty"`
	Note    string `json:"note,omitempty"`
	Own     bool   `json:"own,omitempty"`     // the server's own
	Created int64  `json:"created"`           // ms UTC
	Expires int64  `json:"expires,omitempty"` // ms UTC, 0: never
	// Revoked is true in what is listed, never in what is stored.
	Revoked bool `json:"revoked,omitempty"`
}

// newKeyID makes an id that says what it is, in logs too.
func newKeyID() string { return "pk_" + strings.ToLower(rand.Text()[:20]) }

// newSecret has 256 bits.
func newSecret() string {
	raw := make([]byte, 32)
	rand.Read(raw) // never fails, see crypto/rand
	return base64.RawURLEncoding.EncodeToString(raw)
}

func readKey(data []byte) (Key, error) {
	var k Key
	if err := json.Unmarshal(data, &k); err != nil {
		return Key{}, err
	}
	return k, k.validate()
}

// validate returns a Refusal with CodeBadSettings and the field that is wrong.
func (k *Key) validate() error {
	switch {
	case k.Algorithm == HS256 && len(k.Secret) < 32:
		return badSettings("secret", "is shorter than 32 characters")
	case k.Algorithm == EdDSA && len(k.Public) != ed25519.PublicKeySize:
		return badSettings("public", "is no Ed25519 key of 32 bytes")
	case k.Algorithm != HS256 && k.Algorithm != EdDSA:
		return badSettings("algorithm", "is HS256 or EdDSA")
	case len(k.Scopes) == 0:
		return badSettings("scopes", "are none")
	case slices.ContainsFunc(k.Scopes, func(s Scope) bool { return !slices.Contains(scopes, s) }):
		return badSettings("scopes", "has one that does not exist")
	case len(k.Prefix) > MaxEntryKey || !plain(k.Prefix):
		return badSettings("prefix", "is not how a room's key may begin")
	case !validNote(k.Note):
		return badSettings("note", "is longer than 200 bytes or has control characters")
	case k.Expires < 0 || k.Expires > maxMillis:
		return badSettings("expires", "is no time in ms")
	}
	return nil
}

// verifier is what checks a signature, as package jwt wants it.
func (k *Key) verifier() any {
	if k.Algorithm == EdDSA {
		return ed25519.PublicKey(k.Public)
	}
	return []byte(k.Secret)
}

// may reports whether the key has a scope.
func (k *Key) may(s Scope) bool {
	return slices.Contains(k.Scopes, s) || slices.Contains(k.Scopes, ScopeAdmin)
}

// covers reports whether a room is one of those that the key is for. Only a key for
// all rooms covers what is of no room, which has the empty key.
func (k *Key) covers(room string) bool { return strings.HasPrefix(room, k.Prefix) }

func (k *Key) expired(now time.Time) bool { return k.Expires != 0 && now.UnixMilli() >= k.Expires }

// public is k without its secret.
func (k *Key) public() Key {
	out := *k
	out.Secret = ""
	out.Scopes = slices.Clone(k.Scopes)
	return out
}

// Authorize returns the id of the key that a credential proves: "id.secret", as in
// Authorization: Bearer. The key has the scope and is for the room, whose key is
// empty for what is of none. Errors: a Refusal with CodeBadToken, with one time for
// an id that is unknown and a secret that is wrong; CodeRevoked, CodeTokenExpired,
// CodeNotAllowed, CodeTokenRoom.
func (b *Book) Authorize(credential string, scope Scope, room string) (id string, err error) {
	if len(credential) > MaxToken {
		return "", refusals[wire.CodeBadToken]
	}
	id, secret, _ := strings.Cut(credential, ".")
	key, revoked := b.key(id)
	known := key != nil && key.Algorithm == HS256
	if !known {
		key = strangers[HS256]
	}
	if same := sameText(secret, key.Secret); !same || !known {
		return "", refusals[wire.CodeBadToken]
	}
	switch {
	case revoked:
		return "", refusals[wire.CodeRevoked]
	case key.expired(b.now()):
		return "", refusals[wire.CodeTokenExpired]
	case !key.may(scope):
		return "", refusals[wire.CodeNotAllowed]
	case !key.covers(room):
		return "", refusals[wire.CodeTokenRoom]
	}
	return id, nil
}

// sameText compares in a time that does not depend on where they differ.
func sameText(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
