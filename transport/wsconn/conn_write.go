package wsconn

import (
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"parley/transport/poll"
)

// output is what waits to be sent. Guarded by Conn.mu.
type output struct {
	queue queue
	// blocked: the socket was full; the loop goes on when it is Writable.
	// Until then everything is queued.
	blocked bool
	// progress counts bytes taken by the socket since writeDue was set.
	progress int
}

// batch is the largest number of buffers given to one writev.
const batch = 64

var batches = sync.Pool{New: func() any { return new([batch][]byte) }}

// putLocked writes b or queues it. It reports false when that ended the
// connection.
func (c *Conn) putLocked(b []byte) bool {
	if !c.out.blocked {
		n, err := c.writeLocked(b)
		if err == nil {
			return true
		}
		if !errors.Is(err, poll.ErrAgain) {
			c.abortLocked(err)
			return false
		}
		b = b[n:]
		c.blockLocked()
	} else if c.out.queue.bytes+len(b) > c.server.limits.Queue {
		c.abortLocked(ErrSlowConsumer)
		return false
	}
	c.out.queue.push(b)
	c.server.stats.queued.Add(int64(len(b)))
	return true
}

// writeLocked gives b to the socket, or to TLS and then to the socket.
func (c *Conn) writeLocked(b []byte) (int, error) {
	if c.tls != nil {
		return c.tls.write(b)
	}
	return c.fd.Write(b)
}

// blockLocked asks to be told when the socket takes more.
func (c *Conn) blockLocked() {
	c.out.blocked = true
	c.out.progress = 0
	c.timer.write = poll.Now().After(c.server.limits.WriteTime)
	c.armLocked(c.timer.write)
	c.fd.WantWrite(true)
}

// flushLocked sends what is queued as far as the socket takes it.
func (c *Conn) flushLocked() {
	for c.out.blocked && c.end.phase != phaseDead {
		n, err := c.writeFrontLocked()
		c.out.progress += n
		c.out.queue.drop(n)
		c.server.stats.queued.Add(-int64(n))
		switch {
		case errors.Is(err, poll.ErrAgain):
			return
		case err != nil:
			c.abortLocked(err)
		case c.out.queue.empty():
			c.out.blocked = false
			c.timer.write = 0
			c.fd.WantWrite(false)
		}
	}
}

// writeFrontLocked sends the oldest entries of the queue: with TLS one,
// otherwise up to batch.
func (c *Conn) writeFrontLocked() (int, error) {
	if c.tls != nil {
		var one [1][]byte
		front := c.out.queue.front(one[:0])
		if len(front) == 0 {
			return c.tls.write(nil) // sealed bytes only
		}
		return c.tls.write(front[0])
	}
	space := batches.Get().(*[batch][]byte)
	defer func() {
		clear(space[:])
		batches.Put(space)
	}()
	front := c.out.queue.front(space[:0])
	if len(front) == 1 {
		return c.fd.Write(front[0])
	}
	return c.fd.Writev(front)
}

// dropOutputLocked forgets everything that waits.
func (c *Conn) dropOutputLocked() {
	c.server.stats.queued.Add(-int64(c.out.queue.bytes))
	c.out.queue = queue{}
}

func (c *Conn) pingLocked(now poll.Instant) {
	c.timer.ping = now.After(c.server.limits.PingEvery)
	c.armLocked(c.timer.ping)
	c.putLocked(ws.CompiledPing)
}

// pongBacklog is how many bytes may wait before pings get no answer.
const pongBacklog = 4 << 10

// pong answers a ping with its payload. A peer that does not read gets no
// pongs: only the latest would matter (RFC 6455 §5.5.3), and it did not take
// the earlier ones.
func (c *Conn) pong(payload []byte) {
	frame := make([]byte, 2, 2+len(payload))
	frame[0], frame[1] = 0x80|byte(ws.OpPong), byte(len(payload))
	frame = append(frame, payload...)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end.phase == phaseOpen && c.out.queue.bytes < pongBacklog {
		c.putLocked(frame)
	}
}

// closeFrame makes a close frame; status 0 makes an empty one.
func closeFrame(status int, reason string) []byte {
	if status == 0 {
		return ws.CompiledClose
	}
	const most = ws.MaxControlFramePayloadSize - 2
	if len(reason) > most {
		reason = reason[:most]
		for !utf8.ValidString(reason) && len(reason) > most-utf8.UTFMax {
			reason = reason[:len(reason)-1]
		}
	}
	reason = strings.ToValidUTF8(reason, "?")
	frame := []byte{0x80 | byte(ws.OpClose), byte(2 + len(reason))}
	frame = binary.BigEndian.AppendUint16(frame, uint16(status))
	return append(frame, reason...)
}
