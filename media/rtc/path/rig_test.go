package path

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/media"
	"parley/media/rtc/rtctest"
	"parley/media/udp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a worker whose loop the test turns by hand, and some peers that are
// assumed to be there already.
type rig struct {
	t      testing.TB
	host   *Host
	w      *bench
	from   *Peer
	to     []*Peer
	client *net.UDPConn // at whose address from is
}

// bench is a Worker with one socket.
type bench struct {
	sock    *udp.Socket
	in      *udp.RecvBatch
	out     *udp.SendBatch
	loop    Loop
	drops   Drops
	current *Peer
}

func (b *bench) Batch(*Link) *udp.SendBatch { return b.out }
func (b *bench) Handling(p *Peer)           { b.current = p }
func (b *bench) Forget(f *Flow)             { b.loop.Forget(f) }
func (b *bench) WriteTo(p []byte, to *Flow) { b.sock.WriteTo(p, &to.Addr) }

// session is an Owner that counts.
type session struct {
	wg       sync.WaitGroup
	ended    atomic.Bool
	heard    atomic.Int64
	selected atomic.Int32
	restarts atomic.Int32
	keys     atomic.Pointer[Keys]
	failure  atomic.Pointer[error]
}

func (s *session) Running() bool           { return !s.ended.Load() }
func (s *session) Heard(now media.Instant) { s.heard.Store(int64(now)) }
func (s *session) Keyed(k *Keys)           { s.keys.Store(k) }
func (s *session) Failed(err error)        { s.failure.Store(&err) }
func (s *session) Go(f func())             { s.wg.Go(f) }
func (s *session) Selected(_ Worker, restarted bool) {
	s.selected.Add(1)
	if restarted {
		s.restarts.Add(1)
	}
}

// newRig makes a rig with one peer at the client's address and more at others.
func newRig(t testing.TB, others int) *rig {
	t.Helper()
	r := newRigAt(t, "127.0.0.1:0")
	r.from = r.peer()
	r.w.loop.Assume(r.from, udp.AddrFrom(r.client.LocalAddr().(*net.UDPAddr).AddrPort()), nil, r.host.now().Add(time.Hour))
	for i := range others {
		p := r.peer()
		r.w.loop.Assume(p, udp.AddrFrom(netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(1+i))), nil, r.host.now().Add(time.Hour))
		r.to = append(r.to, p)
	}
	return r
}

// newRigAt makes a rig without peers at a local address.
func newRigAt(t testing.TB, addr string) *rig {
	t.Helper()
	start := time.Now()
	now := func() media.Instant { return media.InstantOf(start).Add(time.Since(start)) }
	host, err := NewHost(now, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	sock, err := udp.Listen(netip.MustParseAddrPort(addr), udp.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sock.Close() })
	r := &rig{t: t, host: host, w: &bench{sock: sock, in: udp.NewRecvBatch(), out: udp.NewSendBatch(sock)}}
	r.w.loop.Init(host, r.w, 0, &r.w.drops)
	if r.client, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(sock.LocalAddr())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.client.Close() })
	return r
}

// peer makes a peer as an offer of one would.
func (r *rig) peer() *Peer {
	p, s := &Peer{}, &session{}
	p.Init(r.host, s)
	p.Identify([]media.Fingerprint{{Hash: "sha-256", Value: strings.Repeat("AA:", 31) + "AA"}}, false)
	p.Restart(p.Draw("abcd", "abcdefghijklmnopqrstuvwx"))
	r.t.Cleanup(func() {
		s.ended.Store(true)
		p.Close()
		s.wg.Wait()
	})
	return p
}

// owner is whom a peer's path tells what happens.
func owner(p *Peer) *session { return p.owner.(*session) }

// turn lets the worker handle n datagrams.
func (r *rig) turn(n int) {
	_ = r.w.sock.SetDeadline(time.Now().Add(rtctest.Patience / 2))
	for n > 0 {
		if err := r.w.sock.Recv(r.w.in); err != nil || r.w.in.Len() == 0 {
			r.t.Fatalf("nothing arrived: %v", err)
		}
		n -= r.w.in.Len()
		r.w.loop.Begin(r.host.now())
		for i := range r.w.in.Len() {
			if pkt := r.w.in.Packet(i); pkt[0] <= 3 {
				r.w.loop.STUN(pkt, r.w.in.Addr(i), nil)
			} else {
				r.w.loop.DTLS(pkt, r.w.in.Addr(i))
			}
		}
		r.w.out.Flush()
	}
}
