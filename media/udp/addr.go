package udp

import (
	"encoding/binary"
	"hash/maphash"
	"maps"
	"net/netip"
)

// Sizes of an encoded address.
const (
	rawLen4 = 16
	rawLen6 = 28
)

// Address families as Linux numbers them. Other systems use the same layout
// here and never show it to their kernel.
const (
	family4 = 2
	family6 = 10
)

// Addr is a UDP address in the layout of sockaddr_in or sockaddr_in6:
//
//	IPv4  family(2, host order) port(2, big endian) address(4) zero(8)
//	IPv6  family(2, host order) port(2, big endian) flow(4) address(16) scope(4)
//
// The zero Addr is no address. Addrs that were handed to SendBatch.Push must
// not change until the batch is flushed.
type Addr struct {
	raw [rawLen6]byte
	n   uint8 // bytes of raw in use: 0, rawLen4 or rawLen6
}

// AddrFrom encodes a. An IPv4 address mapped into IPv6 becomes IPv4. Zones
// that are not numbers are ignored: peers are learned from datagrams, where
// the kernel gives the number.
func AddrFrom(a netip.AddrPort) Addr {
	var out Addr
	ip := a.Addr().Unmap()
	binary.BigEndian.PutUint16(out.raw[2:], a.Port())
	if ip.Is4() {
		binary.NativeEndian.PutUint16(out.raw[:], family4)
		ip4 := ip.As4()
		copy(out.raw[4:], ip4[:])
		out.n = rawLen4
		return out
	}
	binary.NativeEndian.PutUint16(out.raw[:], family6)
	ip16 := ip.As16()
	copy(out.raw[8:], ip16[:])
	out.n = rawLen6
	return out
}

// AddrOfLink is an address for the other end of a connection, so that what comes by
// it can be told from any datagram and from what comes by another connection: the
// number is that of the connection. Nothing can be sent there by a socket.
func AddrOfLink(remote netip.AddrPort, number uint32) Addr {
	var out Addr
	binary.NativeEndian.PutUint16(out.raw[:], family6)
	binary.BigEndian.PutUint16(out.raw[2:], remote.Port())
	ip := remote.Addr().As16()
	copy(out.raw[8:], ip[:])
	// No system counts its interfaces, which scopes are, that far.
	binary.NativeEndian.PutUint32(out.raw[24:], number|1<<31)
	out.n = rawLen6
	return out
}

// AddrPort decodes a.
func (a *Addr) AddrPort() netip.AddrPort {
	port := binary.BigEndian.Uint16(a.raw[2:])
	switch a.n {
	case rawLen4:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(a.raw[4:8])), port)
	case rawLen6:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(a.raw[8:24])).Unmap(), port)
	}
	return netip.AddrPort{}
}

// Equal reports whether a and b are the same address.
func (a *Addr) Equal(b *Addr) bool {
	if a.n == rawLen4 {
		return b.n == rawLen4 && a.key4() == b.key4()
	}
	return a.n == b.n && a.key6() == b.key6()
}

// Hash returns a hash of a that is the same for equal addresses.
func (a *Addr) Hash(seed maphash.Seed) uint64 {
	if a.n == rawLen4 {
		return maphash.Comparable(seed, a.key4())
	}
	return maphash.Comparable(seed, a.key6())
}

// key4 is the IPv4 address and port as one integer.
func (a *Addr) key4() uint64 {
	return uint64(binary.BigEndian.Uint32(a.raw[4:]))<<16 | uint64(binary.BigEndian.Uint16(a.raw[2:]))
}

// key6 is an IPv6 address, its port and its scope.
type key6 struct{ hi, lo, portScope uint64 }

func (a *Addr) key6() key6 {
	return key6{
		hi:        binary.BigEndian.Uint64(a.raw[8:]),
		lo:        binary.BigEndian.Uint64(a.raw[16:]),
		portScope: uint64(binary.NativeEndian.Uint32(a.raw[24:]))<<16 | uint64(binary.BigEndian.Uint16(a.raw[2:])),
	}
}

// Table maps addresses to values. It belongs to one goroutine. Keys are
// integers, which hash several times faster than netip.AddrPort and hold no
// pointers for the collector to follow.
type Table[V any] struct {
	v4 map[uint64]V
	v6 map[key6]V
}

// Get returns the value at a.
func (t *Table[V]) Get(a *Addr) (V, bool) {
	if a.n == rawLen4 {
		v, ok := t.v4[a.key4()]
		return v, ok
	}
	v, ok := t.v6[a.key6()]
	return v, ok
}

// Put sets the value at a.
func (t *Table[V]) Put(a *Addr, v V) {
	if a.n == rawLen4 {
		if t.v4 == nil {
			t.v4 = make(map[uint64]V)
		}
		t.v4[a.key4()] = v
		return
	}
	if t.v6 == nil {
		t.v6 = make(map[key6]V)
	}
	t.v6[a.key6()] = v
}

// Delete removes the value at a.
func (t *Table[V]) Delete(a *Addr) {
	if a.n == rawLen4 {
		delete(t.v4, a.key4())
		return
	}
	delete(t.v6, a.key6())
}

// DeleteFunc removes the values for which drop is true.
func (t *Table[V]) DeleteFunc(drop func(V) bool) {
	maps.DeleteFunc(t.v4, func(_ uint64, v V) bool { return drop(v) })
	maps.DeleteFunc(t.v6, func(_ key6, v V) bool { return drop(v) })
}

// Len is the number of addresses in the table.
func (t *Table[V]) Len() int { return len(t.v4) + len(t.v6) }
