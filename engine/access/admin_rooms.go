package access

import (
	"context"
	"encoding/json"
	"slices"

	"parley/engine/wire"
)

// Changes of rooms. They return when the change is on disk and known here: what is
// asked afterwards is answered by it. Errors are those of Entries, ErrConflict only
// if others change the same room all the time; a Refusal with CodeBadSettings and
// the field; with CodeNoSuchRoom for a room that is not kept.

// CreateRoom makes a kept room of a name as somebody typed it. It returns its key.
func (b *Book) CreateRoom(ctx context.Context, name string, patch Patch) (key string, s Settings, err error) {
	key, err = wire.CleanRoom(name)
	if err != nil {
		return "", Settings{}, refusals[wire.CodeBadRoom]
	}
	hash, err := b.hashOf(ctx, &patch)
	if err != nil {
		return "", Settings{}, err
	}
	if s, err = patch.apply(DefaultSettings(), hash); err != nil {
		return "", Settings{}, err
	}
	err = b.again(ctx, Rooms, key, func(was uint64) error {
		if was != 0 {
			return badSettings("room", "exists already")
		}
		return b.putRoom(ctx, key, &s, 0)
	})
	return key, s.Public(), err
}

// SetRoom changes settings and returns what they are then.
func (b *Book) SetRoom(ctx context.Context, key string, patch Patch) (Settings, error) {
	hash, err := b.hashOf(ctx, &patch)
	if err != nil {
		return Settings{}, err
	}
	return b.edit(ctx, key, func(s Settings) (Settings, error) { return patch.apply(s, hash) })
}

// DeleteRoom makes a room one that is not kept.
func (b *Book) DeleteRoom(ctx context.Context, key string) error {
	return b.again(ctx, Rooms, key, func(was uint64) error {
		if was == 0 {
			return refusals[wire.CodeNoSuchRoom]
		}
		return b.remove(ctx, Rooms, key, was)
	})
}

// AddMember lists a user, or gives who is listed another role. A ban of him has to be
// lifted before.
func (b *Book) AddMember(ctx context.Context, key string, m Member) (Settings, error) {
	return b.edit(ctx, key, func(s Settings) (Settings, error) {
		s.Members = append(without(s.Members, m.User), m)
		return s, nil
	})
}

// RemoveMember takes a user off the list: in a room for members he is out at once
// (see Review) and does not come back, whatever token he has. Who is not listed is
// no error. An owner can not be removed.
func (b *Book) RemoveMember(ctx context.Context, key, user string) (Settings, error) {
	return b.edit(ctx, key, func(s Settings) (Settings, error) {
		if user == s.Owner {
			return s, badSettings("owner", "can not be removed")
		}
		s.Members = without(s.Members, user)
		return s, nil
	})
}

// Ban keeps somebody out of a room from now on, and off its list. What is the same as
// a ban there is replaces it.
func (b *Book) Ban(ctx context.Context, key string, ban Ban) (Settings, error) {
	if ban.At == 0 {
		ban.At = b.now().UnixMilli()
	}
	return b.edit(ctx, key, func(s Settings) (Settings, error) {
		if ban.User != "" && ban.User == s.Owner {
			return s, badSettings("banned", "has the owner")
		}
		s.Members = without(s.Members, ban.User)
		s.Banned = append(lift(s.Banned, ban), ban)
		return s, nil
	})
}

// Unban lifts the ban of the same user, identity and address. One that is not there
// is no error.
func (b *Book) Unban(ctx context.Context, key string, ban Ban) (Settings, error) {
	return b.edit(ctx, key, func(s Settings) (Settings, error) {
		s.Banned = lift(s.Banned, ban)
		return s, nil
	})
}

// edit changes the settings of a kept room. change gets its own copy, but for the
// lists, which it replaces.
func (b *Book) edit(ctx context.Context, key string, change func(Settings) (Settings, error)) (s Settings, err error) {
	err = b.again(ctx, Rooms, key, func(was uint64) error {
		is, kept := b.Room(key)
		if !kept {
			return refusals[wire.CodeNoSuchRoom]
		}
		if s, err = change(is); err != nil {
			return err
		}
		return b.putRoom(ctx, key, &s, was)
	})
	if err != nil {
		return Settings{}, err
	}
	return s.Public(), nil
}

func (b *Book) putRoom(ctx context.Context, key string, s *Settings, was uint64) error {
	if err := s.Validate(b.options.MaxLimit); err != nil {
		return err
	}
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return b.put(ctx, Rooms, key, value, was)
}

// hashOf is the hash of a patch's password, empty if it has none or takes it away.
func (b *Book) hashOf(ctx context.Context, p *Patch) (string, error) {
	if p.Password == nil {
		return "", nil
	}
	return b.passwords.hash(ctx, *p.Password)
}

func without(all []Member, user string) []Member {
	return slices.DeleteFunc(slices.Clone(all), func(m Member) bool { return m.User == user })
}

func lift(all []Ban, ban Ban) []Ban {
	return slices.DeleteFunc(slices.Clone(all), func(b Ban) bool {
		return b.User == ban.User && b.Identity == ban.Identity && b.Address == ban.Address
	})
}

// OrderOf returns what a running meeting has decided, as PutOrder was given it; nil:
// nothing. The caller only reads it.
func (b *Book) OrderOf(room string) []byte {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if value, _ := b.order.get(room); value != nil {
		return *value
	}
	return nil
}

// PutOrder keeps what a meeting has decided, nil for nothing, so that it outlives the
// process. It is the engine's own word: nothing here reads it.
func (b *Book) PutOrder(ctx context.Context, room string, value []byte) error {
	return b.again(ctx, Order, room, func(was uint64) error {
		switch {
		case value != nil:
			return b.put(ctx, Order, room, value, was)
		case was != 0:
			return b.remove(ctx, Order, room, was)
		}
		return nil
	})
}

// Orders calls do with every room of which an order is kept, until it returns false.
func (b *Book) Orders(do func(room string, value []byte) bool) {
	b.mu.RLock()
	all := make(map[string][]byte, len(b.order.items))
	b.order.each(func(key string, value *[]byte) {
		if value != nil {
			all[key] = *value
		}
	})
	b.mu.RUnlock()
	for room, value := range all {
		if !do(room, value) {
			return
		}
	}
}
