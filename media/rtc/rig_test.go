package rtc

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"parley/media"
	"parley/media/rtc/path"
	"parley/media/udp"
)

// rig is a server with one worker whose loop the test turns by hand, one
// publisher and a number of subscribers, all keyed without ICE or DTLS. It
// counts allocations and measures.
type rig struct {
	t      testing.TB
	server *Server
	w      *worker
	from   *Session
	to     []*Session
	sinks  []*udp.Socket
	client *net.UDPConn
	sealer *media.Sealer // the publisher's
	sc     media.Scratch
	seq    media.ExtSeq
	rtcp   uint32 // index of the publisher's last SRTCP packet
	frames uint32
	ts     uint32 // of the newest frame, by the clock
	slot   []byte
}

// fingerprintText is a fingerprint that no certificate has.
var fingerprintText = strings.Repeat("AA:", 31) + "AA"

func masterKey(b byte) media.MasterKey {
	return media.MasterKey{
		Profile: media.ProfileAES128GCM,
		Key:     bytes.Repeat([]byte{b}, 16), Salt: bytes.Repeat([]byte{b + 1}, 12),
	}
}

func newRig(t testing.TB, subscribers int, c Config) *rig {
	t.Helper()
	c.Addrs = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	c.Workers = 1
	s, err := open(c)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, server: s, w: s.workers()[0], slot: make([]byte, 1500), seq: 1000}
	t.Cleanup(s.closeSockets)
	if r.client, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.w.sock.LocalAddr())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.client.Close() })
	if r.sealer, err = media.NewSealer(masterKey(1)); err != nil {
		t.Fatal(err)
	}
	r.from = r.session(offerSpec{}, r.client.LocalAddr().(*net.UDPAddr).AddrPort(), masterKey(1))
	for range subscribers {
		sink, err := udp.Listen(netip.MustParseAddrPort("127.0.0.1:0"), udp.Config{Buffer: 4096, Plain: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = sink.Close() })
		r.sinks = append(r.sinks, sink)
		r.watch(sink.LocalAddr(), offerSpec{seats: 1})
	}
	return r
}

// watch adds a subscriber that has the publisher in seat 0.
func (r *rig) watch(addr netip.AddrPort, spec offerSpec) {
	sub := r.session(spec, addr, masterKey(3))
	sub.Place(0, Placement{From: r.from, Source: Camera, Video: true, Width: 640, Height: 360})
	r.to = append(r.to, sub)
}

// session opens a session that is connected from addr and whose peer seals
// with key.
func (r *rig) session(spec offerSpec, addr netip.AddrPort, key media.MasterKey) *Session {
	spec.ufrag, spec.pwd, spec.fingerprint = "abcd", "abcdefghijklmnopqrstuvwx", "sha-256 "+fingerprintText
	s, _, err := r.server.Open(context.Background(), "rig", spec.offer(), newRecorder())
	if err != nil {
		r.t.Fatal(err)
	}
	k := &path.Keys{}
	if k.Sealer, err = media.NewSealer(masterKey(9)); err != nil {
		r.t.Fatal(err)
	}
	if k.Opener, err = media.NewOpener(key, maxStreams); err != nil {
		r.t.Fatal(err)
	}
	s.keys.Store(k)
	s.rx.inbound.Tokens = 1 << 50 // as fast as the test can
	s.ready.Store(true)
	s.owner.Store(r.w)
	r.w.loop.path.Assume(&s.path, udp.AddrFrom(addr), nil, r.server.clock.now().Add(time.Hour)) // as long as the test may last
	return s
}

// frame sends the packets of one frame of the publisher's camera: all of one
// size, as one run. Extensions are those of a browser.
func (r *rig) frame(packets, size int, key bool) {
	r.frames++
	r.ts = max(r.ts+1, uint32(time.Since(r.server.clock.start).Microseconds()*9/100))
	for i := range packets {
		pkt := r.packet(size, key && i == 0, i == 0, i == packets-1)
		if _, err := r.client.Write(pkt); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *rig) packet(size int, key, start, last bool) []byte {
	h := append(r.slot[:0], 0x90, ptVP8, byte(r.seq>>8), byte(r.seq))
	ts := r.ts
	h = append(h, byte(ts>>24), byte(ts>>16), byte(ts>>8), byte(ts), 0, 0, ssrcCam>>8, ssrcCam&0xff)
	h = append(h, 0xbe, 0xde, 0, 1, extTWCC<<4|1, byte(r.seq>>8), byte(r.seq), 0)
	if last {
		h[1] |= 0x80
	}
	n := len(h)
	body := append(r.slot[:n], 0x80, 0x80, 0x80|byte(r.frames>>8), byte(r.frames), 0x01)
	if start {
		body[n] |= 0x10
	}
	if key {
		copy(body[n+4:n+14], []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01})
	}
	length, err := r.sealer.SealRTP(&r.sc, r.slot[:cap(r.slot)], n, r.slot[n:n+size], r.seq)
	if err != nil {
		r.t.Fatal(err)
	}
	r.seq++
	return r.slot[:length]
}

// turn lets the worker handle n datagrams.
func (r *rig) turn(n int) {
	_ = r.w.sock.SetDeadline(time.Now().Add(5 * time.Second))
	for n > 0 {
		if err := r.w.sock.Recv(r.w.loop.in); err != nil || r.w.loop.in.Len() == 0 {
			r.t.Fatalf("nothing arrived: %v", err)
		}
		n -= r.w.loop.in.Len()
		r.w.handleLoop()
	}
}

func TestForwardingDoesNotAllocate(t *testing.T) {
	const subscribers, packets = 10, 4
	r := newRig(t, subscribers, Config{SourceRate: MaxSourceRate})
	for range 300 { // fill caches and tables, reach their sizes
		r.frame(packets, 1100, r.frames == 0)
		r.turn(packets)
	}
	before := r.w.count.forwarded.Load()
	n := testing.AllocsPerRun(500, func() {
		r.frame(packets, 1100, false)
		r.turn(packets)
	})
	forwarded := r.w.count.forwarded.Load() - before
	if forwarded < 500*subscribers*packets {
		t.Fatalf("%d packets forwarded, want %d", forwarded, 501*subscribers*packets)
	}
	if n != 0 {
		t.Errorf("%.2f allocations for %d packets forwarded", n, subscribers*packets)
	}
	for d, c := range r.server.Figures().Drops {
		if c != 0 {
			t.Errorf("%d drops for %s", c, d)
		}
	}
}

// BenchmarkForward is the cost of one packet to one subscriber, receiving and
// sending included, when a publisher sends frames of four packets.
func BenchmarkForward(b *testing.B) {
	for _, subscribers := range []int{1, 10, 50, 200} {
		for _, gso := range []bool{true, false} {
			b.Run(fmt.Sprintf("subscribers%d/gso=%v", subscribers, gso), func(b *testing.B) {
				const packets = 4
				r := newRig(b, subscribers, Config{NoGSO: !gso})
				for range 100 {
					r.frame(packets, 1100, r.frames == 0)
					r.turn(packets)
				}
				b.ReportAllocs()
				start := r.w.count.forwarded.Load()
				for b.Loop() {
					r.frame(packets, 1100, false)
					r.turn(packets)
				}
				n := r.w.count.forwarded.Load() - start
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/packet")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkFloor is the least that BenchmarkForward's packets can cost: the
// same datagrams received, opened, sealed per subscriber and sent, by code
// that knows nothing of sessions.
func BenchmarkFloor(b *testing.B) {
	for _, subscribers := range []int{1, 10, 50, 200} {
		for _, gso := range []bool{true, false} {
			b.Run(fmt.Sprintf("subscribers%d/gso=%v", subscribers, gso), func(b *testing.B) {
				const packets = 4
				r := newRig(b, subscribers, Config{NoGSO: !gso})
				opener, err := media.NewOpener(masterKey(1), 4)
				if err != nil {
					b.Fatal(err)
				}
				sealer, err := media.NewSealer(masterKey(9))
				if err != nil {
					b.Fatal(err)
				}
				out := udp.NewSendBatch(r.w.sock)
				for b.Loop() {
					r.frame(packets, 1100, false)
					r.floor(packets, opener, sealer, out)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*packets*subscribers), "ns/packet")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// floor forwards n datagrams with as little as possible.
func (r *rig) floor(n int, opener *media.Opener, sealer *media.Sealer, out *udp.SendBatch) {
	in := r.w.loop.in
	_ = r.w.sock.SetDeadline(time.Now().Add(5 * time.Second))
	for n > 0 {
		if err := r.w.sock.Recv(in); err != nil || in.Len() == 0 {
			r.t.Fatalf("nothing arrived: %v", err)
		}
		n -= in.Len()
		var h [udp.BatchSize]media.Header
		var plain [udp.BatchSize][]byte
		for i := range in.Len() {
			_ = media.ParseHeader(in.Packet(i), &h[i])
			plain[i], _, _ = opener.OpenRTP(in.Packet(i), &h[i], 1)
		}
		for _, s := range r.to {
			to := &s.path.Selected().Addr
			for i := range in.Len() {
				slot := out.Room()
				copy(slot, plain[i][:h[i].HeaderLen])
				size, _ := sealer.SealRTP(&r.sc, slot, h[i].HeaderLen, plain[i][h[i].HeaderLen:], media.ExtSeq(h[i].Seq))
				out.Push(size, to)
			}
		}
		out.Flush()
	}
}

// subscriber is the peer of a rig's first subscriber.
type subscriber struct {
	r      *rig
	stream *stream
	sealer *media.Sealer
	server udp.Addr
	index  uint32
	buf    []byte
	seqs   [4]media.Seq
}

func newSubscriber(t *testing.T, r *rig) *subscriber {
	sealer, err := media.NewSealer(masterKey(3))
	if err != nil {
		t.Fatal(err)
	}
	return &subscriber{
		r: r, stream: r.to[0].outgoing.Load().seats[0].video, sealer: sealer,
		server: udp.AddrFrom(r.w.sock.LocalAddr()), buf: make([]byte, 1500),
	}
}

// nack asks for the newest packets again.
func (s *subscriber) nack() {
	newest := media.Seq(0)
	for tx := s.stream.tx; ; newest++ { // the highest number that was sent
		_, sent := tx.rewriter.Lookup(newest)
		if _, more := tx.rewriter.Lookup(newest + 1); sent && !more {
			break
		}
	}
	for i := range s.seqs {
		s.seqs[i] = newest - media.Seq(len(s.seqs)-1-i)
	}
	s.index++
	buf := media.AppendReceiverReport(s.buf[:0], 1, nil)
	buf = media.AppendNACK(buf, 1, s.stream.ssrc, s.seqs[:])
	n, err := s.sealer.SealRTCP(s.buf[:cap(s.buf)], len(buf), s.index)
	if err != nil {
		s.r.t.Fatal(err)
	}
	s.r.sinks[0].WriteTo(s.buf[:n], &s.server)
	s.r.turn(1)
}

// report is a sender report of the publisher.
func (r *rig) report() {
	r.rtcp++
	buf := media.AppendSenderReport(r.slot[:0], ssrcCam, media.SenderInfo{Clock: media.SenderClock{NTP: r.w.loop.now.NTP(), RTP: media.Ticks(r.ts)}}, nil)
	n, err := r.sealer.SealRTCP(r.slot[:cap(r.slot)], len(buf), r.rtcp)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.client.Write(r.slot[:n]); err != nil {
		r.t.Fatal(err)
	}
	r.turn(1)
}

// tick makes the worker do all that is due at a tick, reports and feedback
// included.
func (r *rig) tick() {
	r.from.rx.due = feedbackTimes{}
	for _, s := range r.to {
		if tx := s.outgoing.Load().seats[0].video.tx; tx != nil {
			tx.reportAt = 0
		}
	}
	r.w.loop.nextTick = 1
	r.w.loop.in.Reset()
	r.w.handleLoop()
}

// TestRepairsAndReportsDoNotAllocate: nor does what goes along with the
// forwarding of packets.
func TestRepairsAndReportsDoNotAllocate(t *testing.T) {
	const subscribers, packets, runs = 3, 4, 100
	r := newRig(t, subscribers, Config{})
	peer := newSubscriber(t, r)
	count := &r.w.count
	clock := &r.from.track(Camera).own.clocks[0]
	for _, tc := range []struct {
		name string
		step func()
		done func() uint64 // rises by at least one with every step
	}{
		{"SRTCP in, repairs out", peer.nack, func() uint64 { return count.repaired.Load() / uint64(len(peer.seqs)) }},
		{"SRTCP of a publisher", r.report, func() uint64 { return uint64(clock.NTP) }},
		{"reports, feedback and requests", func() { r.seq++; r.tick() }, func() uint64 { // with a hole to ask for
			return uint64(min(r.from.keys.Load().RTCPIndex(), r.to[0].keys.Load().RTCPIndex(), r.to[subscribers-1].keys.Load().RTCPIndex()))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			step := func() {
				r.frame(packets, 1100, r.frames == 0)
				r.turn(packets)
				tc.step()
			}
			for range 50 { // fill caches and tables, reach their sizes
				step()
			}
			drops := r.server.Figures().Drops
			before := tc.done()
			n := testing.AllocsPerRun(runs, step)
			if done := tc.done() - before; done < runs {
				t.Errorf("done %d times, want %d", done, runs)
			}
			if n != 0 {
				t.Errorf("%.2f allocations", n)
			}
			for d, c := range r.server.Figures().Drops {
				if c != drops[d] {
					t.Errorf("%d drops for %s", c-drops[d], d)
				}
			}
		})
	}
}
