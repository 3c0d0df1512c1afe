// Package portmux lets several protocols share one TCP port: it looks at the first
// bytes of a connection and hands it to whoever claims it.
//
//	accept ─▶ Admit ─▶ look ─┬──────────────────────────┬─▶ first Matcher that says Yes ─▶ To
//	            │            └─ waiting: one loop for all ┘
//	            └─ refused       └─ nobody's, silent, slow, left: closed and counted
//
// # Entry point
//
// [New], then [Mux.Serve] for each listener with a table of [Matcher]s, [Mux.Close].
// Who claims connections and wants them from a net.Listener takes a [Queue].
//
// # Who owns what
//
// A connection that waits is watched by a poller (transport/poll) with the
// descriptor it has: it costs neither a goroutine nor a second descriptor. When it
// is claimed it leaves the poller for good, and what was read comes first when its
// new owner reads. From Admit to Gone somebody
// else may count it and cut it ([Conn.Cut]) at any time.
//
// # Limits
//
// A connection has Config.Time to say at most [Peek] bytes; sending one now and then
// gains nothing. How many wait is not bounded here but by Admit, which the counts for
// what comes after know, too.
//
// # Why not otherwise
//
// Peeking with MSG_PEEK would leave the bytes where they are, but an event is due for
// as long as they are there, and not every system has it. TCP_DEFER_ACCEPT only
// delays who says nothing, and then hands it out after all. A goroutine that reads
// with a deadline is simple, and is what silent connections are opened for.
package portmux
