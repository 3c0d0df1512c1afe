package forward

import (
	"net/netip"
	"sync/atomic"

	"parley/media/rtc/path"
	"parley/media/udp"
)

// Link is a connection by which one peer may come in place of a socket. Which
// session's it is its packets have to prove, as those of any address. When it
// ends its udp.PacketOut takes nothing any more, and the peer is elsewhere or gone.
type Link struct {
	via     path.Link
	worker  *worker
	waiting atomic.Int32 // packets that the worker has not looked at
	spare   chan *arrival
}

// maxArrivals is how many packets of one link may wait for its worker.
const maxArrivals = 64

// spareArrivals is how many of their places are kept for the next.
const spareArrivals = 16

// arrival is a packet that came by a link.
type arrival struct {
	link *Link
	n    int
	// data has room behind the packet, as the receive arena has (udp.RecvBatch).
	data [udp.MaxSend + 64]byte
}

// Attach makes a connection one more way to the server, from a remote address. There
// has to be a worker (Listen).
func (g *Group) Attach(out udp.PacketOut, remote netip.AddrPort) *Link {
	n := g.links.Add(1)
	workers := g.workers()
	return &Link{
		via:    path.Link{Out: out, Addr: udp.AddrOfLink(remote, n)},
		worker: workers[n%uint32(len(workers))],
		spare:  make(chan *arrival, spareArrivals),
	}
}

// Receive takes a packet that came. It does not wait and keeps nothing of pkt; it
// reports false if the packet is too long or too many wait already.
func (l *Link) Receive(pkt []byte) bool {
	if len(pkt) > udp.MaxSend {
		l.worker.count.drop(dropMalformed)
		return false
	}
	if l.waiting.Add(1) > maxArrivals {
		l.waiting.Add(-1)
		l.worker.count.drop(dropCommand)
		return false
	}
	a := l.room()
	a.n = copy(a.data[:], pkt)
	if !l.worker.post(command{kind: cmdArrived, arrival: a}) {
		a.free()
		return false
	}
	return true
}

// room returns a place for a packet.
func (l *Link) room() *arrival {
	select {
	case a := <-l.spare:
		return a
	default:
		return &arrival{link: l}
	}
}

// free gives the place back.
func (a *arrival) free() {
	a.link.waiting.Add(-1)
	select {
	case a.link.spare <- a:
	default:
	}
}

// arrivedLoop handles a packet of a link as if it had come to the socket.
func (w *worker) arrivedLoop(a *arrival) {
	defer a.free()
	w.count.packetsIn.Add(1)
	w.count.bytesIn.Add(uint64(a.n))
	via := &a.link.via
	w.packetLoop(a.data[:a.n], &via.Addr, via)
	w.forwardLoop() // before the memory is another packet's
	w.loop.current = nil
}

// linkArena is what packets are written to that leave by links: one run after
// another, whichever link is next.
type linkArena struct {
	batch *udp.SendBatch // made when first needed
	sent  udp.SendStats  // of batch, as of the last publish
}

// linkBatch returns the arena for a run of packets by a link.
func (w *worker) linkBatch(via *path.Link) *udp.SendBatch {
	a := &w.loop.links
	if a.batch == nil {
		a.batch = udp.NewOutBatch()
	}
	a.batch.Begin(via.Out)
	return a.batch
}
