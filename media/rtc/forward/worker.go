package forward

import (
	"sync/atomic"

	"parley/media"
	"parley/media/rtc/path"
	"parley/media/udp"
)

// worker is one goroutine with one socket. All its methods are for that goroutine,
// whether their names end in Loop or not, and so is all in loop; post and figures alone
// are for anybody (TestWorkersMethodsAreTheirs). What else others look at is atomic.
//
// A worker owns every session whose media arrives there, with all their tracks,
// and everything that is sent from these tracks. See doc.go for what "owns" means
// and how it changes.
type worker struct {
	group *Group
	sock  *udp.Socket
	local int                        // index of the socket's address, see network
	index int                        // among the workers of that address
	recv  func(*udp.RecvBatch) error // of sock; tests have others

	commands chan command
	// epoch is even while the worker waits for packets and odd while it
	// handles some. See Group.quiesce.
	epoch   atomic.Uint64
	ticking atomic.Bool
	count   counters
	// pathDrops are those of loop.path.
	pathDrops path.Drops
	done      chan struct{}

	loop workerLoop
}

// workerLoop is what only the worker's goroutine touches.
type workerLoop struct {
	now      media.Instant // read once per batch
	sendTime uint32        // now as an abs-send-time
	pace     pace
	in       *udp.RecvBatch
	out      []*udp.SendBatch // by local address, made when first needed
	sent     []udp.SendStats  // of out, as of the last publish
	links    linkArena
	path     path.Loop
	// active are the publishers that are looked after at every tick.
	active   []*publisher
	nextTick media.Instant // 0: none
	armed    media.Instant // nextTick as the socket knows it
	woken    bool          // the socket's deadline has passed
	current  party         // whose packet is handled; for panics
	overload overload
	run      runs
	abreast  abreast
	scratch
}

// scratch is working memory of the packet path: what is passed to ciphers and
// parsers would otherwise be allocated. Whatever is kept here is written as a
// whole for each packet (TestNothingOfAPacketSurvives), or one person's packet
// would say something of another's.
type scratch struct {
	header media.Header
	facts  media.Facts
	seal   media.Scratch
	rtcp   [maxRTCP]byte
	seqs   [maxRequested]media.Seq
	blocks [media.MaxLayers * 4]media.ReportBlock
	// outcomes are what feedback is read in pieces of.
	outcomes [128]media.Outcome
}

// maxRTCP is the longest compound packet we make, before sealing.
const maxRTCP = 1200

func newWorker(g *Group, sock *udp.Socket, local, index int) *worker {
	w := &worker{group: g, sock: sock, local: local, index: index, commands: make(chan command, maxCommands), done: make(chan struct{})}
	w.recv = sock.Recv
	w.loop.in = udp.NewRecvBatch()
	w.loop.woken = true
	w.loop.path.Init(g.paths, (*pathWorker)(w), local, &w.pathDrops)
	return w
}

// batch returns the arena that a run of packets to a flow is written to. How they
// leave is decided here, once for all of them.
func (w *worker) batch(to *path.Flow) *udp.SendBatch {
	if to.Link != nil {
		return w.linkBatch(to.Link)
	}
	return w.localBatch(to.Local())
}

// localBatch returns the arena for a local address.
func (w *worker) localBatch(local int) *udp.SendBatch {
	l := &w.loop
	if local >= len(l.out) {
		l.out = append(l.out, make([]*udp.SendBatch, local+1-len(l.out))...)
		l.sent = append(l.sent, make([]udp.SendStats, local+1-len(l.sent))...)
	}
	if l.out[local] == nil {
		l.out[local] = udp.NewSendBatch(w.group.network.Load().peer(w, local))
	}
	return l.out[local]
}

// command is something another goroutine asks a worker to do. Commands are
// small values in a bounded queue; a full queue drops and counts.
type command struct {
	kind    commandKind
	stream  *stream
	track   *track
	remote  *Remote
	flow    *path.Flow
	arrival *arrival
	feed    *Feed
	// a and b mean what the kind says.
	a, b uint32
}

type commandKind uint8

// The commands. Each names its sender.
const (
	// cmdRepair: the worker that got a NACK for stream asks the owner of the
	// stream's source to send packets again. a is the first sequence number,
	// b the bit mask of the 16 that follow (RFC 4585 §6.2.1).
	cmdRepair commandKind = iota
	// cmdKeyframe: stream's receiver asks for a key frame.
	cmdKeyframe
	// cmdForget: the path dropped flow.
	cmdForget
	// cmdTable: control changed track's forwarding table.
	cmdTable
	// cmdSweep: control asks to forget the flows of ended sessions.
	cmdSweep
	// cmdAdopt: control made this worker the owner of remote.
	cmdAdopt
	// cmdArrived: a packet came by a link of this worker's.
	cmdArrived
	// cmdFeed: something was written to feed, which this worker owns.
	cmdFeed
	// cmdDrive: another worker sent something to remote, which this one owns and
	// does not look after.
	cmdDrive
)

// post queues c for w and wakes it if it sleeps. It may be called from any
// goroutine, w's own included.
func (w *worker) post(c command) bool {
	select {
	case w.commands <- c:
	default:
		w.count.drop(dropCommand)
		return false
	}
	// The worker looks at the queue again after it made its epoch even, so
	// either it sees c or we see it asleep.
	if w.epoch.Load()&1 == 0 {
		w.sock.Wake()
	}
	return true
}
