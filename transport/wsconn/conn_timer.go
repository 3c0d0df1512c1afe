package wsconn

import (
	"time"

	"parley/transport/poll"
)

// controlWindow is the time over which control frames are counted.
const controlWindow = time.Second

// timing holds a connection's deadlines, 0 where there is none. They share
// the one timer of the FD, which is armed for the nearest or earlier. Guarded
// by Conn.mu.
type timing struct {
	armed poll.Instant // when the FD's timer fires
	ping  poll.Instant // next ping
	write poll.Instant // the peer must have taken something
	close poll.Instant // the connection must be gone
}

// armLocked makes the timer fire at at or before. Timers that became needless
// are left to fire: that is cheaper than moving them with every message.
func (c *Conn) armLocked(at poll.Instant) {
	if at == 0 || c.timer.armed != 0 && c.timer.armed <= at {
		return
	}
	c.timer.armed = at
	c.fd.SetTimer(at)
}

func (c *Conn) closeByLocked(at poll.Instant) {
	c.timer.close = at
	c.armLocked(at)
}

// expireLoop looks at all deadlines and arms the timer for the next.
func (c *Conn) expireLoop(now poll.Instant) {
	if c.in.due != 0 && now >= c.in.due {
		err := violation(statusPolicy, "message took too long")
		err.cause = causeSlowRead
		c.violate(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer.armed = 0
	switch {
	case c.end.phase == phaseDead:
		return
	case c.timer.close != 0 && now >= c.timer.close:
		c.abortLocked(c.end.err)
		return
	case c.timer.write != 0 && now >= c.timer.write:
		c.checkProgressLocked(now)
	}
	if c.end.phase == phaseOpen && now >= c.timer.ping {
		c.keepAliveLocked(now)
	}
	for _, at := range [...]poll.Instant{c.in.due, c.timer.write, c.timer.close} {
		c.armLocked(at)
	}
	if c.end.phase == phaseOpen {
		c.armLocked(c.timer.ping)
	}
}

// checkProgressLocked cuts a peer that takes too little.
func (c *Conn) checkProgressLocked(now poll.Instant) {
	if c.out.progress < writeProgress {
		c.abortLocked(ErrSlowConsumer)
		return
	}
	c.out.progress = 0
	c.timer.write = now.After(c.server.limits.WriteTime)
}

// keepAliveLocked sends the next ping, or gives the peer up.
func (c *Conn) keepAliveLocked(now poll.Instant) {
	if c.in.missed >= c.server.limits.Pings {
		c.abortLocked(ErrPingTimeout)
		return
	}
	c.in.missed++
	c.pingLocked(now)
}
