package client

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/HdrHistogram/hdrhistogram-go"

	"parley/bench/load"
	"parley/bench/netloop"
	"parley/engine/wire"
)

// ChatStats is what the clients of a shard have seen of the chat.
type ChatStats struct {
	Sent      uint64
	Delivered uint64
	Bytes     uint64                  // of what was delivered
	Delay     *hdrhistogram.Histogram // sending to delivery, microseconds
	from      int64                   // when the window began
}

func newChatStats() ChatStats { return ChatStats{Delay: load.NewDelays()} }

// reset begins a window at now.
func (s *ChatStats) reset(now int64) {
	*s = newChatStats()
	s.from = now
}

// chatMark starts a text of ours: mark, run, time, end.
const chatMark = "parley-bench:"

// chatText makes a text that tells when it was sent, size bytes long at
// least.
func chatText(run uint32, at int64, size int) string {
	text := fmt.Sprintf("%s%d:%d:", chatMark, run, at)
	if fill := size - len(text); fill > 0 {
		text += string(bytes.Repeat([]byte{'x'}, fill))
	}
	return text
}

// onChat takes msg if it is one of our texts delivered. It looks for the
// mark without decoding JSON: a listener of a big room gets many.
func (s *Shard) onChat(msg []byte, now int64) bool {
	at := bytes.Index(msg, []byte(chatMark))
	if at < 0 || !bytes.HasPrefix(msg, []byte(`{"type":"`+wire.TypeChatMessage+`"`)) {
		return false
	}
	run, rest, _ := bytes.Cut(msg[at+len(chatMark):], []byte{':'})
	when, _, _ := bytes.Cut(rest, []byte{':'})
	n, err := strconv.ParseUint(string(run), 10, 32)
	if err != nil || uint32(n) != s.cfg.Run {
		return true // of an earlier run
	}
	sent, err := strconv.ParseInt(string(when), 10, 64)
	if err != nil {
		return true
	}
	if sent < s.chat.from {
		return true // said before this window
	}
	s.chat.Delivered++
	s.chat.Bytes += uint64(len(msg))
	load.RecordSpan(s.chat.Delay, sent, now)
	return true
}

// say sends a text to c's room.
func (c *Client) say(size int) {
	now := netloop.Now()
	m := &wire.Chat{Key: strconv.FormatInt(now, 36), Text: chatText(c.shard.cfg.Run, now, size)}
	c.request(m, &m.Head, wire.TypeChat)
	c.shard.chat.Sent++
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
