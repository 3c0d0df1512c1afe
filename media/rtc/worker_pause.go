package rtc

import (
	"time"

	"parley/media"
)

// Sound comes one packet at a time, and each pays for waking the worker up.
// Where many arrive, the worker sleeps for pauseTime before it looks again, so
// that those close together share a wake-up. The system's timer adds about
// 60 µs; a packet waits for 0.2 ms on average and never 0.5.
const (
	pauseTime = 300 * time.Microsecond
	// pauseRate is how many packets a second have to come: with fewer, most
	// pauses would bring one packet, and cost it time for nothing.
	pauseRate = 2500
	// pauseMost is up to how many packets, in and out, a batch is so little
	// work that waking up for it counts: a wake-up costs as much as four or
	// five. Beyond, waiting saves nothing and only delays.
	pauseMost = 48
	// paceMemory is over what time packets are counted.
	paceMemory = 50 * time.Millisecond
)

// pace is how packets arrive at a worker.
type pace struct {
	last media.Instant // of the last batch
	size int           // packets in it
	sent int           // packets that were forwarded for it
	rate float64       // packets a second, older ones counting less
}

// note counts a batch of n packets; none when the worker was woken for
// something else.
func (p *pace) note(now media.Instant, n int) {
	p.rate -= p.rate * min(1, now.Sub(p.last).Seconds()/paceMemory.Seconds())
	p.rate += float64(n) / paceMemory.Seconds()
	p.last, p.size, p.sent = now, n, 0
}

// worthPause reports whether the next packets may share a wake-up. Only after
// packets came: a worker with nothing to do waits for the next one itself.
func (p *pace) worthPause() bool {
	return p.size > 0 && p.size+p.sent <= pauseMost && p.rate >= pauseRate
}

// pauseLoop lets packets gather.
func (w *worker) pauseLoop() {
	if w.loop.pace.worthPause() {
		w.sock.Pause(pauseTime)
	}
}
