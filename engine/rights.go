package engine

import (
	"math/bits"
	"strings"
)

// Right is what a participant may do, as bits. Who may what is settled before a
// room hears of it; afterwards only bits are compared.
type Right uint32

// The rights. To be in a room, to hear and see, and to turn off what one sends
// needs none.
const (
	MayChat Right = 1 << iota
	MayRaiseHand
	MayReact
	MayCaption
	MayRename
	pastRights

	NoRight   Right = 0
	AllRights       = pastRights - 1
)

// rightNames are the rights' names in order, as PROTOCOL.md has them.
var rightNames = [...]string{"chat", "hand", "react", "caption", "rename"}

// String names the rights in r, with spaces between them.
func (r Right) String() string {
	var names []string
	for rest := r & AllRights; rest != 0; rest &= rest - 1 {
		names = append(names, rightNames[bits.TrailingZeros32(uint32(rest))])
	}
	return strings.Join(names, " ")
}

// has reports whether all rights in needed are in r.
func (r Right) has(needed Right) bool { return needed&^r == 0 }
