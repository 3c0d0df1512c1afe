package rtc

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"parley/media/rtc/path"
	"parley/media/udp"
)

// group is the workers of a server, and what they share.
type group struct {
	log        *slog.Logger
	clock      clock
	sourceRate sourceRate
	paths      *path.Host
	// onControl has f run where it may take locks and wait. It does not wait
	// itself, and reports false if there is too much to do already. What panics
	// ends of.
	onControl func(of party, f func()) bool
	stop      chan struct{}

	network   atomic.Pointer[network]
	handovers *handovers
	inside    inside
	links     atomic.Uint32 // that were ever attached
	fed       atomic.Uint64 // feeds that were opened, to spread them
	// drops are those that no worker counts.
	drops [dropCount]atomic.Uint64
}

// init makes a group without workers.
func (g *group) init(log *slog.Logger, limit sourceRate) {
	g.log, g.clock, g.sourceRate = log, newClock(), limit
	g.handovers, g.stop = newHandovers(), make(chan struct{})
	g.inside.init()
	g.network.Store(&network{})
}

// network is the workers there are. It is immutable: those of another address are
// added by another one in its place, so that whoever has loaded it may go on without
// a lock.
type network struct {
	workers []*worker // all
	// locals are the workers by local address, each at its index.
	locals [][]*worker
}

// workers are those there are at present: one at least; more may come, none goes.
func (g *group) workers() []*worker { return g.network.Load().workers }

// listen adds a worker for each socket of one more address, and publishes them.
func (g *group) listen(sockets []*udp.Socket) []*worker {
	n := g.network.Load()
	more := make([]*worker, len(sockets))
	for i, sock := range sockets {
		more[i] = newWorker(g, sock, len(n.locals), i)
	}
	g.network.Store(&network{
		workers: append(slices.Clone(n.workers), more...),
		locals:  append(slices.Clone(n.locals), more),
	})
	return more
}

// startWorkers starts workers that are published already: quiesce must not miss
// one that holds a table.
func startWorkers(group []*worker) {
	for _, w := range group {
		go w.runLoop()
	}
}

// closeSockets ends the workers.
func (g *group) closeSockets() {
	for _, w := range g.workers() {
		_ = w.sock.Close()
	}
}

// wait returns when all workers have ended.
func (g *group) wait() {
	for _, w := range g.workers() {
		<-w.done
	}
}

// sweep has all workers forget the flows of ended sessions.
func (g *group) sweep() {
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
