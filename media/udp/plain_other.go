//go:build !linux

package udp

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// haveFast says that recvmmsg and sendmmsg exist.
const haveFast = false

type recvHeaders struct{}

func (recvHeaders) bind(*RecvBatch) {}

type sendHeaders struct{}

func (sendHeaders) bind(*SendBatch) {}

func listen(address netip.AddrPort, c Config) (*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(address))
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(c.Buffer)
	_ = conn.SetWriteBuffer(c.Buffer)
	return conn, nil
}

// Pause does nothing: where each datagram takes a call of its own, nothing is
// won by letting them gather.
func (s *Socket) Pause(time.Duration) {}

// The fast path does not exist here: no socket has one.

type fast struct{}

func (s *Socket) openFast(*net.UDPConn, Config) error { return errors.ErrUnsupported }

func (s *Socket) recvFast(*RecvBatch) error { return errors.ErrUnsupported }

func (b *SendBatch) flushFast() {}

func (*fast) writeTo([]byte, *Addr) {}

func (*fast) close() error { return nil }
