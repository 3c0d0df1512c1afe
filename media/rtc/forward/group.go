package forward

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/media"
	"parley/media/rtc/path"
	"parley/media/udp"
)

// Group is the workers of a server, and what they share. All its methods may be
// called from any goroutine but Listen and Start, which one at a time may call.
type Group struct {
	config     Config
	clock      clock
	sourceRate sourceRate
	paths      *path.Host
	stop       chan struct{}

	network   atomic.Pointer[network]
	handovers *handovers
	inside    inside
	links     atomic.Uint32 // that were ever attached
	fed       atomic.Uint64 // feeds that were opened, to spread them
	// drops are those that no worker counts.
	drops [dropCount]atomic.Uint64

	started int            // workers that run; who calls Start knows
	running sync.WaitGroup // the goroutine that passes streams on
}

// Config says how a group forwards, and what it needs from above.
type Config struct {
	// Log takes the group's few lines.
	Log *slog.Logger
	// SourceRate is the most that one source may send to its viewers, all
	// layers and repairs together; 0 means no limit.
	SourceRate media.BitsPerSecond
	// HandshakeTime is how long a peer may take from the first proof of an
	// address until it is connected.
	HandshakeTime time.Duration
	// OnControl has f run on a goroutine where it may take locks and wait. It does
	// not wait itself, and reports false if there is too much to do already.
	OnControl func(f func()) bool
}

// New makes a group without workers.
func New(c Config) (*Group, error) {
	g := &Group{
		config: c, clock: newClock(), sourceRate: newSourceRate(c.SourceRate),
		handovers: newHandovers(), stop: make(chan struct{}),
	}
	var err error
	if g.paths, err = path.NewHost(g.clock.now, c.HandshakeTime); err != nil {
		return nil, err
	}
	g.inside.init()
	g.network.Store(&network{})
	return g, nil
}

// Now is the time that everything in the group goes by. It never steps back.
func (g *Group) Now() media.Instant { return g.clock.now() }

// Paths is what the ways to all peers share.
func (g *Group) Paths() *path.Host { return g.paths }

// onControl has f run by control. A panic ends whom it is about.
func (g *Group) onControl(of party, f func()) {
	queued := g.config.OnControl(func() {
		defer g.Contain("control", of.fail)
		f()
	})
	if !queued {
		g.drops[dropCommand].Add(1)
	}
}

// network is the workers there are. It is immutable: those of another address are
// added by another one in its place, so that whoever has loaded it may go on without
// a lock.
type network struct {
	workers []*worker // all
	// locals are the workers by local address, each at its index.
	locals [][]*worker
}

// workers are those there are at present: more may come, none goes.
func (g *Group) workers() []*worker { return g.network.Load().workers }

// Workers is how many there are at present.
func (g *Group) Workers() int { return len(g.workers()) }

// Listen adds a worker for each socket of one more address. They are published, and
// run from the next Start on. The sockets belong to the group from now on.
func (g *Group) Listen(sockets []*udp.Socket) {
	n := g.network.Load()
	more := make([]*worker, len(sockets))
	for i, sock := range sockets {
		more[i] = newWorker(g, sock, len(n.locals), i)
	}
	g.network.Store(&network{
		workers: append(slices.Clone(n.workers), more...),
		locals:  append(slices.Clone(n.locals), more),
	})
}

// Start starts the workers that do not run yet and, with the first, the goroutine
// that passes streams on. They are published already: quiesce must not miss one
// that holds a table.
func (g *Group) Start() {
	all := g.workers()
	if g.started == 0 {
		g.running.Go(g.runHandovers)
	}
	for _, w := range all[g.started:] {
		go w.runLoop()
	}
	g.started = len(all)
}

// Close ends all feeds and taps, and the workers. It returns when every goroutine
// has ended; nobody may call Listen or Start any more.
func (g *Group) Close() {
	g.inside.close()
	close(g.stop)
	for _, w := range g.workers() {
		_ = w.sock.Close()
	}
	for _, w := range g.workers()[:g.started] {
		<-w.done
	}
	g.running.Wait()
}

// LookAfterFeeds judges the pictures of feeds, as Control.LookAfter does. Control
// calls it once a second.
func (g *Group) LookAfterFeeds() {
	now := g.clock.now()
	feeds, _ := g.inside.all()
	for _, f := range feeds {
		f.lookAfter(now)
	}
}

// Sweep has all workers forget the flows of ended sessions.
func (g *Group) Sweep() {
	for _, w := range g.workers() {
		w.post(command{kind: cmdSweep})
	}
}

// peer is the socket that w sends from by a local address. Where an address
// has fewer sockets than another, several workers share one.
func (n *network) peer(w *worker, local int) *udp.Socket {
	group := n.locals[local]
	return group[w.index%len(group)].sock
}

// inside are the feeds and taps of a group.
type inside struct {
	// mu guards all.
	mu     sync.Mutex
	feeds  map[*Feed]struct{}
	taps   map[*Tap]struct{}
	closed bool
}

func (i *inside) init() {
	i.feeds, i.taps = make(map[*Feed]struct{}), make(map[*Tap]struct{})
}

// addFeed and addTap register who is to be ended with the group, unless it is
// closed.
func (i *inside) addFeed(f *Feed) error { return register(i, i.feeds, f) }
func (i *inside) addTap(t *Tap) error   { return register(i, i.taps, t) }

func register[K comparable](i *inside, in map[K]struct{}, k K) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return fmt.Errorf("media server: %w", ErrClosed)
	}
	in[k] = struct{}{}
	return nil
}

func (i *inside) removeFeed(f *Feed) { unregister(i, i.feeds, f) }
func (i *inside) removeTap(t *Tap)   { unregister(i, i.taps, t) }

func unregister[K comparable](i *inside, in map[K]struct{}, k K) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(in, k)
}

// all returns the feeds and taps there are now.
func (i *inside) all() ([]*Feed, []*Tap) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Collect(maps.Keys(i.feeds)), slices.Collect(maps.Keys(i.taps))
}

// close ends all feeds and taps, and lets no other begin.
func (i *inside) close() {
	i.mu.Lock()
	i.closed = true
	i.mu.Unlock()
	feeds, taps := i.all()
	for _, f := range feeds {
		f.Close()
	}
	for _, t := range taps {
		t.Close()
	}
}
