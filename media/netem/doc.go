// Package netem emulates a bad network between UDP endpoints, repeatably: what
// is lost, late or out of order follows from a seed.
//
// [Shaper] is the pure part: it says what becomes of each datagram of one
// direction. [Proxy] applies two of them to real sockets: clients send to the
// proxy's address, the server sees one socket of the proxy per client, as
// behind a NAT.
//
//	client ──▶ Proxy ──up──▶ server
//	       ◀──down──
//
// A Proxy costs two system calls per datagram and, where a link delays, one
// goroutine per direction: enough for tests and for measuring what loss does,
// too much for measuring throughput.
package netem
