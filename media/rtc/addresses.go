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
// a socket: an unspecified address stands for those of the interfaces, local.
// One socket per address makes replies leave from the address that was asked.
func bindAddresses(want []netip.AddrPort, local []netip.Addr) ([]netip.AddrPort, error) {
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

// interfaceAddresses lists the addresses peers may reach us at: those of the
// named interfaces, or of all that lead out of this host, and of loopback only
// if there is nothing else. absent are the names that no interface has now.
func interfaceAddresses(names []string) (addrs []netip.Addr, absent []string, err error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, nil, fmt.Errorf("network interfaces: %w", err)
	}
	absent = slices.Clone(names)
	var loopback []netip.Addr
	for _, i := range interfaces {
		absent = slices.DeleteFunc(absent, func(name string) bool { return name == i.Name })
		if i.Flags&net.FlagUp == 0 || !chosen(i.Name, names) {
			continue
		}
		list, err := i.Addrs()
		if err != nil {
			continue // the interface went away
		}
		for _, a := range list {
			prefix, err := netip.ParsePrefix(a.String())
			if err != nil {
				continue
			}
			ip := prefix.Addr().Unmap()
			switch {
			case ip.IsLoopback() && len(names) == 0:
				loopback = append(loopback, ip)
			case ip.IsLoopback(), ip.IsGlobalUnicast():
				addrs = append(addrs, ip)
			}
		}
	}
	if len(addrs) == 0 {
		addrs = loopback
	}
	return addrs, absent, nil
}

// chosen reports whether an interface takes media.
func chosen(name string, names []string) bool {
	if len(names) > 0 {
		return slices.Contains(names, name)
	}
	return !isVirtual(name)
}

func isVirtual(name string) bool {
	return slices.ContainsFunc(virtualInterfaces, func(p string) bool { return strings.HasPrefix(name, p) })
}
