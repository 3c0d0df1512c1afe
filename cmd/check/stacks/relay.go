package main

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// relay stands between a stack and the server, as a NAT would: the stack sees
// one address, the server one for each of the stack's. What passes is shown to
// a watch, which may hold it back or put something of its own before it.
type relay struct {
	front  *net.UDPConn
	server netip.AddrPort
	delay  time.Duration // one way
	watch  *watch

	mu    sync.Mutex // guards paths and ended
	paths map[netip.AddrPort]*net.UDPConn
	ended bool
	tasks sync.WaitGroup
}

func newRelay(server netip.AddrPort, delay time.Duration, w *watch) (*relay, error) {
	front, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(server.Addr(), 0)))
	if err != nil {
		return nil, err
	}
	r := &relay{front: front, server: server, delay: delay, watch: w, paths: make(map[netip.AddrPort]*net.UDPConn)}
	w.toClient = r.toClient
	r.tasks.Go(r.fromClient)
	return r, nil
}

// addr is where the stack has to send.
func (r *relay) addr() netip.AddrPort {
	return netip.AddrPortFrom(r.server.Addr(), r.front.LocalAddr().(*net.UDPAddr).AddrPort().Port())
}

func (r *relay) close() {
	r.mu.Lock()
	r.ended = true
	r.front.Close()
	for _, up := range r.paths {
		up.Close()
	}
	r.mu.Unlock()
	r.tasks.Wait()
}

// rebind gives all of the stack's addresses new ones at the server, as a NAT
// does that forgot them.
func (r *relay) rebind() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for client, old := range r.paths {
		up, err := r.dialLocked(client)
		if err != nil {
			return err
		}
		r.paths[client] = up
		old.Close()
	}
	r.watch.rebound()
	return nil
}

// dialLocked opens a way to the server for client.
func (r *relay) dialLocked(client netip.AddrPort) (*net.UDPConn, error) {
	if r.ended {
		return nil, net.ErrClosed
	}
	up, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.server))
	if err == nil {
		r.tasks.Go(func() { r.fromServer(up, client) })
	}
	return up, err
}

func (r *relay) path(client netip.AddrPort) (*net.UDPConn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	up := r.paths[client]
	if up != nil {
		return up, nil
	}
	up, err := r.dialLocked(client)
	if err == nil {
		r.paths[client] = up
	}
	return up, err
}

const maxDatagram = 65536

func (r *relay) fromClient() {
	buf := make([]byte, maxDatagram)
	for {
		n, client, err := r.front.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		up, err := r.path(client)
		if err != nil {
			return
		}
		for _, pkt := range r.watch.fromClient(client, buf[:n], time.Now()) {
			r.later(pkt, func(pkt []byte) { _, _ = up.Write(pkt) })
		}
	}
}

func (r *relay) fromServer(up *net.UDPConn, client netip.AddrPort) {
	buf := make([]byte, maxDatagram)
	for {
		n, err := up.Read(buf)
		if err != nil {
			return // closed; a refusal means that the server is gone
		}
		for _, pkt := range r.watch.fromServer(client, buf[:n], time.Now()) {
			r.toClient(client, pkt)
		}
	}
}

func (r *relay) toClient(client netip.AddrPort, pkt []byte) {
	r.later(pkt, func(pkt []byte) { _, _ = r.front.WriteToUDPAddrPort(pkt, client) })
}

// later sends after the delay. A datagram that can not be sent is lost, as on
// any network.
func (r *relay) later(pkt []byte, send func([]byte)) {
	if r.delay == 0 {
		send(pkt)
		return
	}
	kept := append([]byte(nil), pkt...)
	time.AfterFunc(r.delay, func() { send(kept) })
}
