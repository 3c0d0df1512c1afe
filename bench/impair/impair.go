// Package impair is a bad network: a UDP proxy that loses, delays, holds
// back and reorders datagrams, with a seed. Each client has a proxy socket of
// its own and so a link of its own, one queue each way.
//
// One goroutine reads each socket and one sends what is due for all of a
// Network; Close ends them. The queue of a link holds a second of its rate or
// 1,000 datagrams.
package impair

import (
	"container/heap"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Profile says what is wrong with a link, the same each way.
type Profile struct {
	Loss          float64       // share of datagrams, 0 … 1
	Delay         time.Duration // one way
	Jitter        time.Duration // evenly between 0 and this, on top; order is kept
	BitsPerSecond int64         // 0: no bound
	Reorder       float64       // share of datagrams that skip the delay
}

// Perfect reports whether nothing is wrong.
func (p Profile) Perfect() bool { return p == Profile{} }

// queueMax bounds the datagrams of one direction that wait.
const queueMax = 1000

// Link is one direction: it decides the fate of each datagram. It is pure.
type Link struct {
	Profile Profile
	rng     *rand.Rand
	free    int64 // when the last datagram has left the bottleneck
	last    int64 // when the last datagram comes out
	Lost    uint64
	Full    uint64 // thrown away because the queue was full
}

// NewLink makes a direction with its own random numbers.
func NewLink(p Profile, seed uint64) *Link {
	return &Link{Profile: p, rng: rand.New(rand.NewPCG(seed, 0x6c696e6b))}
}

// Pass says when a datagram of size bytes that goes in at now comes out, both
// in nanoseconds; false if it does not.
func (l *Link) Pass(now int64, size int) (int64, bool) {
	if l.rng.Float64() < l.Profile.Loss {
		l.Lost++
		return 0, false
	}
	leave := now
	if bps := l.Profile.BitsPerSecond; bps > 0 {
		l.free = max(l.free, now) + int64(size)*8*int64(time.Second)/bps
		if l.free-now > int64(time.Second) {
			l.free -= int64(size) * 8 * int64(time.Second) / bps
			l.Full++
			return 0, false
		}
		leave = l.free
	}
	if l.Profile.Reorder > 0 && l.rng.Float64() < l.Profile.Reorder {
		return leave, true
	}
	out := leave + int64(l.Profile.Delay)
	if j := int64(l.Profile.Jitter); j > 0 {
		out += l.rng.Int64N(j)
	}
	l.last = max(l.last, out)
	return l.last, true
}

// Network is a set of impaired links.
type Network struct {
	profile Profile
	begin   time.Time

	mu     sync.Mutex // guards what follows
	seed   uint64
	queue  flight
	socks  []net.Conn
	closed bool

	wake chan struct{}
	done sync.WaitGroup
}

// New starts a network; Close ends it.
func New(p Profile, seed uint64) *Network {
	n := &Network{profile: p, begin: time.Now(), seed: seed, wake: make(chan struct{}, 1)}
	n.done.Go(n.deliver)
	return n
}

// datagram is on its way.
type datagram struct {
	at   int64
	n    uint64 // order of arrival, to keep ties in order
	data []byte
	out  func([]byte)
}

// flight orders datagrams by when they come out.
type flight []*datagram

func (f flight) Len() int { return len(f) }
func (f flight) Less(i, j int) bool {
	return f[i].at < f[j].at || f[i].at == f[j].at && f[i].n < f[j].n
}
func (f flight) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *flight) Push(x any)   { *f = append(*f, x.(*datagram)) }
func (f *flight) Pop() any {
	old := *f
	d := old[len(old)-1]
	*f = old[:len(old)-1]
	return d
}

// Proxy makes a link to server and returns the address a client is to use
// instead of it. The first datagram tells the client's address.
func (n *Network) Proxy(server netip.AddrPort) (netip.AddrPort, error) {
	near, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return netip.AddrPort{}, err
	}
	far, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(server))
	if err != nil {
		near.Close()
		return netip.AddrPort{}, err
	}
	near.SetReadBuffer(4 << 20)
	far.SetReadBuffer(4 << 20)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		near.Close()
		far.Close()
		return netip.AddrPort{}, net.ErrClosed
	}
	n.seed += 2
	up, down := NewLink(n.profile, n.seed), NewLink(n.profile, n.seed+1)
	n.socks = append(n.socks, near, far)
	p := &proxy{network: n, near: near, far: far}
	n.done.Go(func() { p.read(near, up, func(data []byte) { far.Write(data) }) })
	n.done.Go(func() { p.read(far, down, p.toClient) })
	return near.LocalAddr().(*net.UDPAddr).AddrPort(), nil
}

// Close ends all links.
func (n *Network) Close() {
	n.mu.Lock()
	n.closed = true
	for _, c := range n.socks {
		c.Close()
	}
	n.mu.Unlock()
	n.poke()
	n.done.Wait()
}

func (n *Network) poke() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// proxy is one client's pair of sockets.
type proxy struct {
	network   *Network
	near, far *net.UDPConn
	mu        sync.Mutex // guards client
	client    netip.AddrPort
}

func (p *proxy) toClient(data []byte) {
	p.mu.Lock()
	to := p.client
	p.mu.Unlock()
	if to.IsValid() {
		p.near.WriteToUDPAddrPort(data, to)
	}
}

// read moves what comes in on conn through link. Errors other than the end
// are ICMP reports of the other side's restarts.
func (p *proxy) read(conn *net.UDPConn, link *Link, out func([]byte)) {
	buf := make([]byte, 64<<10)
	count := 0
	for {
		size, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			if p.network.ended() {
				return
			}
			continue
		}
		if conn == p.near {
			p.mu.Lock()
			p.client = from
			p.mu.Unlock()
		}
		if at, ok := link.Pass(p.network.now(), size); ok {
			count++
			p.network.send(&datagram{at: at, n: uint64(count), data: append([]byte(nil), buf[:size]...), out: out})
		}
	}
}

func (n *Network) now() int64 { return int64(time.Since(n.begin)) }

func (n *Network) ended() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.closed
}

func (n *Network) send(d *datagram) {
	n.mu.Lock()
	if len(n.queue) < queueMax*max(1, len(n.socks)) {
		heap.Push(&n.queue, d)
	}
	first := len(n.queue) > 0 && n.queue[0] == d
	n.mu.Unlock()
	if first {
		n.poke()
	}
}

// deliver sends what is due.
func (n *Network) deliver() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		n.mu.Lock()
		if n.closed {
			n.mu.Unlock()
			return
		}
		wait := time.Hour
		var due *datagram
		if len(n.queue) > 0 {
			if wait = time.Duration(n.queue[0].at - n.now()); wait <= 0 {
				due = heap.Pop(&n.queue).(*datagram)
			}
		}
		n.mu.Unlock()
		if due != nil {
			due.out(due.data)
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-n.wake:
		}
	}
}
