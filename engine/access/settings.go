package access

import (
	"encoding/json"
	"net/netip"
	"slices"
)

// Access says for whom a room is.
type Access string

// The ways into a room.
const (
	Open        Access = "open"     // for who has the link
	ByToken     Access = "token"    // for who has a token for it, or is listed
	MembersOnly Access = "members"  // for who is listed, and shows by a token who he is
	ByPassword  Access = "password" // for who knows its password, has a token for it, or is listed
)

// Talk says who may speak when.
type Talk string

// The ways to talk. With a floor one at a time may.
const (
	TalkOpen  Talk = "open"
	TalkFloor Talk = "floor"
)

// Recording says whether what is said may be recorded.
type Recording string

// Whether a room may be recorded.
const (
	RecordingOff     Recording = "off"
	RecordingAllowed Recording = "allowed"
)

// Consent says whether those who are recorded are asked before.
type Consent string

// Whether who is recorded is asked.
const (
	ConsentNone Consent = "none"
	ConsentAsk  Consent = "ask"
)

// Settings are what a kept room is: one that has an entry. All other rooms come to
// life by being entered and have DefaultSettings. In JSON the hash of a password is
// there only where the entry is stored, see Public.
type Settings struct {
	// Title is how people see the room; empty: by its key.
	Title  string `json:"title,omitempty"`
	Access Access `json:"access"`
	// PasswordHash is a PHC string, see HashPassword. It is there if and only if
	// Access is ByPassword.
	PasswordHash string `json:"password_hash,omitempty"`
	// WaitingRoom: who neither is a member nor keeps order waits to be let in.
	WaitingRoom bool `json:"waiting_room"`
	// Limit is how many may be in the room, 0: as many as in any.
	Limit int `json:"limit"`
	// NotBefore and Expires are when the room is open, in ms UTC; 0: always. Who keeps
	// order may be there before.
	NotBefore int64 `json:"not_before,omitempty"`
	Expires   int64 `json:"expires,omitempty"`
	// May is what those may who do not keep order.
	May  May  `json:"may"`
	Talk Talk `json:"talk"`
	// Locked: only who keeps order gets in.
	Locked    bool      `json:"locked"`
	Recording Recording `json:"recording"`
	Consent   Consent   `json:"consent"`
	// RetentionDays is how long its records are kept, 0: as long as all others.
	RetentionDays int `json:"retention_days"`
	// Owner is a user who is a host, listed or not; empty: nobody.
	Owner   string   `json:"owner,omitempty"`
	Members []Member `json:"members,omitempty"`
	Banned  []Ban    `json:"banned,omitempty"`
}

// May is what those may do in a room who do not keep order there.
type May struct {
	Speak bool `json:"speak"`
	Show  bool `json:"show"`
	Share bool `json:"share"`
	Chat  bool `json:"chat"`
}

// denied are the rights that m takes away.
func (m May) denied() (denied Right) {
	for _, of := range [...]struct {
		may   bool
		right Right
	}{{m.Speak, MaySpeak}, {m.Show, MayShow}, {m.Share, MayShare}, {m.Chat, MayChat}} {
		if !of.may {
			denied |= of.right
		}
	}
	return denied
}

// Member is a user who is listed for a room.
type Member struct {
	User string `json:"user"`
	Role Role   `json:"role"`
}

// Ban keeps somebody out, whatever he shows: who is one of those it names.
type Ban struct {
	User string `json:"user,omitempty"`
	// Identity is the IdentityHash of a client's own key.
	Identity string       `json:"identity,omitempty"`
	Address  netip.Prefix `json:"address,omitzero"`
	By       string       `json:"by,omitempty"` // who decided, as a host sees it
	At       int64        `json:"at"`           // ms UTC
	Reason   string       `json:"reason,omitempty"`
}

// DefaultSettings are those of a room that nobody has set.
func DefaultSettings() Settings {
	return Settings{
		Access: Open, May: May{Speak: true, Show: true, Share: true, Chat: true},
		Talk: TalkOpen, Recording: RecordingOff, Consent: ConsentNone,
	}
}

// Public is s as it may be shown to who may see settings: without the password's
// hash. The caller may change it.
func (s Settings) Public() Settings {
	s.PasswordHash = ""
	s.Members, s.Banned = slices.Clone(s.Members), slices.Clone(s.Banned)
	return s
}

// readSettings reads what a store has kept. What is not said is as by default.
func readSettings(data []byte) (Settings, error) {
	s := DefaultSettings()
	if err := json.Unmarshal(data, &s); err != nil {
		return Settings{}, err
	}
	return s, nil
}
