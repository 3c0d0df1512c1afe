package netem

import (
	"container/heap"
	"sync"
	"time"
)

// delivery is a datagram on its way.
type delivery struct {
	at   time.Time
	n    uint64 // order of sending, for equal times
	send func([]byte)
	data []byte
}

// delayQueue delivers datagrams at their times, on one goroutine.
type delayQueue struct {
	// mu guards heap, n and closed.
	mu     sync.Mutex
	heap   deliveries
	n      uint64
	closed bool
	wake   chan struct{}
	done   chan struct{}
}

// maxOnTheWay bounds the memory of a direction, 24 MiB at worst.
const maxOnTheWay = 16384

func newDelayQueue() *delayQueue {
	q := &delayQueue{wake: make(chan struct{}, 1), done: make(chan struct{})}
	go q.run()
	return q
}

// add queues a datagram; send is called on the queue's goroutine. It reports
// false if there are too many.
func (q *delayQueue) add(at time.Time, data []byte, send func([]byte)) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.heap) >= maxOnTheWay {
		return false
	}
	q.n++
	heap.Push(&q.heap, delivery{at: at, n: q.n, send: send, data: data})
	if q.heap[0].n == q.n {
		q.signal()
	}
	return true
}

func (q *delayQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// next takes the first datagram if its time has come; else it says how long
// that will be, -1 for never.
func (q *delayQueue) next() (d delivery, wait time.Duration, ok, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return d, 0, false, true
	}
	if len(q.heap) == 0 {
		return d, -1, false, false
	}
	if wait = time.Until(q.heap[0].at); wait > 0 {
		return d, wait, false, false
	}
	return heap.Pop(&q.heap).(delivery), 0, true, false
}

func (q *delayQueue) run() {
	defer close(q.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		d, wait, ok, closed := q.next()
		switch {
		case closed:
			return
		case ok:
			d.send(d.data)
		case wait < 0:
			<-q.wake
		default:
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-q.wake:
			}
		}
	}
}

// close drops what is on its way and ends the goroutine.
func (q *delayQueue) close() {
	q.mu.Lock()
	q.closed, q.heap = true, nil
	q.mu.Unlock()
	q.signal()
	<-q.done
}

// deliveries is a heap by time.
type deliveries []delivery

func (d deliveries) Len() int { return len(d) }
func (d deliveries) Less(i, j int) bool {
	if d[i].at.Equal(d[j].at) {
		return d[i].n < d[j].n
	}
	return d[i].at.Before(d[j].at)
}
func (d deliveries) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *deliveries) Push(x any)   { *d = append(*d, x.(delivery)) }
func (d *deliveries) Pop() any {
	old := *d
	last := old[len(old)-1]
	old[len(old)-1] = delivery{}
	*d = old[:len(old)-1]
	return last
}
