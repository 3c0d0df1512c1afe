package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"parley/media/rtc"
)

// portError says why the port could not be opened, and what helps.
func portError(s settings, err error) error {
	port := s.listen.Port()
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return advise(fmt.Errorf("port %d is in use: %w", port, err), "Stop what uses it, or choose another one, such as --listen %s.", net.JoinHostPort(s.host, "8444"))
	case errors.Is(err, fs.ErrPermission):
		return advise(fmt.Errorf("port %d: %w", port, err), "Ports below 1024 need a privilege: choose a higher one with --listen, or grant CAP_NET_BIND_SERVICE.")
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return advise(fmt.Errorf("port %d: %w", port, err), "Allow the process more open files (ulimit -n), or let fewer --interfaces and --workers take media.")
	case errors.Is(err, rtc.ErrNoAddress):
		return advise(fmt.Errorf("media on port %d: %w", port, err), "Bring up an interface whose address can be used, or choose others with --interfaces or --listen.")
	case errors.Is(err, syscall.EADDRNOTAVAIL) && ofInterface(s.listen.Addr()):
		return advise(fmt.Errorf("address %s: %w", s.host, err), "An interface has that address, but it can not be used now: an IPv6 address is checked for a second or two whether another machine has it. Try again; --listen [::]:%d takes all.", port)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return advise(fmt.Errorf("address %s: %w", s.host, err), "No interface of this machine has that address; --listen 0.0.0.0:%d takes all.", port)
	}
	return fmt.Errorf("open port %d: %w", port, err)
}

// ofInterface reports whether an interface has the address.
func ofInterface(addr netip.Addr) bool {
	list, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(list, func(a net.Addr) bool {
		p, err := netip.ParsePrefix(a.String())
		return err == nil && p.Addr().Unmap() == addr.Unmap()
	})
}
