//go:build !linux

package udp

import (
	"net"
	"net/netip"
	"syscall"
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

func probeGSO(syscall.RawConn) int32 { return 1 }

// The fast paths do not exist here; Listen has set plain.

func (s *Socket) recvFast(b *RecvBatch) error { return s.recvPlain(b) }

func (s *Socket) recvReady(uintptr) bool { return true }

func (b *SendBatch) flushFast() { b.flushPlain() }
