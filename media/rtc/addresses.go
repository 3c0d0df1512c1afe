package rtc

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Interfaces by these name prefixes lead to containers and virtual machines
// on this host; peers can not reach us there.
var virtualInterfaces = []string{
	"docker", "br-", "veth", "virbr", "cni", "flannel", "cali", "lxc", "lxd", "podman", "vmnet", "vboxnet",
}

// bindAddresses expands what the operator asked for to the addresses that get
// a socket: an unspecified address stands for those of all interfaces. One
// socket per address makes replies leave from the address that was asked.
func bindAddresses(want []netip.AddrPort) ([]netip.AddrPort, error) {
	var out []netip.AddrPort
	for _, w := range want {
		w = netip.AddrPortFrom(w.Addr().Unmap(), w.Port())
		if !w.IsValid() {
			return nil, fmt.Errorf("media address %s: not an address and port", w)
		}
		if !w.Addr().IsUnspecified() {
			out = append(out, w)
			continue
		}
		local, err := interfaceAddresses()
		if err != nil {
			return nil, fmt.Errorf("media address %s: %w", w, err)
		}
		for _, a := range local {
			// "0.0.0.0" asks for IPv4 only; "::" asks for both, as it
			// does for TCP.
			if a.Is4() || w.Addr().Is6() {
				out = append(out, netip.AddrPortFrom(a, w.Port()))
			}
		}
	}
	seen := make(map[netip.AddrPort]bool, len(out))
	out = slices.DeleteFunc(out, func(a netip.AddrPort) bool {
		again := seen[a] && a.Port() != 0
		seen[a] = true
		return again
	})
	if len(out) == 0 {
		return nil, ErrNoAddress
	}
	return out, nil
}

// interfaceAddresses lists the addresses peers may reach us at; loopback only
// if there is nothing else.
func interfaceAddresses() ([]netip.Addr, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var out, loopback []netip.Addr
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || isVirtual(i.Name) {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue // the interface went away
		}
		for _, a := range addrs {
			prefix, err := netip.ParsePrefix(a.String())
			if err != nil {
				continue
			}
			ip := prefix.Addr().Unmap()
			switch {
			case ip.IsLoopback():
				loopback = append(loopback, ip)
			case ip.IsGlobalUnicast():
				out = append(out, ip)
			}
		}
	}
	if len(out) == 0 {
		return loopback, nil
	}
	return out, nil
}

func isVirtual(name string) bool {
	return slices.ContainsFunc(virtualInterfaces, func(p string) bool { return strings.HasPrefix(name, p) })
}
