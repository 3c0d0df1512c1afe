package rtc

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"parley/media/udp"
)

// Candidates are the addresses that answers name.
func (s *Server) Candidates() []netip.AddrPort { return *s.candidates.Load() }

// maxSockets bounds the sockets of a server, unless it has so many workers that
// two addresses take more. Each costs three descriptors, a goroutine and some
// 30 KiB, and up to 330 KiB more once it is used (arena and queue): with 61
// addresses and 16 workers 384 descriptors in place of 2,928, and 4 MiB
// resident in place of 30 (TestManyAddressesAreBounded).
const maxSockets = 128

// share returns how many sockets each of n addresses gets: one, and from the
// first on as many as there are workers, as far as they go. Addresses beyond
// that get none.
func share(n, workers int) []int {
	left := max(maxSockets, 2*workers)
	counts := make([]int, n)
	for i := range min(n, left) {
		counts[i] = 1
	}
	left -= min(n, left)
	for i := range counts {
		if counts[i] == 1 {
			more := min(workers-1, left)
			counts[i] += more
			left -= more
		}
	}
	return counts
}

// binder opens a server's sockets. It belongs to whoever opens the server and
// then to the goroutine that tries again.
type binder struct {
	server *Server
	bound  map[netip.AddrPort]bool // as they were wanted
	failed map[netip.AddrPort]bool // and told
	absent []string                // interfaces that were named and are not there
}

// Errors that no later attempt mends, or that say the same of all addresses:
// the port is taken or forbidden, the process has all it may have.
var hopeless = []error{syscall.EADDRINUSE, syscall.EACCES, syscall.EPERM, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM}

// open binds what can be bound. An address that can not, because it is still
// being checked (tentative), belongs to another machine (duplicate) or went
// with its interface, keeps the others from nothing. Only if none is left that
// is an error, and if one failed for a reason that is hopeless.
func (b *binder) open() error {
	places, absent, err := b.wanted()
	if err != nil && len(absent) > 0 {
		return fmt.Errorf("%w: there is no interface %s", err, strings.Join(absent, ", "))
	}
	if err != nil {
		return err
	}
	b.absent = absent
	for _, name := range absent {
		b.server.config.Log.Warn("no such network interface; what else there is serves, and it will be looked for again", "interface", name)
	}
	var first error
	counts := share(len(places), b.server.config.Workers)
	for i, addr := range places {
		if counts[i] == 0 {
			b.server.config.Log.Warn("too many media addresses: the rest gets no socket; --interfaces chooses", "served", i, "of", len(places))
			break
		}
		if _, err := b.bind(addr, counts[i]); err != nil {
			if isHopeless(err) {
				return err
			}
			first = errors.Join(first, err)
			b.tell(addr, err)
		}
	}
	if b.server.group.Workers() == 0 {
		return fmt.Errorf("%w: %w", ErrNoAddress, first)
	}
	return nil
}

func isHopeless(err error) bool {
	return slices.ContainsFunc(hopeless, func(h error) bool { return errors.Is(err, h) })
}

// wanted are the addresses that should have sockets, as of now.
func (b *binder) wanted() (places []netip.AddrPort, absent []string, err error) {
	c := &b.server.config
	local, absent, err := c.local(c.Interfaces)
	if err != nil {
		return nil, nil, err
	}
	places, err = bindAddresses(c.Addrs, local)
	return places, absent, err
}

// tell says once that an address can not be bound.
func (b *binder) tell(addr netip.AddrPort, err error) {
	if !b.failed[addr] {
		b.failed[addr] = true
		b.server.config.Log.Warn("media address can not be used now; the others serve, and it will be tried again", "address", addr, "error", err)
	}
}

// bind opens n sockets for an address, all or none, and publishes their
// workers, which do not run yet. With port 0 the first takes a free port that
// the others share. It returns the address with its port.
func (b *binder) bind(wanted netip.AddrPort, n int) (netip.AddrPort, error) {
	s := b.server
	c := udp.Config{
		Share: s.config.Workers > 1, NoGSO: s.config.NoGSO,
		Plain: s.config.PlainSockets, Buffer: s.config.Buffer,
	}
	addr := wanted
	var sockets []*udp.Socket
	for range n {
		sock, err := s.config.bind(addr, c)
		if err != nil {
			for _, sock := range sockets {
				_ = sock.Close()
			}
			return addr, err
		}
		addr = sock.LocalAddr()
		sockets = append(sockets, sock)
	}
	first := len(b.bound) == 0
	b.bound[wanted] = true
	s.group.Listen(sockets)
	if more := advertised(addr, first, s.config.Advertise); more != nil {
		all := slices.Concat(s.Candidates(), more)
		s.candidates.Store(&all)
	}
	return addr, nil
}

// advertised is how answers name an address: as it is or, once for all, by those
// that stand for them.
func advertised(addr netip.AddrPort, first bool, instead []netip.Addr) (list []netip.AddrPort) {
	if len(instead) == 0 {
		return []netip.AddrPort{addr}
	}
	if first {
		for _, a := range instead {
			list = append(list, netip.AddrPortFrom(a.Unmap(), addr.Port()))
		}
	}
	return list
}

// How often an address that could not be bound is tried again: the check for
// duplicates takes a second or two, what lasts longer may last for good.
const (
	bindAgainFirst = 2 * time.Second
	bindAgainMost  = time.Minute
)

// run is a goroutine of the server's until all that is wanted has sockets.
func (b *binder) run(first time.Duration) {
	wait := time.NewTimer(first)
	defer wait.Stop()
	for next := 2 * first; b.waits(); next = min(2*next, bindAgainMost) {
		select {
		case <-b.server.stop:
			return
		case <-wait.C:
			b.again()
			wait.Reset(next)
		}
	}
}

// waits reports whether there is something to try again for.
func (b *binder) waits() bool { return len(b.failed) > 0 || len(b.absent) > 0 }

// again tries what has no socket yet, and forgets addresses that are gone.
func (b *binder) again() {
	defer b.server.group.Contain("bind", nil)
	places, absent, err := b.wanted()
	if err != nil {
		return // no interface at the moment
	}
	b.absent = absent
	for addr := range b.failed {
		if !slices.Contains(places, addr) {
			delete(b.failed, addr)
			b.server.config.Log.Info("media address is gone", "address", addr)
		}
	}
	for _, addr := range places {
		if !b.bound[addr] {
			b.late(addr)
		}
	}
}

// late gives an address its sockets while the server runs.
func (b *binder) late(addr netip.AddrPort) {
	s := b.server
	left := max(maxSockets, 2*s.config.Workers) - s.group.Workers()
	if left <= 0 {
		delete(b.failed, addr)
		return
	}
	bound, err := b.bind(addr, min(s.config.Workers, left))
	if err != nil {
		b.tell(addr, err)
		return
	}
	delete(b.failed, addr)
	s.config.Log.Info("media address serves now", "address", bound)
	s.group.Start()
}
