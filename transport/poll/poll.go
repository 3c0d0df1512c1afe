package poll

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"runtime"
	"runtime/debug"
	"time"
)

// Errors of FDs and Pollers.
var (
	// ErrAgain says that nothing can be read or written now; an event will
	// tell when that changes (for output only after WantWrite(true)).
	ErrAgain = errors.New("poll: try again")
	// ErrClosed says that the FD or the Poller is closed.
	ErrClosed = errors.New("poll: closed")
)

// Events is a set of reasons to call a Handler.
type Events uint8

// The reasons.
const (
	// Readable: Read will return data, end of input or an error.
	Readable Events = 1 << iota
	// Writable: output that was refused may go on.
	Writable
	// Expired: the timer set by SetTimer is due. It is disarmed.
	Expired
	// Woken: Wake was called.
	Woken
)

// Handler is told about one connection's events. OnEvent is never called
// concurrently for one FD and not any more after Close, except for a call
// that is under way. scratch is the loop's read buffer and belongs to the
// handler until OnEvent returns. If OnEvent panics the FD is closed, as the
// last resort: a Handler that has to tell somebody recovers by itself.
type Handler interface {
	OnEvent(ev Events, scratch []byte)
}

// tell calls h. A panic in there ends d, not what serves the other
// connections.
func tell(h Handler, d io.Closer, log *slog.Logger, what Events, scratch []byte) {
	defer func() {
		if r := recover(); r != nil {
			log.Error("connection handler panicked", slog.Any("panic", r), slog.String("stack", string(debug.Stack())))
			_ = d.Close() // may be closed already
		}
	}()
	h.OnEvent(what, scratch)
}

// FD is a connection a Poller has taken over.
type FD interface {
	// Start begins to deliver events to h. The first one is Readable, even if
	// nothing arrived, because input may already wait in a layer above.
	Start(h Handler) error
	// Read reads what is there: ErrAgain if nothing is, io.EOF at the end.
	Read(p []byte) (int, error)
	// Write and Writev write without blocking. If not all was taken the error
	// is ErrAgain or final.
	Write(p []byte) (int, error)
	Writev(bufs [][]byte) (int, error)
	// WantWrite turns Writable events on or off.
	WantWrite(on bool)
	// SetTimer arms the only timer, replacing what was set. It fires up to
	// one wheel tick late, never early. Zero disarms.
	SetTimer(at Instant)
	// Wake makes a Woken event; several calls may make one event.
	Wake()
	// CloseWrite ends the output (TCP FIN), input goes on.
	CloseWrite() error
	// Close ends both and frees the descriptor.
	Close() error
}

// Lent is a connection that a Poller watches for its owner. Its methods are those
// of FD, but for what is said here.
type Lent interface {
	// Start begins to deliver Readable and Expired, and nothing else: Readable when
	// there is something.
	Start(h Handler) error
	// Read is for the Handler alone, or for the owner before Start: then it may say
	// ErrAgain where only waiting would tell.
	Read(p []byte) (int, error)
	// SetTimer must be called before Start, or by the Handler.
	SetTimer(at Instant)
	// Close ends the watching. The connection stays open: it is its owner's again,
	// without what was read.
	Close() error
}

// Poller serves connections until Close.
type Poller interface {
	// Add takes conn over: the caller must not use conn any more, whatever
	// Add returns. Nothing is delivered before FD.Start.
	Add(conn net.Conn) (FD, error)
	// Lend watches conn, which stays the caller's: for who has to see what comes
	// before it is settled who serves it. Until Lent.Close nobody may read from
	// conn, set deadlines or close it: its descriptor is the one that is watched,
	// so that waiting costs no second one.
	Lend(conn net.Conn) (Lent, error)
	// Close closes every FD without telling their handlers, ends all watching and
	// waits for the poller's goroutines. It must not be called from a Handler.
	Close() error
}

// Options configure a Poller. The zero value is good.
type Options struct {
	// Loops is the number of goroutines, default GOMAXPROCS, at most 64. The
	// portable poller ignores it.
	Loops int
	// Scratch is the size of a loop's read buffer in bytes, default 64 KiB
	// (portable: 4 KiB per connection).
	Scratch int
	// Portable asks for goroutines instead of epoll.
	Portable bool
	// Log is told of handlers that panicked, default slog.Default().
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Loops <= 0 {
		o.Loops = runtime.GOMAXPROCS(0)
	}
	o.Loops = min(o.Loops, 64)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Scratch <= 0 {
		o.Scratch = 64 << 10
		if o.Portable {
			o.Scratch = 4 << 10
		}
	}
	return o
}

// Instant is a moment in nanoseconds since the process started, on the
// monotonic clock. Zero means never.
type Instant int64

var epoch = time.Now()

// Now returns the present moment, at least 1.
func Now() Instant { return Instant(time.Since(epoch)) + 1 }

// After returns the moment d from i.
func (i Instant) After(d time.Duration) Instant { return i + Instant(d) }

// Sub returns how much later i is than o.
func (i Instant) Sub(o Instant) time.Duration { return time.Duration(i - o) }
