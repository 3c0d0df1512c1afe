// Package floor holds the yardsticks: the least code that does the kernel and
// cipher work of a meeting server on this machine.
//
// Micro measures single steps on one thread: receive, open, seal, and the
// ways of sending, in microseconds of CPU per packet. Sends go over loopback,
// so that they contain the delivery into the receiver's socket, as they do
// when a server is measured on one machine.
//
// The minimal forwarder (Forward) is what scenarios are divided by: one loop,
// fixed keys, no ICE, no rooms, no retransmission. It receives with recvmmsg,
// opens, seals for every destination and sends with sendmmsg at the end of
// the receive batch, with UDP_SEGMENT for runs to one destination when the
// plan says so. It runs as a process of its own, so that its CPU is its own,
// and is fed and drained by the same load clients as the server.
//
// The system calls are written out here and not taken from media/udp: a
// yardstick must not move with what it measures.
package floor
