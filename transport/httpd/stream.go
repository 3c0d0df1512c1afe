package httpd

import (
	"context"
	"crypto/tls"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"parley/transport/portmux"
)

// Stream serves a connection that speaks no HTTP, on a goroutine of its own; the
// connection is closed when it returns. At Shutdown ctx ends and reading fails, with
// time left to say goodbye. A panic costs this connection only.
type Stream func(ctx context.Context, conn net.Conn)

// How a stream ended.
const (
	streamDone      = "done"      // its Stream returned
	streamPanic     = "panic"     // or panicked
	streamHandshake = "handshake" // TLS failed, or took too long
)

// streams are the connections that Streams serve.
type streams struct {
	ctx     context.Context // ends with Shutdown
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex // guards all below
	open   map[*portmux.Conn]struct{}
	closed bool
}

func newStreams() *streams {
	s := &streams{open: map[*portmux.Conn]struct{}{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// begin runs serve for conn, which is closed at its end.
func (s *streams) begin(conn *portmux.Conn, serve func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.Cut()
		return
	}
	s.open[conn] = struct{}{}
	s.running.Go(func() {
		defer s.end(conn)
		serve()
	})
}

func (s *streams) end(conn *portmux.Conn) {
	_ = conn.Close() // closed already, or the peer is told by it
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
}

// close asks all to end, cuts what is left when ctx ends, and waits.
func (s *streams) close(ctx context.Context) {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	stop := context.AfterFunc(ctx, s.cut)
	defer stop()
	s.running.Wait()
}

func (s *streams) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.open {
		_ = conn.Close()
	}
}

// stream lets l's Stream serve conn, over TLS unless that is nil.
func (s *Server) stream(l *Listener, conn *portmux.Conn, over *tls.Config) {
	s.streams.begin(conn, func() {
		how := streamPanic
		defer func() {
			if p := recover(); p != nil {
				s.cfg.Log.Error("stream handler panicked", "listener", l.Name, "panic", p, "stack", string(debug.Stack()))
			}
			s.metrics.streams.WithLabelValues(l.Name, how).Inc()
		}()
		how = s.serveStream(l, conn, over)
	})
}

func (s *Server) serveStream(l *Listener, raw *portmux.Conn, over *tls.Config) (how string) {
	conn := net.Conn(raw)
	if over != nil {
		secured := tls.Server(raw, over)
		ctx, cancel := context.WithTimeout(s.streams.ctx, s.cfg.HeaderTime)
		err := secured.HandshakeContext(ctx)
		cancel()
		if err != nil {
			s.cfg.Log.Debug("handshake", "listener", l.Name, "err", err)
			return streamHandshake
		}
		defer secured.Close() // with a word to the peer
		conn = secured
	}
	s.crowd.work(raw, true) // who waits gives way before it
	stop := context.AfterFunc(s.streams.ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	l.Stream(s.streams.ctx, conn)
	return streamDone
}
