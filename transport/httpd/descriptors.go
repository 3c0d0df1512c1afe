package httpd

import (
	"net"
	"sync/atomic"
	"time"
)

// descriptors knows how close the process is to the number of descriptors it may
// have. It needs no count: the system gives each new one the lowest number that
// is free (POSIX), so if the next one is number 900, there are 900 others. A
// WebSocket moves to the next number when it is upgraded and frees the one it was
// accepted with, which would then be what every later connection gets; so the
// number that counts is the one after a connection's own.
//
// The Go runtime raises the soft limit to the hard one when the process starts.
type descriptors struct {
	limit int          // 0: unknown, or none
	last  atomic.Int64 // the next number when the latest connection came
}

// reserve is how many numbers are kept for files, packets and accepting: an
// eighth, 32 at least and 1,024 at most. Below the reserve's begin nothing is
// scarce; up to its middle connections that wait give way to new ones; beyond it
// no WebSocket is taken.
func (d *descriptors) reserve() int { return min(max(d.limit/8, 32), 1024) }

// numbered is a listener that looks at the numbers of what it accepts.
type numbered struct {
	net.Listener
	descriptors *descriptors
	shed        func() bool // ends a connection that waits
}

// Accept implements net.Listener.
func (l numbered) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		if next := nextDescriptor(conn); next >= 0 {
			l.descriptors.last.Store(int64(next))
		} else {
			l.descriptors.last.Store(int64(l.descriptors.limit))
		}
	} else if outOfDescriptors(err) {
		l.descriptors.last.Store(int64(l.descriptors.limit))
		l.shed() // http.Server tries again after a while
	}
	return conn, err
}

// scarce reports whether the reserve is begun.
func (d *descriptors) scarce() bool {
	return d.limit > 0 && d.last.Load() >= int64(d.limit-d.reserve())
}

// out reports whether a new WebSocket would be one too many.
func (d *descriptors) out() bool {
	return d.limit > 0 && d.last.Load() >= int64(d.limit-d.reserve()/2)
}

// busyRetry is when to try again without descriptors.
const busyRetry = 5 * time.Second
