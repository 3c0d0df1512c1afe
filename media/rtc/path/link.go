package path

import "parley/media/udp"

// Link is a connection that carries packets to and from one address in place of a
// socket, TCP for example. Whoever is there has to prove it like anybody else.
type Link struct {
	Out udp.PacketOut
	// Addr tells it from all else that packets come from, see udp.AddrOfLink.
	Addr udp.Addr
}
