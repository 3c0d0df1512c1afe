package access

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Match is what was revoked: a token, all that a user was given until a time, or all
// that a key has signed.
type Match struct {
	KeyID   string // alone, or with TokenID
	TokenID string
	User    string
	Until   time.Time // with User: tokens issued then or before
}

// Matches reports whether a grant came from what was revoked.
func (m Match) Matches(g *Grant) bool {
	switch {
	case g.KeyID == "":
		return false // came without a token
	case m.User != "":
		return m.User == g.User && !g.IssuedAt.After(m.Until)
	case m.TokenID != "":
		return m.TokenID == g.TokenID && m.KeyID == g.KeyID
	}
	return m.KeyID == g.KeyID
}

// Revocation is kept until no token can be left that it is about.
type Revocation struct {
	At     int64  `json:"at"`   // ms UTC
	Ends   int64  `json:"ends"` // ms UTC: afterwards it says nothing any more; 0: never
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
	match  Match
}

// The keys of revocations. A jti is its key's own affair: two programs may count from
// one.
func tokenEntry(keyID, tokenID string) string { return "jti:" + keyID + "/" + tokenID }
func userEntry(user string) string            { return "user:" + user }
func keyEntry(keyID string) string            { return "key:" + keyID }

var errRevocation = errors.New("revokes nothing known")

// readRevocation takes what it is about from the entry's key, so that of one that
// can not be read nothing is let in.
func readRevocation(key string, data []byte) (Revocation, error) {
	var r Revocation
	if json.Unmarshal(data, &r) != nil {
		r = Revocation{At: maxMillis}
	}
	kind, id, _ := strings.Cut(key, ":")
	switch kind {
	case "jti":
		r.match.KeyID, r.match.TokenID, _ = strings.Cut(id, "/")
	case "user":
		r.match.User, r.match.Until = id, time.UnixMilli(r.At)
	case "key":
		r.match.KeyID = id
	default:
		return r, errRevocation
	}
	return r, nil
}

// isRevokedLocked reports whether something that was revoked let in who has g.
func (b *Book) isRevokedLocked(g *Grant) bool {
	if g.KeyID == "" || len(b.revoked.items) == 0 {
		return false
	}
	for _, entry := range [...]string{keyEntry(g.KeyID), tokenEntry(g.KeyID, g.TokenID), userEntry(g.User)} {
		if r, there := b.revoked.get(entry); there && r != nil && r.match.Matches(g) {
			return true
		}
	}
	return false
}
