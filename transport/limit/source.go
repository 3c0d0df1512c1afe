package limit

import "net/netip"

// Source is who addr counts as: an IPv4 address by itself, also when it is
// mapped into IPv6, an IPv6 address with its whole /64, each without a zone. Of
// an invalid address it is the zero Prefix, which nothing limits.
func Source(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	source, err := addr.Prefix(bits)
	if err != nil { // it is not valid
		return netip.Prefix{}
	}
	return source
}
