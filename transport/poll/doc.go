// Package poll watches many connections with few goroutines.
//
// A [Poller] takes over connections ([Poller.Add]) and tells each one's
// [Handler] when there is input, when output may go on, when its timer is due
// and when somebody woke it. An idle connection costs a descriptor, about
// 150 bytes of ours and neither a goroutine nor a buffer.
//
// # Who owns what
//
// On Linux a Poller is a few loops, each one goroutine with one epoll
// instance, one scratch buffer and one timer wheel. A loop waits in the
// runtime's poller, so one with nothing to do keeps no thread. A connection belongs to
// one loop for life and its Handler runs on that loop's goroutine only, so a
// connection is served by one goroutine at a time without any re-arming.
// Handlers must not block: they would hold up the loop's other connections.
// [FD.Write], [FD.Writev], [FD.WantWrite], [FD.SetTimer], [FD.Wake] and
// [FD.Close] may be called from any goroutine. A handler that panics loses its
// connection and nothing else.
//
// A connection may also be watched for its owner ([Poller.Lend]), until it is
// settled who serves it: it keeps its descriptor and comes back as it was, without
// what was read.
//
// # Why level-triggered
//
// A level-triggered loop may read a bounded amount per event and come back: the
// kernel remembers what is left, so a flooding peer gets its turn and no more,
// and a short read need not be followed by one more read that only says
// EAGAIN. Output is watched only while something is waiting to be sent, which
// costs two epoll_ctl calls per congested period and none otherwise.
// EPOLLONESHOT was not chosen because with one loop per connection it would
// buy nothing and cost one epoll_ctl per event.
//
// # Elsewhere
//
// On systems without epoll, and for connections that have no descriptor (an
// in-memory pipe), the portable poller serves each connection with three
// goroutines behind the same interface, and one that it watches for another with
// one. It is built everywhere, so that tests on Linux cover it.
package poll
