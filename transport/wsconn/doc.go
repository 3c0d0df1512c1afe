// Package wsconn is the WebSocket connection (RFC 6455, server side) after
// the upgrade: no goroutine and no read buffer while it is idle.
//
// # Entry points
//
// [New] makes a [Server] on a [parley/transport/poll.Poller]. [Movable]
// wraps what http.Server is given, and [Server.Upgrade], called from an HTTP
// handler, turns the request into a [Conn] and returns; from then on a poll
// loop calls the Conn's [Handler].
//
// # Who owns what
//
//	any goroutine  Send, Ping, Close ── Conn.mu ──► output queue, phase
//	one poll loop  OnEvent ──► parser ──► Handler.OnText, Handler.OnClose
//
// Input state (the parser, the keepalive counters) belongs to the loop and has
// no lock. Output state is guarded by Conn.mu, which is never held while a
// Handler runs. Handlers are called in order and never concurrently for one
// Conn; they must not block, for the loop serves other connections too. The
// bytes given to OnText are the loop's and valid during the call only.
//
// # Output
//
// Send writes the frame's shared bytes on the caller's goroutine if nothing
// is queued, and queues a reference if the socket is full; the loop drains the
// queue with writev. Nothing is copied. With TLS the frame is sealed on the
// caller's goroutine, 16 KiB at a time and only while no sealed bytes wait, so
// a congested connection holds references and at most one sealed chunk.
//
// # TLS
//
// The handshake and the upgrade request run on net/http's goroutine and
// socket. Below the tls.Conn sits a switchConn; at the upgrade the socket
// moves to the poller and switchConn begins to answer "try again" where it
// used to block. crypto/tls keeps a partly read record across a read error
// that calls itself temporary, so its Read simply goes on at the next event.
// Its write errors are final, so switchConn accepts all that is written and
// the Conn sends it when it can.
//
// # Limits
//
// See [Limits]. A peer that breaks one gets a close frame with the status
// named there; a peer that does not read or does not answer pings is cut.
// Compression is never negotiated: meeting messages are small, and a window
// per connection would cost more memory than everything else together.
//
// What is common property is memory for messages that are not complete, and
// there a limit alone would let whoever comes first keep all others out. So
// each address has a share, messages of up to 64 KiB have a reserve, and when
// something is full it is not the newcomer that goes but who holds most: budget
// in this package. A message that comes whole takes none and never meets it.
// With the first-come rule 218 half-sent messages were enough.
//
// # Why not otherwise
//
// gobwas/ws has readers, but they need a blocking io.Reader and lose bytes on
// a non-blocking socket; its header type, masking, checks and upgrade are
// used, its readers are not. A goroutine per connection costs 4 to 8 KiB of
// stack and buffer each, several times what everything here does.
package wsconn
