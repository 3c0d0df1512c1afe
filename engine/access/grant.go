package access

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Grant is what somebody gets who is let in. It stays what it is for the whole
// stay, on other connections too; the role in the room may change.
type Grant struct {
	// User is who this is: the sub of a token, or an account. Empty: nobody knows. It
	// is a space apart from the client's own identity.
	User string
	// Name is how others see him, whatever the client says; empty: as the client says.
	Name string
	Role Role
	// ByListing: the role is firm, for a token names it or the room's list. Otherwise
	// it is what everybody gets, and being there first may make more of it; such a
	// host may not ban.
	ByListing bool
	// Deny is what the token takes away, whatever the role.
	Deny Right
	// May are the rights by role, settings and Deny as they are now, see RightsOf.
	May Right
	// Hidden: not in the list of participants, but counted.
	Hidden bool
	// Wait: somebody has to let him in.
	Wait bool
	// Metadata and Attributes are the program's own words about the participant.
	Metadata   string
	Attributes map[string]string // only read
	// TokenID, KeyID and IssuedAt are of the token, empty without one.
	TokenID, KeyID string
	IssuedAt       time.Time
}

// identityHash bytes of a SHA-256 are kept.
const identityHash = 16

// IdentityHash is what is kept of a client's own key: it shows who is the same, not
// what the key is. Empty for none.
func IdentityHash(identity string) string {
	if identity == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(identity))
	return hex.EncodeToString(sum[:identityHash])
}

func isIdentityHash(s string) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == identityHash && hex.EncodeToString(raw) == s
}
