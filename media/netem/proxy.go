package netem

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Config describes a Proxy.
type Config struct {
	// Listen is where clients send to; the zero value is any free port of
	// 127.0.0.1.
	Listen netip.AddrPort
	Server netip.AddrPort
	// Up is the link from clients to the server, Down the other way. Each
	// client gets the whole rate.
	Up, Down Link
	Seed     uint64
	// MaxClients bounds the clients; 0 means 1024. Datagrams of further
	// ones are dropped.
	MaxClients int
}

// Stats counts what a Proxy did.
type Stats struct {
	// Up and Down are datagrams that were passed on, UpLost and DownLost
	// those that were dropped.
	Up, Down, UpLost, DownLost uint64
}

// Proxy passes datagrams between clients and a server over bad links.
type Proxy struct {
	config   Config
	front    *net.UDPConn
	up, down *delayQueue
	stats    struct{ up, down, upLost, downLost atomic.Uint64 }

	// mu guards clients, links and closed.
	mu      sync.Mutex
	clients map[netip.AddrPort]*client
	links   [2]Link
	seed    uint64
	closed  bool
	wg      sync.WaitGroup
}

// client is one sender that the proxy serves, with its socket to the server.
type client struct {
	proxy *Proxy
	addr  netip.AddrPort

	// mu guards what follows.
	mu       sync.Mutex
	back     *net.UDPConn
	up, down *Shaper
}

const (
	defaultMaxClients = 1024
	maxDatagram       = 2048
)

// NewProxy starts a proxy.
func NewProxy(c Config) (*Proxy, error) {
	if !c.Listen.IsValid() {
		c.Listen = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	}
	if c.MaxClients == 0 {
		c.MaxClients = defaultMaxClients
	}
	front, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(c.Listen))
	if err != nil {
		return nil, fmt.Errorf("netem: %w", err)
	}
	_ = front.SetReadBuffer(4 << 20)
	p := &Proxy{
		config: c, front: front, up: newDelayQueue(), down: newDelayQueue(),
		clients: make(map[netip.AddrPort]*client), links: [2]Link{c.Up, c.Down}, seed: c.Seed,
	}
	p.wg.Go(p.readFront)
	return p, nil
}

// Addr is where clients send to.
func (p *Proxy) Addr() netip.AddrPort {
	a := p.front.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// Stats returns the counters.
func (p *Proxy) Stats() Stats {
	return Stats{
		Up: p.stats.up.Load(), Down: p.stats.down.Load(),
		UpLost: p.stats.upLost.Load(), DownLost: p.stats.downLost.Load(),
	}
}

// Set changes both links for all clients.
func (p *Proxy) Set(up, down Link) {
	p.mu.Lock()
	p.links = [2]Link{up, down}
	clients := p.list()
	p.mu.Unlock()
	for _, c := range clients {
		c.mu.Lock()
		c.up.Set(up)
		c.down.Set(down)
		c.mu.Unlock()
	}
}

// Rebind gives every client another port towards the server, as a NAT does
// that forgot its mappings.
func (p *Proxy) Rebind() error {
	p.mu.Lock()
	clients := p.list()
	p.mu.Unlock()
	var errs []error
	for _, c := range clients {
		errs = append(errs, c.rebind())
	}
	return errors.Join(errs...)
}

// Forge sends data to the server from the address of every client, at once and
// whatever the links are like: what somebody can do who knows the addresses. It
// returns how many clients there are.
func (p *Proxy) Forge(data []byte) int {
	p.mu.Lock()
	clients := p.list()
	p.mu.Unlock()
	for _, c := range clients {
		c.mu.Lock()
		_, _ = c.back.Write(data) // closed by now: nobody is forged
		c.mu.Unlock()
	}
	return len(clients)
}

// list returns the clients; p.mu is held.
func (p *Proxy) list() []*client {
	var out []*client
	for _, c := range p.clients {
		out = append(out, c)
	}
	return out
}

// Close ends the proxy; what is on its way is lost.
func (p *Proxy) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	clients := p.list()
	p.mu.Unlock()
	err := p.front.Close()
	for _, c := range clients {
		c.mu.Lock()
		err = errors.Join(err, c.back.Close())
		c.mu.Unlock()
	}
	p.wg.Wait()
	p.up.close()
	p.down.close()
	return err
}

// readFront takes what clients send.
func (p *Proxy) readFront() {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := p.front.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP error of some client
		}
		c := p.client(from)
		if c == nil {
			p.stats.upLost.Add(1)
			continue
		}
		c.pass(p.up, c.up, buf[:n], c.toServer, &p.stats.upLost)
	}
}

// client returns the one at an address, making it if there is room.
func (p *Proxy) client(addr netip.AddrPort) *client {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.clients[addr]; c != nil {
		return c
	}
	if p.closed || len(p.clients) >= p.config.MaxClients {
		return nil
	}
	p.seed += 2
	c := &client{proxy: p, addr: addr, up: NewShaper(p.links[0], p.seed), down: NewShaper(p.links[1], p.seed+1)}
	if c.dial() != nil {
		return nil
	}
	p.clients[addr] = c
	return c
}

// pass lets a shaper decide over a datagram and sends it, now or later.
func (c *client) pass(q *delayQueue, s *Shaper, data []byte, send func([]byte), lost *atomic.Uint64) {
	now := time.Now()
	c.mu.Lock()
	at, drop := s.Next(now, len(data))
	c.mu.Unlock()
	switch {
	case drop:
		lost.Add(1)
	case !at.After(now):
		send(data)
	case !q.add(at, append([]byte(nil), data...), send):
		lost.Add(1)
	}
}

func (c *client) toServer(b []byte) {
	c.mu.Lock()
	back := c.back
	c.mu.Unlock()
	if _, err := back.Write(b); err == nil {
		c.proxy.stats.up.Add(1)
	}
}

func (c *client) toClient(b []byte) {
	if _, err := c.proxy.front.WriteToUDPAddrPort(b, c.addr); err == nil {
		c.proxy.stats.down.Add(1)
	}
}

// dial opens the client's socket to the server. It is called with the proxy
// or the client locked.
func (c *client) dial() error {
	back, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(c.proxy.config.Server))
	if err != nil {
		return err
	}
	_ = back.SetReadBuffer(1 << 20)
	c.back = back
	c.proxy.wg.Go(func() { c.readBack(back) })
	return nil
}

// rebind replaces the socket to the server.
func (c *client) rebind() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.back
	if err := c.dial(); err != nil {
		return err
	}
	return old.Close()
}

// readBack takes what the server sends.
func (c *client) readBack(back *net.UDPConn) {
	buf := make([]byte, maxDatagram)
	for {
		n, err := back.Read(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // refused: the server is not there yet
		}
		c.pass(c.proxy.down, c.down, buf[:n], c.toClient, &c.proxy.stats.downLost)
	}
}
