package path

import (
	"github.com/pion/stun/v4"

	"parley/media"
	"parley/media/dtlsgate"
	"parley/media/udp"
)

// Worker is the goroutine that a Loop belongs to, with its socket.
type Worker interface {
	// Batch is what the loop's own packets leave in: by a link or, for nil, from
	// the worker's socket.
	Batch(via *Link) *udp.SendBatch
	// Handling tells whose packet is handled from here on.
	Handling(p *Peer)
	// Forget has the worker call Forget of its loop. Any goroutine may ask for
	// it; if there is no room for that, the next Sweep does it.
	Forget(f *Flow)
	// WriteTo sends one datagram at once, by the flow's link or from the worker's
	// socket. Any goroutine may call it.
	WriteTo(p []byte, to *Flow)
}

// Loop is a worker's part of all paths whose packets arrive at its socket: the
// addresses that are known there. All its methods are for the worker's goroutine
// only.
type Loop struct {
	host   *Host
	worker Worker
	drops  *Drops
	local  int           // index of the socket's address
	now    media.Instant // of the batch
	flows  udp.Table[*Flow]
	// prospects are the flows that wait for proof, the latest at each address;
	// checks are the checks under way, by transaction id.
	prospects udp.Table[*Flow]
	checks    map[[stun.TransactionIDSize]byte]*Flow
	// Reused for every message.
	request, response stun.Message
}

// Init makes a loop of w, whose socket has the local address of an index. What it
// drops is counted in drops.
func (l *Loop) Init(h *Host, w Worker, local int, drops *Drops) {
	l.host, l.worker, l.local, l.drops = h, w, local, drops
	l.checks = make(map[[stun.TransactionIDSize]byte]*Flow)
}

// Begin says what time it is; the worker reads the clock once per batch.
func (l *Loop) Begin(now media.Instant) { l.now = now }

// Find returns the flow of a proven address, nil for any other.
func (l *Loop) Find(from *udp.Addr) *Flow {
	f, ok := l.flows.Get(from)
	if !ok {
		l.drop(DropUnknownFlow)
	}
	return f
}

// DTLS hands a handshake datagram of a proven address to its session. With one
// that comes before the proof, who has begun to prove that address is asked
// again, for the answer may have been lost.
func (l *Loop) DTLS(pkt []byte, from *udp.Addr) {
	if f := l.Find(from); f != nil {
		l.worker.Handling(f.peer)
		if !f.peer.handshake.receive(pkt, f) {
			l.drop(DropDTLS)
		}
		return
	}
	if f, ok := l.prospects.Get(from); ok {
		if hello, is := dtlsgate.ParseHello(pkt); is {
			l.sendCheck(f)
			f.peer.handshake.early(hello, pkt, f)
		}
	}
}

func (l *Loop) drop(d Drop) { l.drops[d].Add(1) }
