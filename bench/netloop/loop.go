package netloop

import (
	"context"
	"sync"
	"time"
)

// base is the zero of Now.
var base = time.Now()

// Now is nanoseconds on the monotonic clock since the process began.
func Now() int64 { return int64(time.Since(base)) }

// PacketHandler takes the datagrams of one UDP socket. pkt is valid only
// during the call and may be changed. at is when the kernel got the datagram,
// or, where it does not say, when it handed over the batch it came in.
type PacketHandler interface{ OnPacket(pkt []byte, at int64) }

// TextHandler takes the messages of one WebSocket. msg is valid only during
// the call. OnClosed is called once, unless the loop itself closed the socket.
type TextHandler interface {
	OnText(msg []byte, now int64)
	OnClosed(err error)
}

// Command is something to be done on a loop's goroutine.
type Command interface{ Do(l *Loop) }

// Counters says what a loop has done since it began.
type Counters struct {
	Receives uint64 // recvmmsg calls that returned something
	Runs     uint64 // datagrams or GRO runs
	Packets  uint64 // datagrams after GRO runs were cut
	Unsent   uint64 // datagrams the kernel did not take
}

// Loop owns sockets and timers. Create it with New, then Run it.
type Loop struct {
	Counters Counters

	poll   *poller
	timers timerHeap

	mu     sync.Mutex // guards inbox and closed
	inbox  []Command
	closed bool
	spare  []Command
}

// New makes a loop. It fails when the process is out of file descriptors.
func New() (*Loop, error) {
	p, err := newPoller()
	if err != nil {
		return nil, err
	}
	return &Loop{poll: p}, nil
}

// Post has cmd done soon on the loop's goroutine, in order of posting. It
// reports false when the loop has ended.
func (l *Loop) Post(cmd Command) bool {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false
	}
	l.inbox = append(l.inbox, cmd)
	first := len(l.inbox) == 1
	l.mu.Unlock()
	if first {
		l.poll.wake()
	}
	return true
}

// maxWait bounds how long a loop sleeps, so that it sees ctx end.
const maxWait = 50 * time.Millisecond

// Run works until ctx ends, then closes all sockets.
func (l *Loop) Run(ctx context.Context) error {
	defer l.finish()
	for ctx.Err() == nil {
		wait := int64(maxWait)
		if due, ok := l.timers.next(); ok {
			wait = min(wait, max(due-Now(), 0))
		}
		if err := l.poll.wait(l, wait); err != nil {
			return err
		}
		l.runTimers()
		l.runCommands()
	}
	return nil
}

func (l *Loop) finish() {
	l.mu.Lock()
	l.closed = true
	l.inbox = nil
	l.mu.Unlock()
	l.poll.close()
}

// runTimers runs what is due, no more alarms than timers were set when it began: one
// that is late, and is set to a time that has passed again and again, must neither
// keep packets and commands waiting for ever nor the end of the loop.
func (l *Loop) runTimers() {
	for range l.timers.Len() {
		due, ok := l.timers.next()
		now := Now()
		if !ok || due > now {
			return
		}
		l.timers.pop().alarm.OnAlarm(now)
	}
}

func (l *Loop) runCommands() {
	l.mu.Lock()
	batch := l.inbox
	l.inbox, l.spare = l.spare[:0], nil
	l.mu.Unlock()
	for i, cmd := range batch {
		batch[i] = nil
		cmd.Do(l)
	}
	l.spare = batch[:0]
}
