package storage

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strconv"
)

// What a room keeps has a quota in bytes, so that who writes much does not fill
// the disk, and so has what a source adds to it, so that one does not use up what
// is there for all. Only texts that are still shown count: those that are too old,
// or beyond the limit in number, have given their bytes back.
//
// The sums are kept with the index of a room, in memory, and made from what is on
// disk when the room is indexed; so they survive a restart, and cost a pass over
// the room's texts, of which a quota bounds the bytes.

// sourceMark stands for a source in a stored text. It tells sources of a room
// apart, not who they are: thousands of addresses have the same one. Should two
// in a room have it, they share what one may have. 0 stands for none.
type sourceMark uint16

func markOf(room, source string) sourceMark {
	if source == "" {
		return 0
	}
	sum := sha256.Sum256(join(roomKey(room), []byte(source)))
	return sourceMark(max(1, binary.BigEndian.Uint16(sum[:])))
}

// markPrefix is how the JSON of a text with a source begins.
var markPrefix = []byte(`{"src":`)

// markIn reads the mark of a stored text without decoding the rest; 0 if it has
// none, as those of earlier versions.
func markIn(value []byte) sourceMark {
	rest, ok := bytes.CutPrefix(value[min(len(value), len(chatHash{})):], markPrefix)
	if !ok {
		return 0
	}
	digits, _, _ := bytes.Cut(rest[:min(len(rest), 6)], []byte(","))
	n, err := strconv.ParseUint(string(digits), 10, 16)
	if err != nil {
		return 0
	}
	return sourceMark(n)
}

// chatQuota bounds the bytes of a room's texts.
type chatQuota struct{ room, source int64 }

func (o *Options) quota() chatQuota {
	q := chatQuota{o.ChatBytes, o.ChatShare}
	if q.room < 0 {
		q.room = math.MaxInt64
	}
	if q.source < 0 {
		q.source = math.MaxInt64
	}
	return q
}

// check returns the error for a text for which there is no room, nil if there is.
func (q chatQuota) check(t chatText, room, source int64) error {
	switch {
	case t.source != 0 && source+int64(t.size) > q.source:
		return ErrSourceFull
	case room+int64(t.size) > q.room:
		return ErrRoomFull
	}
	return nil
}

// used returns how many bytes an indexed room's texts that are still shown have,
// and those of a source.
func (x *chatIndex) used(room string, from sourceMark, keep retention) (all, source int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.rooms[room]
	if r == nil {
		return 0, 0
	}
	all, source = r.bytes, r.bySource[from]
	for i, t := range r.texts {
		if t.id >= keep.oldest && i >= len(r.texts)-keep.limit {
			break
		}
		all -= int64(t.size)
		if t.source == from {
			source -= int64(t.size)
		}
	}
	return all, source
}

// countText adds a text to the sums, sign -1 takes it away.
func (r *roomChat) countText(t chatText, sign int64) {
	r.bytes += sign * int64(t.size)
	if t.source == 0 {
		return
	}
	r.bySource[t.source] += sign * int64(t.size)
	if r.bySource[t.source] == 0 {
		delete(r.bySource, t.source)
	}
}
