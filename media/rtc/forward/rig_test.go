package forward

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtp"

	"parley/media"
	"parley/media/rtc/path"
	"parley/media/rtc/rtctest"
	"parley/media/udp"
)

// rig is a group with one worker whose loop the test turns by hand, one
// publisher and a number of subscribers, all keyed without ICE or DTLS, of whom
// nobody knows an offer. It counts allocations and measures.
type rig struct {
	t      testing.TB
	group  *Group
	w      *worker
	from   *session
	to     []*session
	sinks  []*udp.Socket
	jobs   chan func() // for control
	client *net.UDPConn
	sealer *media.Sealer // the publisher's
	sc     media.Scratch
	seq    media.ExtSeq
	rtcp   uint32 // index of the publisher's last SRTCP packet
	frames uint32
	ts     uint32 // of the newest frame, by the clock
	slot   []byte
}

// options are how a rig differs from the usual one.
type options struct {
	sourceRate media.BitsPerSecond
	noGSO      bool
}

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

func newRig(t testing.TB, subscribers int, o options) *rig {
	t.Helper()
	r := &rig{t: t, jobs: make(chan func(), 64), slot: make([]byte, 1500), seq: 1000}
	var err error
	r.group, err = New(Config{
		Log: slog.New(slog.DiscardHandler), SourceRate: o.sourceRate, HandshakeTime: 15 * time.Second,
		OnControl: func(f func()) bool { r.jobs <- f; return true },
	})
	r.must(err)
	sock, err := udp.Listen(loopback, udp.Config{NoGSO: o.noGSO})
	r.must(err)
	r.group.Listen([]*udp.Socket{sock})
	t.Cleanup(r.group.Close)
	r.w = r.group.workers()[0]
	r.client, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(sock.LocalAddr()))
	r.must(err)
	t.Cleanup(func() { _ = r.client.Close() })
	r.sealer, err = media.NewSealer(rtctest.MasterKey(1))
	r.must(err)
	r.from = r.session(linesOf(0), 0, r.client.LocalAddr().(*net.UDPAddr).AddrPort(), rtctest.MasterKey(1))
	for range subscribers {
		sink, err := udp.Listen(loopback, udp.Config{Buffer: 4096, Plain: true})
		r.must(err)
		t.Cleanup(func() { _ = sink.Close() })
		r.sinks = append(r.sinks, sink)
		r.watch(sink.LocalAddr(), linesOf(1))
	}
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// watch adds a subscriber that has the publisher in seat 0.
func (r *rig) watch(addr netip.AddrPort, l lines) {
	sub := r.session(l, 1, addr, rtctest.MasterKey(3))
	sub.Place(0, Placement{From: r.from, Source: media.Camera, Video: true, Width: 640, Height: 360})
	r.to = append(r.to, sub)
}

// session makes one that is connected from addr and whose peer seals with key.
func (r *rig) session(l lines, seats int, addr netip.AddrPort, key media.MasterKey) *session {
	s := newSession(r.group)
	r.must(s.agree(l, seats))
	way := s.control().Path()
	way.Restart(way.Draw("abcd", "abcdefghijklmnopqrstuvwx"))
	r.t.Cleanup(s.control().Release)
	k := &path.Keys{}
	var err error
	k.Sealer, err = media.NewSealer(rtctest.MasterKey(9))
	r.must(err)
	k.Opener, err = media.NewOpener(key, maxStreams)
	r.must(err)
	s.keys.Store(k)
	s.rx.inbound.Tokens = 1 << 50 // as fast as the test can
	s.owner.Store(r.w)
	r.w.loop.path.Assume(&s.path, udp.AddrFrom(addr), nil, r.group.clock.now().Add(time.Hour)) // as long as the test may last
	return s
}

// by is the peer of a session that does ICE by hand.
func (r *rig) by(s *session) *rtctest.ICE {
	c := s.path.Credentials()
	return &rtctest.ICE{Ufrag: c.Ufrag, Pwd: c.Pwd, RemoteUfrag: c.RemoteUfrag, RemotePwd: c.RemotePwd, Turn: func() { r.turn(1) }}
}

// control does what waits for control.
func (r *rig) control() {
	for len(r.jobs) > 0 {
		(<-r.jobs)()
	}
}

// look has control look after the sessions, as it does once a second.
func (r *rig) look() {
	for _, s := range append([]*session{r.from}, r.to...) {
		s.control().LookAfter(r.group.clock.now())
	}
	r.group.LookAfterFeeds()
}

// figures are the group's, with the sessions.
func (r *rig) figures() Figures {
	f := r.group.Figures()
	for _, s := range append([]*session{r.from}, r.to...) {
		f.Count(s.control())
	}
	return f
}

// pass lets time pass.
func (r *rig) pass(d time.Duration) { r.group.clock.base = r.group.clock.base.Add(d) }

// idle has the worker do what waits without a packet.
func (r *rig) idle() {
	r.w.loop.in.Reset()
	r.w.handleLoop()
}

// sealed seals a packet of the publisher, whose SSRC has sent fewer than 65,536.
func (r *rig) sealed(packet *rtp.Packet) []byte {
	r.t.Helper()
	raw, err := packet.Marshal()
	r.must(err)
	var h media.Header
	r.must(media.ParseHeader(raw, &h))
	slot := make([]byte, len(raw)+media.MaxSealOverhead)
	copy(slot, raw[:h.HeaderLen])
	n, err := r.sealer.SealRTP(&r.sc, slot, h.HeaderLen, raw[h.HeaderLen:], media.ExtSeq(packet.SequenceNumber))
	r.must(err)
	return slot[:n]
}

// put sends packets of the publisher, and has the worker handle them.
func (r *rig) put(packets ...*rtp.Packet) {
	r.t.Helper()
	for _, p := range packets {
		_, err := r.client.Write(r.sealed(p))
		r.must(err)
	}
	r.turn(len(packets))
}

// frame sends the packets of one frame of the publisher's camera: all of one
// size, as one run. Extensions are those of a browser.
func (r *rig) frame(packets, size int, key bool) {
	r.frames++
	r.ts = max(r.ts+1, uint32(time.Since(r.group.clock.start).Microseconds()*9/100))
	for i := range packets {
		pkt := r.packet(size, key && i == 0, i == 0, i == packets-1)
		if _, err := r.client.Write(pkt); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *rig) packet(size int, key, start, last bool) []byte {
	h := append(r.slot[:0], 0x90, rtctest.PTVP8, byte(r.seq>>8), byte(r.seq))
	ts := r.ts
	h = append(h, byte(ts>>24), byte(ts>>16), byte(ts>>8), byte(ts), 0, 0, rtctest.SSRCCam>>8, rtctest.SSRCCam&0xff)
	h = append(h, 0xbe, 0xde, 0, 1, rtctest.ExtTransportCC<<4|1, byte(r.seq>>8), byte(r.seq), 0)
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
	r := newRig(t, subscribers, options{sourceRate: 1e9})
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
	for d, c := range r.figures().Drops {
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
				r := newRig(b, subscribers, options{noGSO: !gso})
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
				r := newRig(b, subscribers, options{noGSO: !gso})
				opener, err := media.NewOpener(rtctest.MasterKey(1), 4)
				if err != nil {
					b.Fatal(err)
				}
				sealer, err := media.NewSealer(rtctest.MasterKey(9))
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
	sealer, err := media.NewSealer(rtctest.MasterKey(3))
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
	buf := media.AppendSenderReport(r.slot[:0], rtctest.SSRCCam, media.SenderInfo{Clock: media.SenderClock{NTP: r.w.loop.now.NTP(), RTP: media.Ticks(r.ts)}}, nil)
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
	r := newRig(t, subscribers, options{})
	peer := newSubscriber(t, r)
	count := &r.w.count
	clock := &r.from.track(media.Camera).own.clocks[0]
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
			drops := r.figures().Drops
			before := tc.done()
			n := testing.AllocsPerRun(runs, step)
			if done := tc.done() - before; done < runs {
				t.Errorf("done %d times, want %d", done, runs)
			}
			if n != 0 {
				t.Errorf("%.2f allocations", n)
			}
			for d, c := range r.figures().Drops {
				if c != drops[d] {
					t.Errorf("%d drops for %s", c-drops[d], d)
				}
			}
		})
	}
}
