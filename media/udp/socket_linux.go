package udp

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// haveFast says that recvmmsg and sendmmsg exist.
const haveFast = true

func listen(address netip.AddrPort, c Config) (*net.UDPConn, error) {
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		cerr := raw.Control(func(fd uintptr) { err = setOptions(int(fd), c) })
		if cerr != nil {
			return cerr
		}
		return err
	}}
	network := "udp4"
	if address.Addr().Is6() && !address.Addr().Is4In6() {
		network = "udp6"
	}
	pc, err := lc.ListenPacket(context.Background(), network, address.String())
	if err != nil {
		return nil, err
	}
	return pc.(*net.UDPConn), nil
}

func setOptions(fd int, c Config) error {
	if c.Share {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
			return err
		}
	}
	// FORCE passes net.core.rmem_max, for those who may.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, c.Buffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, c.Buffer)
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, c.Buffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, c.Buffer)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1)
	return nil
}

// Pause sleeps for d, from a tenth of a millisecond to a few, while datagrams
// gather in the kernel. It is a system call of its own because the runtime's
// timers end at the next whole millisecond when nothing else runs; and a raw
// one, because the scheduler's monitor thread would wake up at each. A garbage
// collector that stops the world ends the sleep by its signal.
func (s *Socket) Pause(d time.Duration) {
	t := unix.NsecToTimespec(d.Nanoseconds())
	_, _, _ = syscall.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&t)), 0, 0)
}

// probeGSO returns the longest run the kernel may be given.
func probeGSO(fd int) int32 {
	if _, err := unix.GetsockoptInt(fd, unix.SOL_UDP, unix.UDP_SEGMENT); err != nil {
		return 1
	}
	var name unix.Utsname
	if unix.Uname(&name) == nil && corruptsLongRuns(unix.ByteSliceToString(name.Release[:])) {
		return 7
	}
	return maxRunSegments
}

// corruptsLongRuns reports whether a kernel release is one of those that send
// wrong bytes for eight or more segments of equal size: 7.0 to 7.1.4.
func corruptsLongRuns(release string) bool {
	var v [3]int
	for i, part := range strings.SplitN(release, ".", 3) {
		digits := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' })
		if digits >= 0 {
			part = part[:digits]
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		v[i] = n
	}
	return v[0] == 7 && (v[1] == 0 || v[1] == 1 && v[2] <= 4)
}
