// Package netloop drives the sockets of many load clients from few
// goroutines. A Loop owns its sockets and timers: everything registered with
// it is called on the goroutine of Run, so handlers need no locks. Others
// reach a loop only through Post.
//
// On Linux a loop is one epoll set: datagrams come by recvmmsg with UDP_GRO
// and leave by sendmmsg, WebSockets are read without a goroutine or buffer of
// their own. Elsewhere each socket has a reading goroutine that hands what it
// read to the loop; that is enough to work, not to measure.
//
// Limits: a datagram or GRO run may have 64 KiB, a text message 1 MiB.
package netloop
