package engine

import "net/netip"

// sourceOf is what counts as one address: a /64 of IPv6, which is what one
// customer gets. Without a valid address it is invalid: no limit.
func sourceOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	p, _ := addr.Prefix(min(addr.BitLen(), 64)) // fails for the zero Addr only
	return p
}

// sourceName is how a source is called, empty for none.
func sourceName(addr netip.Addr) string {
	if p := sourceOf(addr); p.IsValid() {
		return p.String()
	}
	return ""
}
