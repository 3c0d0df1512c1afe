package storage

import (
	"encoding/json"
	"fmt"
	"time"
)

// ChatRecord is one text said in a room.
type ChatRecord struct {
	// ID is the caller's, or if that is empty one given by the store that sorts
	// by time. History is in the order of storing either way.
	ID   string `json:"id"`
	Room string `json:"room"`
	// Key is the client's own id of the text. A second text with the same room,
	// identity and key is not stored; done gets the first.
	Key string `json:"key"`
	// Identity is the client's lasting key. It is not stored, only a hash of it
	// and Key, and is empty in what is read.
	Identity string `json:"-"`
	// Source is whose share of the room's quota the text takes; empty: nobody's.
	// It is not stored, only a mark that many have, and is empty in what is read.
	Source string `json:"-"`
	// Participant and Name are who said it, at that time.
	Participant string    `json:"participant"`
	Name        string    `json:"name"`
	At          time.Time `json:"at"`
	Text        string    `json:"text"`
}

// Bounds of what is accepted, in bytes; ErrInvalid beyond.
const (
	MaxText     = 32 << 10
	MaxChatID   = 64
	MaxChatKey  = 128
	MaxIdentity = 256
	MaxSource   = 64
)

// chatValue is a ChatRecord as stored, after the hash of identity and key; the
// room is in the key.
type chatValue struct {
	// Source comes first, so that markIn finds it.
	Source      sourceMark `json:"src,omitempty"`
	ID          string     `json:"id,omitempty"` // empty: the key's number
	Key         string     `json:"key"`
	Participant string     `json:"participant"`
	Name        string     `json:"name"`
	At          int64      `json:"at"` // Unix milliseconds
	Text        string     `json:"text"`
}

// AppendChat stores a text. done gets it with its ID, or the one that was stored
// first under the same key. ErrRoomFull and ErrSourceFull are those of the quotas;
// ErrReadOnly: the text is not stored, and will not be.
func (s *Store) AppendChat(r ChatRecord, done func(ChatRecord, error)) error {
	for _, f := range []struct {
		what, value string
		least, most int
	}{
		{"room", r.Room, 1, MaxRoom},
		{"id", r.ID, 0, MaxChatID},
		{"key", r.Key, 1, MaxChatKey},
		{"identity", r.Identity, 0, MaxIdentity},
		{"source", r.Source, 0, MaxSource},
		{"participant", r.Participant, 0, MaxParticipant},
		{"name", r.Name, 0, MaxName},
		{"text", r.Text, 1, MaxText},
	} {
		if err := check(f.what, f.value, f.least, f.most); err != nil {
			return err
		}
	}
	hash := keyHash(r.Identity, r.Key)
	mark := markOf(r.Room, r.Source)
	r.At, r.Identity, r.Source = moment(r.At), "", ""
	value, err := json.Marshal(chatValue{
		Source: mark, ID: r.ID, Key: r.Key, Participant: r.Participant, Name: r.Name,
		At: r.At.UnixMilli(), Text: r.Text,
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	stored := make([]byte, 0, len(hash)+len(value)+sealSize)
	text := &chatOp{done: done, record: r, hash: hash, value: append(append(stored, hash[:]...), value...)}
	if err := s.failed(); err != nil && !s.mayBeSaid(text) {
		return err
	}
	return s.submit(text)
}

// decodeChat reads a stored text.
func decodeChat(room string, id chatID, data []byte) (ChatRecord, error) {
	var v chatValue
	if data == nil {
		return ChatRecord{}, ErrNotFound
	}
	data, err := unseal(join(roomKey(room), id.key()), data, asJSON)
	if err != nil {
		return ChatRecord{}, err
	}
	if err := json.Unmarshal(data[min(len(data), len(chatHash{})):], &v); err != nil {
		return ChatRecord{}, fmt.Errorf("%w: %w", ErrNotAStore, err)
	}
	if v.ID == "" {
		v.ID = id.String()
	}
	return ChatRecord{
		ID: v.ID, Room: room, Key: v.Key, Participant: v.Participant, Name: v.Name,
		At: moment(time.UnixMilli(v.At)), Text: v.Text,
	}, nil
}

// hashOf is the hash a stored text begins with.
func hashOf(value []byte) (hash chatHash) {
	copy(hash[:], value)
	return hash
}
