package client

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/HdrHistogram/hdrhistogram-go"

	"parley/bench/load"
	"parley/bench/netloop"
	"parley/engine/wire"
)

// ChatStats is what the clients of a shard have seen of the chat. Texts count in
// the window in which they were said, whenever they come.
type ChatStats struct {
	Sent      uint64
	Delivered uint64
	Repeated  uint64                  // deliveries of what the same client had before
	Astray    uint64                  // deliveries of what was said in another room
	Bytes     uint64                  // of what was delivered
	Delay     *hdrhistogram.Histogram // sending to delivery, microseconds
	from      int64                   // when the window begins
}

func newChatStats() ChatStats { return ChatStats{Delay: load.NewDelays()} }

// chatAhead is how long before a window all shards know of it, in nanoseconds:
// what is said in it counts with everybody, or with nobody.
const chatAhead = 100_000_000

// reset begins a window at from.
func (s *ChatStats) reset(from int64) {
	*s = newChatStats()
	s.from = from
}

// add adds what another shard has seen.
func (s *ChatStats) add(o *ChatStats) {
	s.Sent += o.Sent
	s.Delivered += o.Delivered
	s.Repeated += o.Repeated
	s.Astray += o.Astray
	s.Bytes += o.Bytes
	s.Delay.Merge(o.Delay)
}

// chatMark starts a text of ours: mark, run, time, room, end.
const chatMark = "parley-bench:"

// chatText makes a text that tells when it was sent and where, size bytes long
// at least. room must hold no colon.
func chatText(run uint32, at int64, room string, size int) string {
	text := fmt.Sprintf("%s%d:%d:%s:", chatMark, run, at, room)
	if fill := size - len(text); fill > 0 {
		text += string(bytes.Repeat([]byte{'x'}, fill))
	}
	return text
}

// parseText reads what chatText wrote somewhere in msg; false if it is not of
// this run.
func parseText(msg []byte, run uint32) (at int64, room []byte, ok bool) {
	_, text, _ := bytes.Cut(msg, []byte(chatMark))
	first, text, _ := bytes.Cut(text, []byte{':'})
	second, text, _ := bytes.Cut(text, []byte{':'})
	room, _, ok = bytes.Cut(text, []byte{':'})
	n, err := strconv.ParseUint(string(first), 10, 32)
	if !ok || err != nil || uint32(n) != run {
		return 0, nil, false
	}
	at, err = strconv.ParseInt(string(second), 10, 64)
	return at, room, err == nil
}

// heard is when the last texts were said that a client has got.
type heard struct {
	at   [16]int64
	next int
}

// again notes a text and reports whether it is among the last already.
func (h *heard) again(at int64) bool {
	if slices.Contains(h.at[:], at) {
		return true
	}
	h.at[h.next] = at
	h.next = (h.next + 1) % len(h.at)
	return false
}

// onChat takes msg if it is one of our texts delivered. It looks for the
// mark without decoding JSON: a listener of a big room gets many.
func (c *Client) onChat(msg []byte, now int64) bool {
	if !bytes.HasPrefix(msg, []byte(`{"type":"`+wire.TypeChatMessage+`"`)) || !bytes.Contains(msg, []byte(chatMark)) {
		return false
	}
	st := &c.shard.chat
	sent, room, ok := parseText(msg, c.shard.cfg.Run)
	switch {
	case !ok || sent < st.from: // of an earlier run or window
	case string(room) != c.spec.Room:
		st.Astray++
	case c.heard.again(sent):
		st.Repeated++
	default:
		st.Delivered++
		st.Bytes += uint64(len(msg))
		load.RecordSpan(st.Delay, sent, now)
	}
	return true
}

// say sends a text to c's room.
func (c *Client) say(size int) {
	now := netloop.Now()
	m := &wire.Chat{Key: strconv.FormatInt(now, 36), Text: chatText(c.shard.cfg.Run, now, c.spec.Room, size)}
	c.request(m, &m.Head, wire.TypeChat)
	if now >= c.shard.chat.from {
		c.shard.chat.Sent++
	}
}

// Talk makes the clients of a shard say something in turn, at rate texts a
// second all together, each of size bytes.
type Talk struct {
	shard  *Shard
	period int64
	size   int
	next   int64
	turn   []*Client
	timer  *netloop.Timer
}

// OnAlarm lets the next client speak.
func (t *Talk) OnAlarm(now int64) {
	if t.shard.paused {
		return
	}
	if len(t.turn) == 0 {
		for c := range t.shard.clients {
			if !c.leaving {
				t.turn = append(t.turn, c)
			}
		}
	}
	if n := len(t.turn); n > 0 {
		t.turn[n-1].say(t.size)
		t.turn = t.turn[:n-1]
	}
	t.next = max(t.next+t.period, now-10*t.period)
	t.shard.Loop.Arm(t.timer, t.next)
}
