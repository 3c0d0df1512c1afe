// Package limit says who may do how much: the one limiter of the server, used
// for joins, for WebSockets and for everything else that comes over TCP.
//
//	joins := limit.PerMinute(1200) // which may all come at once
//	wait, ok := joins.Allow(addr, time.Now())
//
//	sockets := limit.NewTally(2500)
//	if sockets.Add(addr) {
//		defer sockets.Give(addr)
//	}
//
// # Who counts as one
//
// [Source]: an IPv4 address, or an IPv6 /64, because networks hand one of those
// to each customer. Who the client is, is settled by the caller: behind a proxy
// that is trusted it is not the address of the socket. An address that is not
// valid is exempt from every limit.
//
// # Bounds
//
// A [Rate] knows [MaxSources] sources at most and forgets each one whose bucket
// must be full again; of more it forgets the one that was quiet for longest.
// That makes the limit milder, never sharper: a stranger can not use up the
// memory that lets others in. A [Tally] knows only who has something now.
//
// Rates are those of golang.org/x/time/rate. All methods may be called from any
// goroutine.
package limit
