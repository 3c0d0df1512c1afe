package access

import (
	"math/bits"
	"strings"
)

// Right is what a participant may do, as bits. Who may what is settled before a
// room hears of it; afterwards only bits are compared.
type Right uint32

// The rights. To be in a room, and to turn off what one sends, needs none.
const (
	MayChat Right = 1 << iota
	MayRaiseHand
	MayReact
	MayCaption
	MayRename         // oneself
	MaySpeak          // send a microphone
	MayShow           // send a camera
	MayShare          // send a screen and its sound
	MaySubscribe      // have seats
	MayData           // send messages of programs
	MayUpdateMetadata // of oneself
	// MayKeepOrder: mute others, ask them to unmute, lower hands, remove, lock, let
	// in who waits, spotlight, make speakers listeners and back.
	MayKeepOrder
	// MayHost: change the settings, make co-hosts, hand over, end for all, divide the
	// room and move people.
	MayHost
	MayBan // remove for longer than the meeting
	pastRights

	NoRight   Right = 0
	AllRights       = pastRights - 1
)

// rightNames are the rights' names in order, as PROTOCOL.md has them.
var rightNames = [...]string{
	"chat", "hand", "react", "caption", "rename", "speak", "show", "share", "subscribe", "data", "metadata", "order", "host", "ban",
}

// Names returns the names of the rights in r, in order.
func (r Right) Names() []string {
	var names []string
	for rest := r & AllRights; rest != 0; rest &= rest - 1 {
		names = append(names, rightNames[bits.TrailingZeros32(uint32(rest))])
	}
	return names
}

// String names the rights in r, with spaces between them.
func (r Right) String() string { return strings.Join(r.Names(), " ") }

// Has reports whether all rights in needed are in r.
func (r Right) Has(needed Right) bool { return needed&^r == 0 }
