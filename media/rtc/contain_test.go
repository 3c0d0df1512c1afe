package rtc

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"parley/media"
	"parley/media/udp"
)

// logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestPanicEndsOneSession breaks a session from within so that handling its
// packets panics, on arrival and in a tick. Others do not notice.
func TestPanicEndsOneSession(t *testing.T) {
	log := &logBuffer{}
	s := listen(t, Config{Workers: 1, Log: slog.New(slog.NewTextHandler(log, nil))})
	anna, viewer, broken := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1}), join(t, s, peerOptions{})
	viewer.session.Place(0, Placement{From: anna.session, Source: Camera, Video: true})
	wantPicture(t, anna, viewer, 0)
	broken.session.incoming.Store(nil)
	for i := range uint16(20) {
		broken.send(opus(i, "boom"))
		time.Sleep(5 * time.Millisecond)
	}
	broken.events.wait(t, "failure", func() bool { return len(broken.events.failed) == 1 })
	if !errors.Is(broken.events.failed[0], ErrPanicked) {
		t.Errorf("failed with %v", broken.events.failed[0])
	}
	if s.Figures().Drops[dropPanic.String()] == 0 || !strings.Contains(log.String(), "packet handling panicked") {
		t.Error("the panic was neither counted nor logged")
	}
	wantPicture(t, anna, viewer, 0)
	broken.session.Close()
}

// TestReceiveErrorsPass: a worker whose socket fails for a while goes on when
// it works again, and says so once.
func TestReceiveErrorsPass(t *testing.T) {
	log := &logBuffer{}
	s, err := open(Config{Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Workers: 1, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	w := s.workers()[0]
	calls := 0
	w.recv = func(b *udp.RecvBatch) error {
		if calls++; calls <= 3 {
			return syscall.ENOMEM
		}
		return w.sock.Recv(b)
	}
	s.run()
	defer s.Close()
	join(t, s, peerOptions{})
	if n, lines := s.Figures().Drops[dropReceive.String()], strings.Count(log.String(), "receiving failed"); n != 3 || lines != 1 {
		t.Errorf("%d failures counted, %d log lines, want 3 and 1", n, lines)
	}
}

// rude is an Events that panics when it is told of a connection.
type rude struct{ *recorder }

func (r rude) MediaConnected() {
	r.recorder.MediaConnected()
	panic("rude")
}

// TestPanicsOfHelpers: jobs of control, the engine's own code and handshakes
// may panic; that costs at most the session it was about.
func TestPanicsOfHelpers(t *testing.T) {
	log := &logBuffer{}
	s := listen(t, Config{Log: slog.New(slog.NewTextHandler(log, nil))})
	open := func(e Events) *Session {
		spec := offerSpec{ufrag: "abcd", pwd: "abcdefghijklmnopqrstuvwx", fingerprint: "sha-256 " + fingerprintText}
		sess, _, err := s.Open(t.Context(), "p", spec.offer(), e)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(sess.Close)
		return sess
	}
	panicked := newRecorder()
	sess := open(panicked)
	s.control(sess, func() { panic("job") })
	panicked.wait(t, "failure", func() bool { return len(panicked.failed) == 1 && errors.Is(panicked.failed[0], ErrPanicked) })

	loud := newRecorder()
	sess = open(rude{loud})
	sess.events.connected()
	loud.wait(t, "the call", func() bool { return loud.connected == 1 })

	shaken := newRecorder()
	sess = open(shaken)
	(*pathOwner)(&sess.remote).Go(func() { panic("handshake") })
	shaken.wait(t, "failure", func() bool { return len(shaken.failed) == 1 && errors.Is(shaken.failed[0], ErrPanicked) })

	if n, lines := s.Figures().Drops[dropPanic.String()], strings.Count(log.String(), "media goroutine panicked"); n != 3 || lines != 3 {
		t.Errorf("%d panics counted, %d log lines", n, lines)
	}
	from, to := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1})
	to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	wantPicture(t, from, to, 0)
}

// TestJunk sends 60,000 datagrams that mean nothing: each is counted once,
// none is logged, memory stays.
func TestJunk(t *testing.T) {
	log := &logBuffer{}
	s := listen(t, Config{Workers: 1, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	p := join(t, s, peerOptions{})
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	total := func() (n uint64) {
		for _, c := range s.Figures().Drops {
			n += c
		}
		return n
	}
	start := total()
	c := stranger(t, s.Candidates()[0])
	rng := rand.New(rand.NewPCG(5, 6))
	user := p.answer.ufrag + ":" + p.spec.ufrag
	bad := bindingRequest(t, user, "wrongwrongwrongwrong")
	unknown := bindingRequest(t, "x:y", "wrongwrongwrongwrong")
	junk := make([]byte, 300)
	const n = 60000
	for i := range n {
		var d []byte
		switch i % 4 {
		case 0:
			d = bad
		case 1:
			d = unknown
		case 2:
			d = junk[:1+rng.IntN(299)]
			for j := range d {
				d[j] = byte(rng.Uint32())
			}
		case 3:
			d = junk[:100]
			d[0], d[1] = 0x80, 96
		}
		if _, err := c.Write(d); err != nil {
			t.Fatal(err)
		}
		if i%500 == 499 { // not to fill the kernel's buffer
			f := s.Figures().Workers[0]
			waitCount(t, func() uint64 { return total() - start + f.Overflows }, uint64(i))
		}
	}
	waitCount(t, func() uint64 { return total() - start + s.Figures().Workers[0].Overflows }, n)
	if got := total() - start; got > n+10 { // the peer's own traffic may add some
		t.Errorf("%d drops for %d datagrams", got, n)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	if lines := strings.Count(log.String(), "\n"); lines > 10 {
		t.Errorf("%d log lines", lines)
	}
}

// TestHandshakePolicy: what a client may and may not bring (hardening C25).
func TestHandshakePolicy(t *testing.T) {
	const (
		gcm128 = dtls.SRTP_AEAD_AES_128_GCM
		gcm256 = dtls.SRTP_AEAD_AES_256_GCM
		cm     = dtls.SRTP_AES128_CM_HMAC_SHA1_80
	)
	for name, tc := range map[string]struct {
		profiles []dtls.SRTPProtectionProfile
		want     dtls.SRTPProtectionProfile
	}{
		"prefers AES-128-GCM": {[]dtls.SRTPProtectionProfile{cm, gcm256, gcm128}, gcm128},
		"then AES-256-GCM":    {[]dtls.SRTPProtectionProfile{cm, gcm256}, gcm256},
		"takes AES-CM":        {[]dtls.SRTPProtectionProfile{cm}, cm},
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, Config{Workers: 1})
			from, to := join(t, s, peerOptions{profiles: tc.profiles}), join(t, s, peerOptions{profiles: tc.profiles, seats: 1})
			if got, _ := from.dtls.SelectedSRTPProtectionProfile(); got != tc.want {
				t.Errorf("profile %v, want %v", got, tc.want)
			}
			to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
			wantPicture(t, from, to, 0)
		})
	}
	for name, option := range map[string]dtls.ClientOption{
		"no extended master secret": dtls.WithExtendedMasterSecret(dtls.DisableExtendedMasterSecret),
		"no client certificate":     dtls.WithCertificates(),
		"weak cipher suite":         dtls.WithCipherSuites(dtls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listen(t, Config{Workers: 1, handshakeTime: 2 * time.Second})
			p := newPeer(t, s, peerOptions{})
			p.extra = option
			err := p.connect()
			if err == nil {
				// The client may think so until our alert arrives.
				p.events.wait(t, "failure", func() bool { return len(p.events.failed) == 1 })
			}
			if p.session.keys.Load() != nil || p.session.ready.Load() {
				t.Error("the handshake was taken")
			}
		})
	}
}

// FuzzMedia gives a worker what an authenticated peer could send: any bytes,
// sealed, as RTP and as RTCP, and the same bytes unsealed.
func FuzzMedia(f *testing.F) {
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 7, 209, 0xbe, 0xde, 0, 1, 0x51, 0, 1, 0, 0x90, 0x80, 0x80, 1, 0x10, 0, 0})
	f.Add([]byte{0x80, 111, 0, 1, 0, 0, 0, 2, 0, 0, 3, 233, 1, 2, 3})
	f.Add([]byte{0x80, 97, 0, 1, 0, 0, 0, 2, 0, 0, 7, 210, 0, 1, 0x10, 1, 2, 3})
	f.Add([]byte{0x81, 200, 0, 6, 0, 0, 7, 209, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3})
	f.Add([]byte{0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0xff, 0xff})
	f.Add([]byte{0x80, 102, 0, 9, 0, 0, 0, 2, 0, 0, 7, 209, 0x67, 0x42, 0, 0x1f, 1})
	f.Add([]byte{0x90, 96, 0, 2, 0, 0, 0, 2, 0, 0, 7, 209, 0xbe, 0xde, 0, 1, 0x51, 0, 2, 0, 0x90, 0x80, 0x80, 1, 0x10, 0, 0})
	f.Add([]byte{0x80, 102, 0, 9, 0, 0, 0, 2, 0, 0, 7, 209, 0x78, 0, 4, 0x67, 0x42, 0, 0x1f, 0, 4, 0x68, 0xce, 0x3c, 0x80, 0, 3, 0x65, 0x88, 0x80})
	f.Add([]byte{0x80, 98, 0, 9, 0, 0, 0, 2, 0, 0, 7, 209, 0x8e, 0x80, 9, 0x10, 2, 0x80, 1, 0x68, 1, 2, 3})
	f.Add([]byte{0x90, 45, 0, 9, 0, 0, 0, 2, 0, 0, 7, 209, 0xbe, 0xde, 0, 1, extDependency<<4 | 2, 0xc1, 0, 2, 0x10, 0x30, 1, 2})
	f.Add([]byte{0x90, 45, 0, 9, 0, 0, 0, 2, 0, 0, 7, 209, 0x10, 0, 0, 6, extDependency, 20, 0xc0, 0, 1, 0x80, 0x02, 0x14, 0xea, 0xa8, 0x60, 0x41,
		0x4d, 0x14, 0x10, 0x20, 0x84, 0x27, 0x02, 0x7f, 0x01, 0x67, 0, 0, 0x28, 5, 0x08, 0, 0, 0, 0, 0x30, 1, 2})
	r := newRig(f, 1, Config{})
	r.from.incoming.Load().exts.Dependency = extDependency        // as if it sent AV1 only
	for _, codec := range []string{"VP8", "H264", "VP9", "AV1"} { // what comes may be what these can not decode
		r.watch(r.sinks[0].LocalAddr(), offerSpec{seats: 1, only: map[string]string{"v0": codec}, h264: "64001f", descriptors: true})
	}
	var sc media.Scratch
	rtcpIndex := uint32(0)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 12 || len(data) > 1200 {
			return
		}
		panics := r.w.count.drops[dropPanic].Load()
		slot := make([]byte, 1400)
		var h media.Header
		count := 0
		send := func(b []byte) {
			if _, err := r.client.Write(b); err == nil {
				count++
			}
		}
		send(data)
		if media.ParseHeader(data, &h) == nil && !media.IsRTCP(data) {
			copy(slot, data[:h.HeaderLen])
			if n, err := r.sealer.SealRTP(&sc, slot, h.HeaderLen, data[h.HeaderLen:], media.ExtSeq(h.Seq)); err == nil {
				send(slot[:n])
			}
		}
		rtcpIndex++
		copy(slot, data)
		if n, err := r.sealer.SealRTCP(slot, len(data), rtcpIndex); err == nil && media.IsRTCP(slot) {
			send(slot[:n])
		}
		r.turn(count)
		r.w.loop.nextTick = 1
		r.w.loop.in.Reset()
		r.w.handleLoop()
		if r.w.count.drops[dropPanic].Load() != panics {
			t.Fatal("handling panicked")
		}
	})
}

// TestPanicLosesTheBatch: what waited to be sent when a worker panicked is
// counted and forgotten, for where it was to go is read from memory that the
// next batch overwrites.
func TestPanicLosesTheBatch(t *testing.T) {
	r := newRig(t, 2, Config{})
	good, broken := r.to[0], r.to[1]
	shape := broken.outgoing.Load().seats[0].video.shape.Load()
	for i := range shape.formats {
		shape.formats[i].header = nil
	}
	r.frame(4, 100, true)
	r.turn(4)
	if n := r.w.loop.out[0].Pending(); n != 0 {
		t.Errorf("%d messages wait after a panic", n)
	}
	if n := r.w.count.drops[dropPanic].Load(); n < 1+4 {
		t.Errorf("%d drops counted, want the panic and 4 packets of the viewer before it", n)
	}
	broken.Close()
	before := r.w.count.forwarded.Load()
	r.frame(4, 100, true)
	r.turn(4)
	if n := r.w.count.forwarded.Load() - before; n != 4 || !good.running() {
		t.Errorf("%d packets forwarded afterwards, want 4", n)
	}
}

func waitCount(t *testing.T, f func() uint64, n uint64) {
	t.Helper()
	eventually(t, fmt.Sprintf("a count of %d", n), func() bool { return f() >= n })
}
