package engine

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// resumeToken is what a client shows to take up its session:
//
//	base64url(room) . participant id . base64url(secret)
//
// The room comes first so that any node could find the owner; only the secret
// is secret.
type resumeToken struct {
	room, participant string
	secret            [secretSize]byte
}

const secretSize = 18 // 144 bits

func newSecret() (s [secretSize]byte) {
	rand.Read(s[:]) // never fails, see crypto/rand
	return s
}

func (t resumeToken) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(t.room)) + "." + t.participant + "." +
		base64.RawURLEncoding.EncodeToString(t.secret[:])
}

// parseToken reports false for what can not be one of our tokens.
func parseToken(s string) (t resumeToken, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return t, false
	}
	room, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		return t, false
	}
	secret, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(secret) != secretSize {
		return t, false
	}
	t.room, t.participant = string(room), parts[1]
	copy(t.secret[:], secret)
	return t, true
}

// ticketOf is what the record keeps of a secret. It has 144 bits: there is
// nothing to guess, so one plain hash will do.
func ticketOf(secret [secretSize]byte) []byte {
	sum := sha256.Sum256(secret[:])
	return sum[:]
}

// sameSecret compares in constant time.
func sameSecret(a, b [secretSize]byte) bool {
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
