package rtc

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// framed is a PacketOut that frames packets as RFC 4571 says and writes them to a
// connection, from a goroutine of its own.
type framed struct {
	conn net.Conn
	link *Link

	mu      sync.Mutex // guards what follows
	changed *sync.Cond
	waiting []byte
	ended   bool
}

// framedRoom is how much may wait for a slow connection.
const framedRoom = 256 << 10

func (f *framed) SendPackets(packets [][]byte) (sent int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range packets {
		if f.ended || len(f.waiting)+2+len(p) > framedRoom {
			break
		}
		f.waiting = append(binary.BigEndian.AppendUint16(f.waiting, uint16(len(p))), p...)
		sent++
	}
	f.changed.Signal()
	return sent
}

// write is the writing goroutine.
func (f *framed) write() {
	for {
		f.mu.Lock()
		for len(f.waiting) == 0 && !f.ended {
			f.changed.Wait()
		}
		out := f.waiting
		f.waiting = nil
		ended := f.ended
		f.mu.Unlock()
		if _, err := f.conn.Write(out); err != nil || ended {
			return
		}
	}
}

// read is the reading goroutine.
func (f *framed) read() {
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.ended = true
		f.changed.Signal()
	}()
	buf := make([]byte, 1<<16)
	for {
		if _, err := io.ReadFull(f.conn, buf[:2]); err != nil {
			return
		}
		n := binary.BigEndian.Uint16(buf)
		if _, err := io.ReadFull(f.conn, buf[:n]); err != nil {
			return
		}
		f.link.Receive(buf[:n])
	}
}

// tcpDoor lets peers come by TCP.
type tcpDoor struct {
	listener net.Listener
	wg       sync.WaitGroup

	mu    sync.Mutex // guards conns
	conns []net.Conn
}

func newTCPDoor(t *testing.T, s *Server) *tcpDoor {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &tcpDoor{listener: l}
	d.wg.Go(func() { d.serve(s) })
	t.Cleanup(func() {
		_ = l.Close()
		d.hangUp()
		d.wg.Wait()
	})
	return d
}

func (d *tcpDoor) serve(s *Server) {
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.mu.Lock()
		d.conns = append(d.conns, conn)
		d.mu.Unlock()
		f := &framed{conn: conn}
		f.changed = sync.NewCond(&f.mu)
		f.link = s.Attach(f, conn.RemoteAddr().(*net.TCPAddr).AddrPort())
		d.wg.Go(f.read)
		d.wg.Go(f.write)
	}
}

// hangUp ends all connections there are.
func (d *tcpDoor) hangUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.conns {
		_ = c.Close()
	}
	d.conns = nil
}

func (d *tcpDoor) addr() netip.AddrPort { return d.listener.Addr().(*net.TCPAddr).AddrPort() }

// TestPeerByTCP: a peer that can come by TCP only proves its address, shakes
// hands and gets and sends pictures by it, as one by UDP does, which it meets.
func TestPeerByTCP(t *testing.T) {
	for name, passive := range map[string]bool{"DTLS client": false, "DTLS server": true} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, Config{Workers: 2})
			door := newTCPDoor(t, s)
			anna, bert := join(t, s, peerOptions{seats: 1, tcp: door.addr(), passive: passive}), join(t, s, peerOptions{seats: 1})
			if f := anna.session.media().Path().Selected(); f.Link == nil || f.Addr.AddrPort().Addr() != door.addr().Addr() {
				t.Fatalf("selected %+v", f)
			}
			anna.session.Place(0, Placement{From: bert.session, Source: Camera, Video: true})
			bert.session.Place(0, Placement{From: anna.session, Source: Camera, Video: true})
			startPump(t, anna, "anna")
			startPump(t, bert, "bert")
			for _, p := range []*peer{anna, bert} {
				p.wait("pictures", func() bool { return len(p.rtp[p.answer.video[0]]) > 50 })
			}
		})
	}
}

// TestManyByTCP: packets for several connections leave in one batch, and each
// gets its own.
func TestManyByTCP(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	door := newTCPDoor(t, s)
	from := join(t, s, peerOptions{tcp: door.addr()})
	var all []*peer
	for range 4 {
		p := join(t, s, peerOptions{seats: 1, tcp: door.addr()})
		p.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
		all = append(all, p)
	}
	startPump(t, from, "from")
	for _, p := range all {
		p.wait("pictures", func() bool { return len(p.rtp[p.answer.video[0]]) > 20 })
	}
	if n := s.Figures().Drops[dropAuth.String()]; n != 0 {
		t.Errorf("%d packets did not open", n)
	}
}

// TestTCPThatEnds: what is sent to a connection that ended is counted, and the
// session ends like any that is not heard any more.
func TestTCPThatEnds(t *testing.T) {
	s := listen(t, Config{Workers: 1, Timeout: 2 * time.Second})
	door := newTCPDoor(t, s)
	from, to := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1, tcp: door.addr()})
	to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	startPump(t, from, "from")
	to.wait("pictures", func() bool { return len(to.rtp[to.answer.video[0]]) > 5 })
	door.hangUp()
	waitDrops(t, s, dropSendFull, 10)
	to.events.wait(t, "failure", func() bool { return len(to.events.failed) == 1 })
	if !errors.Is(to.events.failed[0], ErrTimeout) {
		t.Errorf("failed with %v", to.events.failed[0])
	}
}
