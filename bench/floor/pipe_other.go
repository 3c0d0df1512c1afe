//go:build !linux

package floor

import (
	"net"
	"net/netip"
)

// Sizes of the forwarder's memory.
const (
	recvSlots = 1
	slotSize  = 1536
)

// address is a destination.
type address struct{ addr netip.AddrPort }

func loopback(port uint16) address {
	return address{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)}
}

// pipe is a socket that moves one packet per call: this system has no
// recvmmsg.
type pipe struct {
	conn *net.UDPConn
	in   [slotSize]byte
	n    int
	from netip.AddrPort
	out  [slotSize]byte
}

func newPipe(conn *net.UDPConn, _ bool) (*pipe, error) { return &pipe{conn: conn}, nil }

func (p *pipe) receive() (int, error) {
	var err error
	p.n, p.from, err = p.conn.ReadFromUDPAddrPort(p.in[:])
	return 1, err
}

func (p *pipe) packet(int) ([]byte, uint16)   { return p.in[:p.n], p.from.Port() }
func (p *pipe) slot() []byte                  { return p.out[:0] }
func (p *pipe) queue(pkt []byte, to *address) { p.conn.WriteToUDPAddrPort(pkt, to.addr) }
func (p *pipe) flush()                        {}
func (p *pipe) close()                        {}
