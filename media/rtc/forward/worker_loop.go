package forward

import (
	"errors"
	"net"
	"runtime/debug"
	"time"

	"parley/media/rtc/path"
	"parley/media/udp"
)

// tickEvery is the pace of everything that is not a packet: reports, feedback,
// layer choice. A worker without active tracks does not tick. What is missing
// is asked for sooner, see tickSoon: with a tick every 20 ms at all times, more
// wake-ups of a calm worker were ticks than pictures (parley bench audience
// --watchers 50 took 5.2 µs a packet in place of 4.8, alternating).
const (
	tickEvery   = 40 * time.Millisecond
	tickMissing = 20 * time.Millisecond
)

// runLoop is the worker's goroutine. It ends when its socket is closed, and
// for no other reason: without it a share of all participants would be cut off.
func (w *worker) runLoop() {
	defer close(w.done)
	failures := 0
	for {
		w.armLoop()
		w.pauseLoop()
		switch err := w.recv(w.loop.in); {
		case err == nil:
			failures = 0
		case errors.Is(err, net.ErrClosed):
			return
		default:
			w.receiveFailed(err, failures)
			failures++
		}
		w.epoch.Add(1)
		w.handleLoop()
		w.epoch.Add(1)
	}
}

// receiveFailed waits before the next attempt, so that an error that stays
// takes no processor from those that still work. Commands and ticks go on.
func (w *worker) receiveFailed(err error, before int) {
	w.count.drop(dropReceive)
	if before == 0 {
		w.group.config.Log.Error("receiving failed", "error", err)
	}
	wait := time.NewTimer(min(10*time.Millisecond<<min(before, 10), time.Second))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-w.group.stop:
	}
}

// armLoop sets when the next Recv returns at the latest. The queue is looked
// at after the deadline is set: a post that comes later wakes the Recv, one
// that came before is seen here.
func (w *worker) armLoop() {
	l := &w.loop
	deadline := time.Time{}
	if l.nextTick != 0 {
		deadline = w.group.clock.time(l.nextTick)
	}
	if l.armed != l.nextTick || l.woken {
		_ = w.sock.SetDeadline(deadline)
		l.armed, l.woken = l.nextTick, false
	}
	if len(w.commands) > 0 {
		_ = w.sock.SetDeadline(time.Unix(1, 0))
		l.woken = true
	}
}

// handleLoop handles one batch, the commands that wait and the tick if due,
// then sends all that came of it. A panic loses the batch and the party
// whose packet it was, nothing else.
func (w *worker) handleLoop() {
	defer w.recoverLoop()
	l := &w.loop
	l.now = w.group.clock.now()
	l.sendTime = l.now.AbsSendTime()
	l.path.Begin(l.now)
	n := l.in.Len()
	bytes := 0
	if n == 0 {
		l.woken = true // the deadline has passed or Wake was called
	} else {
		w.count.batches.Add(1)
		bytes = w.packetsLoop(n)
	}
	l.pace.note(l.now, n, bytes)
	for range len(w.commands) {
		w.commandLoop(<-w.commands)
	}
	if l.nextTick != 0 && l.now >= l.nextTick {
		w.tickLoop()
	}
	w.flushLoop()
	l.current = nil
}

func (w *worker) recoverLoop() {
	r := recover()
	if r == nil {
		return
	}
	w.count.drop(dropPanic)
	w.group.config.Log.Error("packet handling panicked", "panic", r, "stack", string(debug.Stack()))
	l := &w.loop
	l.run.reset()
	l.abreast = abreast{}
	for _, b := range l.out {
		if b != nil { // what waits in it may point into the receive arena
			w.count.dropN(dropPanic, b.Discard())
		}
	}
	if b := l.links.batch; b != nil {
		w.count.dropN(dropPanic, b.Discard())
	}
	if of := l.current; of != nil {
		l.current = nil
		w.group.onControl(of, func() { of.fail(ErrPanicked) })
	}
}

// packetsLoop takes the packets of a batch and returns how many bytes they have.
func (w *worker) packetsLoop(n int) (bytes int) {
	l := &w.loop
	for i := range n {
		pkt := l.in.Packet(i)
		bytes += len(pkt)
		w.packetLoop(pkt, l.in.Addr(i), nil)
	}
	w.count.packetsIn.Add(uint64(n))
	w.count.bytesIn.Add(uint64(bytes))
	w.forwardLoop()
	l.current = nil
	return bytes
}

// packetLoop sorts a packet by its first byte (RFC 7983 §7). It came by a link,
// nil for the socket.
func (w *worker) packetLoop(pkt []byte, from *udp.Addr, via *path.Link) {
	if len(pkt) < 12 {
		w.count.drop(dropMalformed)
		return
	}
	switch b := pkt[0]; {
	case b >= 128 && b <= 191:
		w.mediaLoop(pkt, from)
	case b <= 3:
		w.loop.path.STUN(pkt, from, via)
	case b >= 20 && b <= 63:
		w.loop.path.DTLS(pkt, from)
	default:
		w.count.drop(dropMalformed)
	}
}

// flushLoop sends what the batch made and adds up.
func (w *worker) flushLoop() {
	l := &w.loop
	for i, b := range l.out {
		if b != nil {
			b.Flush()
			w.publishLoop(b.Stats(), &l.sent[i])
		}
	}
	if b := l.links.batch; b != nil {
		b.Flush()
		w.publishLoop(b.Stats(), &l.links.sent)
	}
}

// publishLoop adds to the counters what changed since the last time.
func (w *worker) publishLoop(now udp.SendStats, last *udp.SendStats) {
	if now == *last {
		return
	}
	c := &w.count
	c.packetsOut.Add(now.Packets - last.Packets)
	c.bytesOut.Add(now.Bytes - last.Bytes)
	c.runs.Add(now.Runs - last.Runs)
	c.runPackets.Add(now.RunPackets - last.RunPackets)
	c.sendCalls.Add(now.Calls - last.Calls)
	c.dropN(dropSendFull, int(now.Full-last.Full))
	c.dropN(dropRefused, int(now.Refused-last.Refused))
	*last = now
}

// activate makes the tick look after p, which w owns.
func (w *worker) activate(p *publisher) {
	if p.rx.active {
		return
	}
	p.rx.active = true
	l := &w.loop
	l.active = append(l.active, p)
	if l.nextTick == 0 {
		l.nextTick = l.now.Add(tickEvery)
		w.ticking.Store(true)
	}
}

// tickSoon is for what should not wait for the next tick: something is missing.
func (w *worker) tickSoon() {
	l := &w.loop
	l.nextTick = min(l.nextTick, l.now.Add(tickMissing))
}
