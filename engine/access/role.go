package access

// Role is what somebody is in a room. The zero value is no role.
type Role uint8

// The roles. A greater one may all that a smaller one may.
const (
	NoRole Role = iota
	Listener
	Speaker
	Cohost
	Host
)

var roleNames = [...]string{Listener: "listener", Speaker: "speaker", Cohost: "cohost", Host: "host"}

// roleRights are what a role brings. A listener is heard and seen by nobody.
var roleRights = [...]Right{
	Listener: MayChat | MayRaiseHand | MayReact | MaySubscribe | MayUpdateMetadata,
	Speaker:  AllRights &^ (MayKeepOrder | MayHost | MayBan),
	Cohost:   AllRights &^ MayHost,
	Host:     AllRights,
}

// String is the role's name, empty for none.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return ""
}

// ParseRole returns the role of that name.
func ParseRole(name string) (role Role, ok bool) {
	for r, known := range roleNames {
		if known != "" && known == name {
			return Role(r), true
		}
	}
	return NoRole, false
}

// KeepsOrder reports whether the role is one of those that keep order.
func (r Role) KeepsOrder() bool { return r == Host || r == Cohost }

// MarshalText implements encoding.TextMarshaler.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. No name is no role.
func (r *Role) UnmarshalText(text []byte) error {
	role, ok := ParseRole(string(text))
	if !ok && len(text) > 0 {
		return badSettings("role", "is host, cohost, speaker or listener")
	}
	*r = role
	return nil
}

// RightsOf is what somebody may do: what the role brings, to ban only if it is firm
// (Grant.ByListing), without what may takes from all who do not keep order, and
// without deny.
func RightsOf(role Role, firm bool, may May, deny Right) Right {
	if int(role) >= len(roleRights) {
		return NoRight
	}
	rights := roleRights[role]
	if !firm {
		rights &^= MayBan
	}
	if !role.KeepsOrder() {
		rights &^= may.denied()
	}
	return rights &^ deny
}
