package poll

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// New starts a Poller: epoll loops, or goroutines if asked for.
func New(o Options) (Poller, error) {
	o = o.withDefaults()
	if o.Portable {
		return newGoPoller(o), nil
	}
	p := &epollPoller{}
	for range o.Loops {
		l, err := newLoop(o)
		if err != nil {
			_ = p.Close() // the error that counts is err
			return nil, err
		}
		p.loops = append(p.loops, l)
		go l.run()
	}
	return p, nil
}

// epollPoller spreads connections over loops in turn.
type epollPoller struct {
	loops []*loop
	turn  atomic.Uint32
}

func (p *epollPoller) Add(conn net.Conn) (FD, error) {
	defer conn.Close()
	fd, err := descriptor(conn, duplicate)
	if err != nil {
		return nil, err
	}
	d, err := p.assign(&epollFD{fd: int32(fd)})
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return d, nil
}

func (p *epollPoller) Lend(conn net.Conn) (Lent, error) {
	fd, err := descriptor(conn, func(own uintptr) (int, error) { return int(own), nil })
	if err != nil {
		return nil, err
	}
	d, err := p.assign(&epollFD{fd: int32(fd), lent: true})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// assign gives d the loop whose turn it is.
func (p *epollPoller) assign(d *epollFD) (*epollFD, error) {
	d.loop = p.loops[int(p.turn.Add(1)%uint32(len(p.loops)))]
	d.timer.owner = d
	if !d.loop.register(d) {
		return nil, ErrClosed
	}
	return d, nil
}

// descriptor returns what take makes of the number of conn's descriptor.
func descriptor(conn net.Conn, take func(own uintptr) (int, error)) (fd int, err error) {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return 0, fmt.Errorf("poll: %T has no descriptor", conn)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0, err
	}
	var taken error
	err = raw.Control(func(own uintptr) { fd, taken = take(own) })
	if err == nil {
		err = taken
	}
	if err != nil {
		return 0, fmt.Errorf("poll: take descriptor: %w", err)
	}
	return fd, nil
}

// duplicate makes a second descriptor of a socket. Ours is unknown to the
// runtime's own poller, which would otherwise also wake up for it. O_NONBLOCK is
// a flag of the socket and stays set.
func duplicate(own uintptr) (int, error) { return unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 0) }

func (p *epollPoller) Close() error {
	for _, l := range p.loops {
		l.stop()
	}
	for _, l := range p.loops {
		<-l.done
	}
	return nil
}

// loop is one goroutine waiting on one epoll instance.
type loop struct {
	wait    *waiter
	wakefd  int // an eventfd, watched with generation 0
	scratch []byte
	log     *slog.Logger
	done    chan struct{}

	mu       sync.Mutex // guards all below
	table    []*epollFD // by descriptor number
	wheel    *wheel[epollFD]
	posted   []*epollFD // have synthetic events to deliver
	gen      int32
	sleeping bool    // between knowing when to wake up and waking up
	until    Instant // when sleeping ends by itself, 0: never
	waking   bool    // the eventfd was written and not yet read
	stopping bool
}

// batch is how many events a loop takes at once.
const batch = 256

func newLoop(o Options) (*loop, error) {
	wait, err := newWaiter(batch)
	if err != nil {
		return nil, err
	}
	wakefd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		wait.close()
		return nil, os.NewSyscallError("eventfd", err)
	}
	if err := wait.watch(wakefd); err != nil {
		_ = unix.Close(wakefd)
		wait.close()
		return nil, err
	}
	return &loop{
		wait:    wait,
		wakefd:  wakefd,
		scratch: make([]byte, o.Scratch),
		log:     o.Log,
		done:    make(chan struct{}),
		wheel:   newWheel[epollFD](Now()),
	}, nil
}

// run is the loop's goroutine.
func (l *loop) run() {
	defer close(l.done)
	var posted []*epollFD
	var due []*epollFD
	for {
		until, stop := l.prepareSleep()
		if stop {
			l.shutDown()
			return
		}
		events, err := l.wait.wait(until)
		if err != nil {
			panic(fmt.Sprintf("poll: %v", err)) // EBADF, EFAULT: our bug
		}
		l.wokeUp()
		for i := range events {
			l.deliver(&events[i])
		}
		posted = l.deliverPosted(posted[:0])
		due = l.deliverDue(due[:0])
	}
}

// prepareSleep returns when the sleep is to end by itself, 0: never. What was
// posted ends it at once.
func (l *loop) prepareSleep() (until Instant, stop bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopping {
		return 0, true
	}
	l.until = l.wheel.next()
	if len(l.posted) > 0 {
		l.until = Now()
	}
	l.sleeping = true
	return l.until, false
}

func (l *loop) wokeUp() {
	l.mu.Lock()
	l.sleeping = false
	l.mu.Unlock()
}

// deliver hands one epoll event to its handler.
func (l *loop) deliver(ev *unix.EpollEvent) {
	if ev.Pad == 0 {
		if int(ev.Fd) == l.wakefd {
			l.drainWake()
		}
		return // the timer needs no more than to have ended the wait
	}
	d := l.lookup(ev.Fd, ev.Pad)
	if d == nil {
		return // closed, and perhaps reused, since the wait returned
	}
	var what Events
	if ev.Events&(unix.EPOLLIN|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		what |= Readable
	}
	if ev.Events&(unix.EPOLLOUT|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		what |= Writable
	}
	l.tell(d, what)
}

func (l *loop) tell(d *epollFD, what Events) { tell(d.handler, d, l.log, what, l.scratch) }

func (l *loop) drainWake() {
	var buf [8]byte
	_, _ = unix.Read(l.wakefd, buf[:]) // EAGAIN: already drained
	l.mu.Lock()
	l.waking = false
	l.mu.Unlock()
}

func (l *loop) lookup(fd, gen int32) *epollFD {
	l.mu.Lock()
	defer l.mu.Unlock()
	if int(fd) >= len(l.table) {
		return nil
	}
	if d := l.table[fd]; d != nil && d.gen == gen {
		return d
	}
	return nil
}

// deliverPosted delivers synthetic events; buf is reused memory.
func (l *loop) deliverPosted(buf []*epollFD) []*epollFD {
	l.mu.Lock()
	buf, l.posted = l.posted, buf
	l.mu.Unlock()
	for i, d := range buf {
		l.mu.Lock()
		what, gone := d.post, l.table[d.fd] != d
		d.post = 0
		l.mu.Unlock()
		buf[i] = nil
		if !gone {
			l.tell(d, what)
		}
	}
	return buf
}

// deliverDue delivers expired timers; buf is reused memory.
func (l *loop) deliverDue(buf []*epollFD) []*epollFD {
	l.mu.Lock()
	buf = l.wheel.advance(Now(), buf)
	l.mu.Unlock()
	for i, d := range buf {
		buf[i] = nil
		if l.ready(d, Expired) {
			l.tell(d, Expired)
		}
	}
	return buf
}

// register gives d its place in the table. It reports false when the loop
// has stopped.
func (l *loop) register(d *epollFD) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopping {
		return false
	}
	if need := int(d.fd) + 1; need > len(l.table) {
		grown := make([]*epollFD, max(need, len(l.table)*2, 64))
		copy(grown, l.table)
		l.table = grown
	}
	if l.gen++; l.gen <= 0 {
		l.gen = 1 // 0 is what the loop itself has: eventfd, timer
	}
	d.gen = l.gen
	l.table[d.fd] = d
	return true
}

// forget takes d out of everything.
func (l *loop) forget(d *epollFD) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wheel.remove(&d.timer)
	if l.table[d.fd] == d {
		l.table[d.fd] = nil
	}
}

// setHandler makes d deliverable and returns the events that came before.
func (l *loop) setHandler(d *epollFD, h Handler) Events {
	l.mu.Lock()
	defer l.mu.Unlock()
	early := d.post
	d.handler, d.post = h, 0
	return early
}

// ready reports whether d can be told about what; before Start it is kept
// for later.
func (l *loop) ready(d *epollFD, what Events) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.table[d.fd] != d {
		return false
	}
	if d.handler == nil {
		d.post |= what
		return false
	}
	return true
}

// postEvent queues a synthetic event for d.
func (l *loop) postEvent(d *epollFD, what Events) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.table[d.fd] != d {
		return
	}
	if d.handler == nil {
		d.post |= what // Start will post it
		return
	}
	if d.post == 0 {
		l.posted = append(l.posted, d)
	}
	d.post |= what
	l.wakeLocked()
}

func (l *loop) setTimer(d *epollFD, at Instant) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.table[d.fd] != d {
		return
	}
	if at == 0 {
		l.wheel.remove(&d.timer)
		return
	}
	l.wheel.set(&d.timer, at)
	if l.sleeping && (l.until == 0 || at < l.until) {
		l.wakeLocked()
	}
}

// wakeLocked ends the wait. While the loop is awake nothing is
// needed: it looks at everything before it sleeps again.
func (l *loop) wakeLocked() {
	if !l.sleeping || l.waking {
		return
	}
	l.waking = true
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = unix.Write(l.wakefd, one[:]) // can only fail when already readable
}

func (l *loop) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopping = true
	l.wakeLocked()
}

// shutDown closes everything, on the loop's goroutine.
func (l *loop) shutDown() {
	l.mu.Lock()
	table := l.table
	l.table = make([]*epollFD, len(table))
	l.posted = nil
	l.mu.Unlock()
	for _, d := range table {
		if d != nil {
			_ = d.Close()
		}
	}
	_ = unix.Close(l.wakefd)
	l.wait.close()
}
