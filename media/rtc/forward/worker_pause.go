package forward

import (
	"time"

	"parley/media"
)

// Sound comes one packet at a time, and each pays for waking the worker up.
// Where much of it arrives, the worker sleeps for pauseTime before it looks
// again, so that packets close together share a wake-up. The system's timer
// adds about 60 µs; a packet waits for 0.2 ms on average and never 0.5.
const (
	pauseTime = 300 * time.Microsecond
	// pauseRate is how many packets a second have to come, more than one a
	// pause: with fewer, most pauses would bring one packet, and cost it time
	// for nothing. A server with a few rooms forwards at once, up to twenty of
	// four whose voices all sound.
	pauseRate = 4000
	// pauseMost is up to how many packets at once are few. With more, the load
	// makes batches by itself.
	pauseMost = 16
	// pauseBytes is how long packets are on average where most are sound. The
	// packets of a picture share a wake-up anyway, and are so much work for all
	// who watch that one more counts little: parley bench meet --rooms 3
	// --bitrate 4Mbps --fps 120 took 3.1 µs a packet without pauses and 3.8
	// with.
	pauseBytes = 300
	// paceMemory is over what time packets are counted.
	paceMemory = 50 * time.Millisecond
)

// pace is how packets arrive at a worker.
type pace struct {
	last media.Instant // of the last batch
	size int           // packets in it
	// Packets and bytes a second, older ones counting less.
	rate, bytes float64
}

// note counts a batch of n packets with so many bytes in all; none when the
// worker was woken for something else.
func (p *pace) note(now media.Instant, n, bytes int) {
	kept := 1 - min(1, now.Sub(p.last).Seconds()/paceMemory.Seconds())
	p.rate = p.rate*kept + float64(n)/paceMemory.Seconds()
	p.bytes = p.bytes*kept + float64(bytes)/paceMemory.Seconds()
	p.last, p.size = now, n
}

// worthPause reports whether the next packets may share a wake-up. Only after
// packets came: a worker with nothing to do waits for the next one itself.
func (p *pace) worthPause() bool {
	return p.size > 0 && p.size <= pauseMost && p.rate >= pauseRate && p.bytes <= p.rate*pauseBytes
}

// pauseLoop lets packets gather.
func (w *worker) pauseLoop() {
	if w.loop.pace.worthPause() {
		w.sock.Pause(pauseTime)
	}
}
