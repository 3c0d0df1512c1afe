package floor

import (
	"context"
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// microNet measures receive and the ways of sending, on one thread.
func microNet(ctx context.Context, dests []int, report func(Step)) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, size := range sizes {
		for _, n := range dests {
			b, err := newBed(n, size)
			if err != nil {
				return err
			}
			err = b.measure(ctx, report, n == dests[0])
			b.close()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// bed is one sending socket and its destinations.
type bed struct {
	size  int
	fd    int
	sinks []int
	addrs []address
	out   []byte

	msgs [64]mmsghdr
	iovs [64]unix.Iovec
	ctrl [24]byte

	in    [64]mmsghdr
	inIov [64]unix.Iovec
	inMem []byte
}

func newBed(n, size int) (*bed, error) {
	b := &bed{size: size, out: make([]byte, size), inMem: make([]byte, 64*2048)}
	for i := range b.in {
		b.inIov[i].Base = &b.inMem[i*2048]
		b.inIov[i].SetLen(2048)
		b.in[i].hdr.Iov = &b.inIov[i]
		b.in[i].hdr.SetIovlen(1)
	}
	var err error
	if b.fd, err = udpSocket(); err != nil {
		return nil, err
	}
	for range n {
		fd, err := udpSocket()
		if err != nil {
			b.close()
			return nil, err
		}
		b.sinks = append(b.sinks, fd)
		name, err := unix.Getsockname(fd)
		if err != nil {
			b.close()
			return nil, err
		}
		b.addrs = append(b.addrs, loopback(uint16(name.(*unix.SockaddrInet4).Port)))
	}
	return b, nil
}

func udpSocket() (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	for _, opt := range []int{unix.SO_RCVBUFFORCE, unix.SO_SNDBUFFORCE} {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, opt, 8<<20) // without the right to, the default has to do
	}
	err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	if err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("bind: %w", err)
	}
	return fd, nil
}

func (b *bed) close() {
	unix.Close(b.fd)
	for _, fd := range b.sinks {
		unix.Close(fd)
	}
}

// measure runs all ways of sending to this bed's destinations; first adds
// what does not depend on their number.
func (b *bed) measure(ctx context.Context, report func(Step), first bool) error {
	n := len(b.sinks)
	if first {
		us, err := b.receive()
		if err != nil {
			return err
		}
		report(Step{Name: "recvmmsg", Bytes: b.size, Batch: 64, US: us})
	}
	us, err := b.time(64, b.sendto)
	if err != nil {
		return err
	}
	report(Step{Name: "sendto", Bytes: b.size, Destinations: n, Batch: 1, US: us})
	for _, batch := range []int{16, 32, 64} {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if us, err = b.time(64, func() error { return b.sendmmsg(64, batch) }); err != nil {
			return err
		}
		report(Step{Name: fmt.Sprintf("sendmmsg %d", batch), Bytes: b.size, Destinations: n, Batch: batch, US: us})
	}
	for _, run := range []int{2, 4, 8, 16} {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if us, err = b.time(64, func() error { return b.sendRuns(64, run) }); err != nil {
			report(Step{Name: fmt.Sprintf("GSO run of %d: not supported", run), Bytes: b.size})
			continue
		}
		report(Step{Name: fmt.Sprintf("sendmmsg, GSO runs of %d", run), Bytes: b.size, Destinations: n, Batch: run, US: us})
	}
	return ctx.Err()
}

// cpuClock is the CPU time of this thread.
func cpuClock() time.Duration {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts)
	return time.Duration(ts.Nano())
}

// time measures send, which sends packets datagrams, and gives µs of CPU for
// each; draining the sockets does not count.
func (b *bed) time(packets int, send func() error) (float64, error) {
	best := 0.0
	for range 5 {
		used, n := time.Duration(0), 0
		for used < stepTime/5 {
			start := cpuClock()
			for range 4 {
				if err := send(); err != nil {
					return 0, err
				}
			}
			used += cpuClock() - start
			n += 4 * packets
			b.drain()
		}
		if us := float64(used.Nanoseconds()) / 1000 / float64(n); best == 0 || us < best {
			best = us
		}
	}
	return best, nil
}

func (b *bed) drain() {
	for _, fd := range b.sinks {
		for b.recv(fd) > 0 {
		}
	}
}

func (b *bed) recv(fd int) int {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&b.in[0])), 64, unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// receive measures recvmmsg of full batches.
func (b *bed) receive() (float64, error) {
	used, n := time.Duration(0), 0
	for used < stepTime/2 {
		for range 64 {
			if err := b.one(0); err != nil {
				return 0, err
			}
		}
		start := cpuClock()
		got := b.recv(b.sinks[0])
		used += cpuClock() - start
		n += got
		b.drain()
	}
	return float64(used.Nanoseconds()) / 1000 / float64(max(n, 1)), nil
}

func (b *bed) one(i int) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(b.fd), uintptr(unsafe.Pointer(&b.out[0])), uintptr(b.size), 0,
		uintptr(unsafe.Pointer(&b.addrs[i].raw)), unix.SizeofSockaddrInet4)
	if errno != 0 {
		return errno
	}
	return nil
}

func (b *bed) sendto() error {
	for i := range 64 {
		if err := b.one(i % len(b.sinks)); err != nil {
			return err
		}
	}
	return nil
}

// message prepares message i: segments datagrams to destination to.
func (b *bed) message(i, to, segments int) {
	h := &b.msgs[i].hdr
	h.Name, h.Namelen = (*byte)(unsafe.Pointer(&b.addrs[to].raw)), unix.SizeofSockaddrInet4
	h.Iov = &b.iovs[0]
	h.SetIovlen(segments)
	h.Control = nil
	h.SetControllen(0)
	if segments > 1 {
		c := (*unix.Cmsghdr)(unsafe.Pointer(&b.ctrl[0]))
		c.Level, c.Type = unix.SOL_UDP, unix.UDP_SEGMENT
		c.SetLen(unix.CmsgLen(2))
		*(*uint16)(unsafe.Pointer(&b.ctrl[unix.CmsgLen(0)])) = uint16(b.size)
		h.Control = &b.ctrl[0]
		h.SetControllen(unix.CmsgSpace(2))
	}
}

func (b *bed) sendmmsg(packets, batch int) error {
	b.iovs[0].Base = &b.out[0]
	b.iovs[0].SetLen(b.size)
	for i := range b.msgs {
		b.message(i, i%len(b.sinks), 1)
	}
	for sent := 0; sent < packets; sent += batch {
		if err := b.flush(sent, batch); err != nil {
			return err
		}
	}
	return nil
}

// sendRuns sends runs of run datagrams, each run to one destination, in one
// sendmmsg.
func (b *bed) sendRuns(packets, run int) error {
	for i := range run {
		b.iovs[i].Base = &b.out[0]
		b.iovs[i].SetLen(b.size)
	}
	for i := range packets / run {
		b.message(i, i%len(b.sinks), run)
	}
	return b.flush(0, packets/run)
}

func (b *bed) flush(from, n int) error {
	for n > 0 {
		k, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(b.fd), uintptr(unsafe.Pointer(&b.msgs[from])), uintptr(n), 0, 0, 0)
		if errno != 0 {
			return errno
		}
		from += int(k)
		n -= int(k)
	}
	return nil
}
