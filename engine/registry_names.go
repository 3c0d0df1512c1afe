package engine

import (
	"context"
	"time"

	"parley/actors"
	"parley/engine/wire"
)

// codeLetters are those of a code, which is abc-defg-hij.
const codeLetters = 10

// asCode returns the code whose hyphens were left out in name, "" if it can be none.
func asCode(name string) string {
	if len(name) != codeLetters {
		return ""
	}
	for _, c := range []byte(name) {
		if c < 'a' || c > 'z' {
			return ""
		}
	}
	return name[:3] + "-" + name[3:7] + "-" + name[7:]
}

// meant returns the room that somebody means who types name: itself, or the code
// without its hyphens, if a meeting runs there and none under the name.
func (g *registryState) meant(name string) string {
	if code := asCode(name); code != "" && g.runs(code) && !g.runs(name) {
		return code
	}
	return name
}

// runs reports whether somebody is in a room or on the way in.
func (g *registryState) runs(name string) bool {
	entry := g.rooms[name]
	if entry == nil || entry.ending != nil {
		return false
	}
	if entry.claim != nil {
		return true
	}
	people, settled := entry.journal.occupancy.settled(entry.sent)
	return people > 0 || !settled
}

// findWait bounds how long FindRoom waits for the registry.
const findWait = time.Second

// FindRoom returns the title of a room's name as it was typed, of the code where
// its hyphens were left out. The error is wire.ErrRoomName, and that of ctx.
func (e *Engine) FindRoom(ctx context.Context, typed string) (title string, err error) {
	key, err := wire.CleanRoom(typed)
	if err != nil {
		return "", err
	}
	if asCode(key) == "" {
		return wire.RoomTitle(typed)
	}
	ctx, cancel := context.WithTimeout(ctx, findWait)
	defer cancel()
	room, err := actors.Ask(ctx, e.env.registry, func(r actors.Reply[string]) registryMsg { return findRoom{key, r} })
	if err != nil {
		return "", err
	}
	if room != key {
		return room, nil
	}
	return wire.RoomTitle(typed)
}

// roomKey is the key of a room's name for who names one from outside; of what is
// no name, that itself, under which there is none.
func roomKey(name string) string {
	if key, err := wire.CleanRoom(name); err == nil {
		return key
	}
	return name
}
