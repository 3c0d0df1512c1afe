package access

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/engine/wire"
)

const (
	// MaxToken bounds a token, in bytes. What is longer is refused unread.
	MaxToken = 8 << 10
	// MaxTokenLife is how long a token may be valid: a revocation is kept no longer.
	MaxTokenLife = 366 * 24 * time.Hour
	// leeway is how far the clock of who makes tokens may be off.
	leeway = 30 * time.Second
)

// Algorithm is how a key signs (RFC 7518, RFC 8037). A key has one, and takes no
// token that says another.
type Algorithm string

// The algorithms. There are no others, and "none" least of all.
const (
	HS256 Algorithm = "HS256"
	EdDSA Algorithm = "EdDSA" // with Ed25519
)

// parser checks signatures. The times are checked here, for they have codes of
// their own.
var parser = jwt.NewParser(
	jwt.WithValidMethods([]string{string(HS256), string(EdDSA)}), jwt.WithoutClaimsValidation(), jwt.WithStrictDecoding())

// verifiedToken is a token whose signature is right.
type verifiedToken struct {
	claims Claims
	key    *Key
	id     string
}

// verifyToken checks who signed a token, and its times. find returns the key of
// that id, nil if there is none.
//
// Whatever is wrong with the signature has one code, and takes one time: for who
// tries keys, one that is not there is as one with another secret. What is too long
// or no token is refused at once, for that is known to who sent it.
func verifyToken(token string, now time.Time, find func(id string) *Key) (v verifiedToken, bad wire.Code) {
	if len(token) > MaxToken || strings.Count(token, ".") != 2 || strings.ContainsAny(token, "\r\n") { // which base64 skips
		return v, wire.CodeBadToken
	}
	_, err := parser.ParseWithClaims(token, &v.claims, func(t *jwt.Token) (any, error) {
		alg := Algorithm(t.Method.Alg())
		if _, has := t.Header["crit"]; has {
			return nil, errCritical
		}
		id, named := t.Header["kid"].(string)
		if !named {
			id = v.claims.Issuer
		}
		if key := find(id); key != nil && key.Algorithm == alg {
			v.key = key
			return key.verifier(), nil
		}
		return strangers[alg].verifier(), nil
	})
	if err != nil || v.key == nil || !v.claims.tidy() {
		return v, wire.CodeBadToken
	}
	if v.id = v.claims.ID; v.id == "" {
		v.id = idOf(token)
	}
	return v, v.claims.checkTimes(now)
}

// errCritical: who does not understand a critical header must refuse the token (RFC
// 7515, 4.1.11), and there is none that is understood here.
var errCritical = errors.New("critical header")

// strangers are the keys that those tokens are checked with that name none of ours.
// Nobody has signed with them.
var strangers = func() map[Algorithm]*Key {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err) // never, see crypto/rand
	}
	return map[Algorithm]*Key{
		HS256: {Algorithm: HS256, Secret: rand.Text() + rand.Text()},
		EdDSA: {Algorithm: EdDSA, Public: public},
	}
}()

// checkTimes: exp is required and not too far away, iat not to come, for otherwise a
// token could be made that no revocation of its user ever reaches.
func (c *Claims) checkTimes(now time.Time) wire.Code {
	issued := now
	if c.IssuedAt != 0 {
		issued = c.IssuedAt.time()
	}
	switch {
	case c.Expires == 0, c.Expires.time().After(issued.Add(MaxTokenLife + leeway)):
		return wire.CodeBadToken
	case !c.Expires.time().After(now.Add(-leeway)):
		return wire.CodeTokenExpired
	case c.NotBefore.time().After(now.Add(leeway)), issued.After(now.Add(leeway)):
		return wire.CodeTokenEarly
	}
	return ""
}

// issuedAt is when the token was made, as far as it says so; else 1970, which
// every revocation of its user reaches.
func (c *Claims) issuedAt() time.Time {
	if c.IssuedAt != 0 {
		return c.IssuedAt.time()
	}
	return c.NotBefore.time()
}

func (s Seconds) time() time.Time { return time.Unix(int64(s), 0) }

// idOf is the id of a token that has no jti: what was signed says which it is, and
// not the signature, of which there may be several.
func idOf(token string) string {
	sum := sha256.Sum256([]byte(token[:strings.LastIndexByte(token, '.')]))
	return hex.EncodeToString(sum[:16])
}

// SignHS256 makes a token of the claims with the secret of a key, as the programs do
// that have one.
func SignHS256(c Claims, keyID, secret string) (string, error) {
	return sign(c, keyID, jwt.SigningMethodHS256, []byte(secret))
}

// SignEdDSA makes a token with a key of which the server knows the public half.
func SignEdDSA(c Claims, keyID string, private ed25519.PrivateKey) (string, error) {
	return sign(c, keyID, jwt.SigningMethodEdDSA, private)
}

func sign(c Claims, keyID string, method jwt.SigningMethod, key any) (string, error) {
	c.Issuer = keyID
	t := jwt.NewWithClaims(method, &c)
	t.Header["kid"] = keyID
	return t.SignedString(key)
}
