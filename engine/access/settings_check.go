package access

import (
	"encoding/json"
	"slices"
	"unicode"
	"unicode/utf8"

	"parley/engine/wire"
)

// Bounds of what entries hold, in bytes unless the name says otherwise.
const (
	MaxUser          = 128 // of a user: a token's sub
	MaxNote          = 200 // of a note or a reason
	MaxRetentionDays = 36500
	// maxMillis is the year 9999: what is later is a mistake of units.
	maxMillis = 253402300799999
)

// Validate reports what contradicts itself in s, or is out of range, as a Refusal
// with CodeBadSettings. most is the greatest limit that the server allows a room.
func (s *Settings) Validate(most int) error {
	for _, rule := range []func(*Settings) *Refusal{
		checkWords, checkTitle, checkAccess, checkTimes, checkMembers, checkBans, checkSize,
	} {
		if err := rule(s); err != nil {
			return err
		}
	}
	if s.Limit < 0 || s.Limit > most {
		return badSettings("limit", "is negative or more than the server allows")
	}
	return nil
}

func checkWords(s *Settings) *Refusal {
	switch {
	case !slices.Contains([]Access{Open, ByToken, MembersOnly, ByPassword}, s.Access):
		return badSettings("access", "is open, token, members or password")
	case !slices.Contains([]Talk{TalkOpen, TalkFloor}, s.Talk):
		return badSettings("talk", "is open or floor")
	case !slices.Contains([]Recording{RecordingOff, RecordingAllowed}, s.Recording):
		return badSettings("recording", "is off or allowed")
	case !slices.Contains([]Consent{ConsentNone, ConsentAsk}, s.Consent):
		return badSettings("consent", "is none or ask")
	}
	return nil
}

func checkTitle(s *Settings) *Refusal {
	if s.Title == "" {
		return nil
	}
	if clean, err := wire.CleanName(s.Title); err != nil || clean != s.Title {
		return badSettings("title", "is 1 to 64 visible characters")
	}
	return nil
}

func checkAccess(s *Settings) *Refusal {
	switch {
	case s.Access == ByPassword && s.PasswordHash == "":
		return badSettings("password", "is missing, and access is by password")
	case s.Access != ByPassword && s.PasswordHash != "":
		return badSettings("password", "is set, and access is not by password")
	case s.Access == MembersOnly && s.Owner == "" && len(s.Members) == 0:
		return badSettings("members", "has nobody, and access is for members")
	}
	if s.PasswordHash != "" {
		if _, err := parsePHC(s.PasswordHash); err != nil {
			return badSettings("password", "has no hash that could be checked")
		}
	}
	return nil
}

func checkTimes(s *Settings) *Refusal {
	switch {
	case s.NotBefore < 0 || s.NotBefore > maxMillis:
		return badSettings("not_before", "is no time in ms")
	case s.Expires < 0 || s.Expires > maxMillis:
		return badSettings("expires", "is no time in ms")
	case s.Expires != 0 && s.Expires <= s.NotBefore:
		return badSettings("expires", "is not after not_before")
	case s.RetentionDays < 0 || s.RetentionDays > MaxRetentionDays:
		return badSettings("retention_days", "is negative or too long")
	}
	return nil
}

func checkMembers(s *Settings) *Refusal {
	if s.Owner != "" && !validUser(s.Owner) {
		return badSettings("owner", "is 1 to 128 bytes without control characters")
	}
	seen := make(map[string]bool, len(s.Members))
	for _, m := range s.Members {
		switch {
		case !validUser(m.User):
			return badSettings("members", "has a user who is not 1 to 128 bytes without control characters")
		case m.Role.String() == "":
			return badSettings("members", "has a user without a role")
		case seen[m.User]:
			return badSettings("members", "has a user twice")
		case m.User == s.Owner && m.Role != Host:
			return badSettings("members", "has the owner, and not as a host")
		}
		seen[m.User] = true
	}
	return nil
}

func checkBans(s *Settings) *Refusal {
	for _, b := range s.Banned {
		switch {
		case b.User == "" && b.Identity == "" && b.Address == (Ban{}).Address:
			return badSettings("banned", "has an entry that names nobody")
		case b.User != "" && !validUser(b.User):
			return badSettings("banned", "has a user who is not 1 to 128 bytes without control characters")
		case b.Identity != "" && !isIdentityHash(b.Identity):
			return badSettings("banned", "has an identity that is not the hash of one")
		case b.At < 0 || b.At > maxMillis:
			return badSettings("banned", "has an entry at no time in ms")
		case !validNote(b.Reason) || !validNote(b.By):
			return badSettings("banned", "has a text of more than 200 bytes or with control characters")
		case b.User != "" && b.User == s.Owner:
			return badSettings("banned", "has the owner")
		}
		if b.User != "" && slices.ContainsFunc(s.Members, func(m Member) bool { return m.User == b.User }) {
			return badSettings("banned", "has a member")
		}
	}
	return nil
}

// checkSize: what is stored has a bound as a whole, and lists are all that is long.
func checkSize(s *Settings) *Refusal {
	data, err := json.Marshal(s)
	switch {
	case err != nil:
		return badSettings("settings", "can not be written")
	case len(data) <= MaxValue:
		return nil
	case len(s.Members) >= len(s.Banned):
		return badSettings("members", "is too long to be stored")
	}
	return badSettings("banned", "is too long to be stored")
}

// validUser reports whether s may be a user: any other system's id.
func validUser(s string) bool { return s != "" && len(s) <= MaxUser && plain(s) }

func validNote(s string) bool { return len(s) <= MaxNote && plain(s) }

// plain reports whether s is one line of text.
func plain(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}
