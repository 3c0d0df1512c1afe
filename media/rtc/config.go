package rtc

import (
	"log/slog"
	"net/netip"
	"runtime"
	"time"

	"parley/media"
	"parley/media/udp"
)

// Config says where a Server listens and how it forwards.
type Config struct {
	// Addrs are the local addresses. An unspecified address stands for all
	// interfaces but those of containers and virtual machines; port 0 for
	// any free port.
	Addrs []netip.AddrPort
	// Interfaces are the names of those that an unspecified address stands
	// for, if there are any.
	Interfaces []string
	// Advertise are the addresses that answers name instead of the local
	// ones: public addresses of a host behind one-to-one NAT. The port is
	// that of the sockets.
	Advertise []netip.Addr
	// Workers is how many sockets share each address's port, each with a
	// goroutine of its own; 0 means GOMAXPROCS. Of many addresses the later
	// ones get fewer, see maxSockets.
	Workers int
	// NoGSO switches segmentation offload off, PlainSockets also recvmmsg
	// and sendmmsg.
	NoGSO, PlainSockets bool
	// Buffer is the size of the kernel's socket buffers, 0 for a default.
	Buffer int
	// SourceRate is the most that one source may send to its viewers, all
	// layers and repairs together, at most MaxSourceRate; 0 means no limit.
	SourceRate media.BitsPerSecond
	// Timeout ends a session from which nothing authentic came; 0 means 30 s
	// (consent to send, RFC 7675 §5.1).
	Timeout time.Duration
	// handshakeTime is how long a peer may take from the first proof of an
	// address until it is connected; 0 means 15 s.
	handshakeTime time.Duration
	// Log takes the server's few lines; nil means slog's default.
	Log *slog.Logger

	// Tests have others: the making of sockets, the listing of interfaces'
	// addresses, and how long until the first attempt to bind again.
	bind      func(netip.AddrPort, udp.Config) (*udp.Socket, error)
	local     func(names []string) (addrs []netip.Addr, absent []string, err error)
	bindAgain time.Duration
}

// MaxSourceRate is the highest limit that can be kept.
const MaxSourceRate media.BitsPerSecond = 1e9

const (
	defaultTimeout       = 30 * time.Second
	defaultHandshakeTime = 15 * time.Second
)

func (c *Config) setDefaults() {
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if runtime.GOOS != "linux" {
		c.Workers = 1 // other kernels do not spread a shared port
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	c.SourceRate = min(c.SourceRate, MaxSourceRate)
	if c.handshakeTime <= 0 {
		c.handshakeTime = defaultHandshakeTime
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.bind == nil {
		c.bind = udp.Listen
	}
	if c.local == nil {
		c.local = interfaceAddresses
	}
	if c.bindAgain == 0 {
		c.bindAgain = bindAgainFirst
	}
}

// maxEvents is how many droppable events may wait for the engine.
const maxEvents = 4096
