package storage

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// meetingKey is the 16 bytes of a meeting's id.
func meetingKey(id string) ([]byte, error) {
	if len(id) != 36 {
		return nil, fmt.Errorf("%w: meeting id %.40q", ErrInvalid, id)
	}
	u, err := uuid.Parse(id)
	if err != nil {
		return nil, fmt.Errorf("%w: meeting id %q", ErrInvalid, id)
	}
	return u[:], nil
}

// idOf is the reverse of meetingKey.
func idOf(key []byte) string {
	u, err := uuid.FromBytes(key)
	if err != nil {
		return ""
	}
	return u.String()
}

// roomKey is a room's name as a prefix: no name is a prefix of another's.
func roomKey(room string) []byte {
	key := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(room)+16), uint16(len(room)))
	return append(key, room...)
}

// roomOf splits a key that begins with a room.
func roomOf(key []byte) (room string, rest []byte, ok bool) {
	if len(key) < 2 {
		return "", nil, false
	}
	n := int(binary.BigEndian.Uint16(key))
	if len(key) < 2+n {
		return "", nil, false
	}
	return string(key[2 : 2+n]), key[2+n:], true
}

// join makes one new key out of parts.
func join(parts ...[]byte) []byte {
	var key []byte
	for _, p := range parts {
		key = append(key, p...)
	}
	return key
}

// chatID numbers the texts of all rooms in the order they were stored. The upper
// 48 bits are Unix milliseconds, so it also tells the age; the lower 16 count, and
// run over into the time if need be.
type chatID uint64

func newChatID(last chatID, now time.Time) chatID {
	return max(last+1, chatID(max(now.UnixMilli(), 0))<<16)
}

// time is when the text was stored, to the millisecond.
func (id chatID) time() time.Time { return time.UnixMilli(int64(id >> 16)) }

// String is 16 hexadecimal digits: it sorts like the number.
func (id chatID) String() string { return fmt.Sprintf("%016x", uint64(id)) }

func (id chatID) key() []byte { return binary.BigEndian.AppendUint64(nil, uint64(id)) }

// uint64Of reads a big-endian number, with or without its checksum; 0 if there is
// none.
func uint64Of(b []byte) uint64 {
	if len(b) != 8 && len(b) != 8+sealSize {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// keyHash stands for a client's identity and key. The length keeps pairs apart
// that would run together.
func keyHash(identity, key string) chatHash {
	data := make([]byte, 0, 8+MaxIdentity+MaxChatKey) // on the stack
	data = binary.BigEndian.AppendUint64(data, uint64(len(identity)))
	data = append(append(data, identity...), key...)
	sum := sha256.Sum256(data)
	return chatHash(sum[:16])
}
