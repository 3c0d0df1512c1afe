// Package udp moves datagrams between the kernel and a forwarding worker in
// batches, without allocating, locking or copying more than the kernel does.
//
// # What is here
//
//   - [Socket]: one UDP socket. Several may share a port (SO_REUSEPORT); the
//     kernel then spreads 4-tuples over them by hash.
//   - [RecvBatch]: the arena that recvmmsg(2) fills: [BatchSize] slots of
//     2 KiB, allocated with the first datagram. The owner may rewrite a slot in place until its next Recv; 64
//     bytes before and after each datagram belong to the slot, because
//     STUN's integrity check (pion/stun) writes 20 bytes past the message.
//   - [SendBatch]: the arena that sendmmsg(2) drains. Datagrams of one size
//     to one destination that follow each other become one message with a
//     UDP_SEGMENT control header (generic segmentation offload): the kernel
//     walks its IP stack once for the run.
//   - the doorbell: what a Recv waits for. The runtime's poller does not know
//     the socket itself, or each datagram would wake a thread for a reader
//     that is at work; nor do its timers know the reader's deadline, which
//     would wake three. See doorbell_linux.go.
//   - [Addr]: a remote address in the kernel's own encoding, so that it is
//     never re-encoded, and [Table], a map from it by integer keys.
//
// # Who owns what
//
// A Socket's receive side, its RecvBatch and every SendBatch belong to one
// goroutine each. A Socket may be sent to by any number of SendBatches from
// different goroutines: the runtime's descriptor lock serialises them for the
// length of one system call. Wake is the only method that other goroutines
// may call on a socket that is being read.
//
// # Why not otherwise
//
// golang.org/x/net's ReadBatch allocates two objects per datagram to return
// its address and WriteBatch encodes every address again; connected sockets
// per peer would cost a descriptor per participant; a sender goroutine with a
// flush timer costs a hand-off and up to its interval in delay. Here a batch
// is as long as what the kernel had ready and is flushed when it ends.
//
// # Limits
//
// A datagram in is at most [MaxRecv] bytes (longer ones are counted and
// dropped), out at most [MaxSend]. A run is at most 64 datagrams and 65,000
// bytes. When the kernel's send buffer stays full for three polls of 1 ms,
// the rest of the batch is dropped and counted. Segmentation is probed when
// the socket opens and given up for good on the first EIO (no checksum
// offload on the way out). Linux 7.0 to 7.1.4 corrupts long runs of equal
// segments, so runs stay below eight there.
//
// Systems other than Linux use one system call per datagram behind the same
// types ([Config].Plain forces that on Linux, for tests).
package udp
