package forward

import (
	"parley/media/rtc/path"
	"parley/media/udp"
)

// pathWorker is a worker as the paths see it whose packets arrive there.
type pathWorker worker

// Batch implements path.Worker.
func (p *pathWorker) Batch(via *path.Link) *udp.SendBatch {
	if via != nil {
		return (*worker)(p).linkBatch(via)
	}
	return (*worker)(p).localBatch(p.local)
}

// Handling implements path.Worker.
func (p *pathWorker) Handling(peer *path.Peer) { p.loop.current = remoteOf(peer) }

// Forget implements path.Worker.
func (p *pathWorker) Forget(f *path.Flow) { (*worker)(p).post(command{kind: cmdForget, flow: f}) }

// WriteTo implements path.Worker.
func (p *pathWorker) WriteTo(b []byte, to *path.Flow) {
	if via := to.Link; via != nil {
		via.Out.SendPackets([][]byte{b})
		return
	}
	p.sock.WriteTo(b, &to.Addr)
}

// route is where packets to s go now, nil for nowhere.
func (w *worker) route(s *Remote) *path.Flow { return s.path.Route(w.loop.now) }
