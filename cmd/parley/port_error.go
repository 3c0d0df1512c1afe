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

// portError says why a port could not be opened, and what helps.
func portError(at endpoint, err error) error {
	port := at.addr.Port()
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return advise(fmt.Errorf("port %d is in use: %w", port, err), "Stop what uses it, or choose another one, such as --%s %s.", at.flag, net.JoinHostPort(at.host, "8444"))
	case errors.Is(err, fs.ErrPermission):
		return advise(fmt.Errorf("port %d: %w", port, err), "Ports below 1024 need a privilege: choose a higher one with --%s, or grant CAP_NET_BIND_SERVICE.", at.flag)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return advise(fmt.Errorf("port %d: %w", port, err), "Allow the process more open files (ulimit -n), or let fewer --interfaces and --workers take media.")
	case errors.Is(err, rtc.ErrNoAddress):
		return advise(fmt.Errorf("media on port %d: %w", port, err), "Bring up an interface whose address can be used, or choose others with --interfaces or --%s.", at.flag)
	case errors.Is(err, syscall.EADDRNOTAVAIL) && ofInterface(at.addr.Addr()):
		return advise(fmt.Errorf("address %s: %w", at.host, err), "An interface has that address, but it can not be used now: an IPv6 address is checked for a second or two whether another machine has it. Try again; --%s [::]:%d takes all.", at.flag, port)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return advise(fmt.Errorf("address %s: %w", at.host, err), "No interface of this machine has that address; --%s 0.0.0.0:%d takes all.", at.flag, port)
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
