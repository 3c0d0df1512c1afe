package access

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"parley/engine/wire"
)

// room is a kept room as it is asked about. It is never changed, but for what it
// remembers of its password.
type room struct {
	Settings
	roles      map[string]Role // of the owner and the members
	users      map[string]bool // who is banned
	identities map[string]bool // hashes
	addresses  []netip.Prefix
	password   *roomPassword // nil: none
}

// readRoom makes a room of an entry. An error leaves a room that nobody enters: one
// that can not be read is not one that anybody may open.
func readRoom(_ string, data []byte) (room, error) {
	s, err := readSettings(data)
	if err != nil {
		return room{}, err
	}
	r := room{Settings: s, roles: map[string]Role{}, users: map[string]bool{}, identities: map[string]bool{}}
	for _, m := range s.Members {
		r.roles[m.User] = m.Role
	}
	r.roles[s.Owner] = Host
	delete(r.roles, "") // nobody is listed by being nobody
	for _, b := range s.Banned {
		if b.User != "" {
			r.users[b.User] = true
		}
		if b.Identity != "" {
			r.identities[b.Identity] = true
		}
		if b.Address.IsValid() {
			r.addresses = append(r.addresses, b.Address.Masked())
		}
	}
	if s.PasswordHash != "" {
		hash, err := parsePHC(s.PasswordHash)
		if err != nil {
			return room{}, err
		}
		r.password = &roomPassword{hash: hash}
	}
	return r, nil
}

// bans reports whether one of the room's bans is about who asks. Its owner is never
// banned.
func (r *room) bans(user, identity string, from netip.Addr) bool {
	if user != "" && (user == r.Owner || r.users[user]) {
		return user != r.Owner
	}
	if len(r.identities) > 0 && identity != "" && r.identities[IdentityHash(identity)] {
		return true
	}
	from = from.Unmap().WithZone("")
	return slices.ContainsFunc(r.addresses, func(p netip.Prefix) bool { return p.Contains(from) })
}

// closed says why a room takes nobody of a role now.
func (r *room) closed(role Role, now time.Time) wire.Code {
	at := now.UnixMilli()
	switch {
	case r.Expires != 0 && at >= r.Expires:
		return wire.CodeExpired
	case role.KeepsOrder():
		return ""
	case at < r.NotBefore:
		return wire.CodeNotYet
	case r.Locked:
		return wire.CodeLocked
	}
	return ""
}

// Room returns the settings of a kept room as they are now; the caller only reads
// them. kept is false for one that has no entry, with the settings of those, and for
// one whose entry can not be read, which nobody enters.
func (b *Book) Room(key string) (settings Settings, kept bool) {
	b.mu.RLock()
	r, _ := b.rooms.get(key)
	b.mu.RUnlock()
	if r == nil {
		return DefaultSettings(), false
	}
	return r.Settings, true
}

// RoomInfo is a kept room in a list.
type RoomInfo struct {
	Key      string   `json:"room"`
	Settings Settings `json:"settings"` // as Public gives them
	// Unreadable: the entry is damaged, Settings say nothing, and nobody enters.
	Unreadable bool `json:"unreadable,omitempty"`
}

// ListRooms returns up to limit kept rooms whose keys come after one, in the order
// of their keys.
func (b *Book) ListRooms(after string, limit int) []RoomInfo {
	b.mu.RLock()
	var found []RoomInfo
	b.rooms.each(func(key string, r *room) {
		switch {
		case key <= after:
		case r == nil:
			found = append(found, RoomInfo{Key: key, Unreadable: true})
		default:
			found = append(found, RoomInfo{Key: key, Settings: r.Settings})
		}
	})
	b.mu.RUnlock()
	slices.SortFunc(found, func(x, y RoomInfo) int { return cmp.Compare(x.Key, y.Key) })
	found = found[:max(0, min(limit, len(found)))]
	for i := range found {
		found[i].Settings = found[i].Settings.Public()
	}
	return found
}
