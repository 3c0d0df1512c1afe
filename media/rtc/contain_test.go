package rtc

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"parley/media/rtc/rtctest"
)

// rude is an Events that panics when it is told of a connection.
type rude struct{ *recorder }

func (r rude) MediaConnected() {
	r.recorder.MediaConnected()
	panic("rude")
}

// TestPanicsOfHelpers: jobs of control, the engine's own code and handshakes
// may panic; that costs at most the session it was about.
func TestPanicsOfHelpers(t *testing.T) {
	log := &rtctest.Log{}
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
	(*owner)(sess).Go(func() { panic("handshake") })
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
	log := &rtctest.Log{}
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
	c := rtctest.Stranger(t, s.Candidates()[0])
	rng := rand.New(rand.NewPCG(5, 6))
	user := p.answer.ufrag + ":" + p.spec.ufrag
	bad := rtctest.BindingRequest(t, user, "wrongwrongwrongwrong")
	unknown := rtctest.BindingRequest(t, "x:y", "wrongwrongwrongwrong")
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
			if p.session.media().State().Keys != nil || p.session.ready.Load() {
				t.Error("the handshake was taken")
			}
		})
	}
}

func waitCount(t *testing.T, f func() uint64, n uint64) {
	t.Helper()
	eventually(t, fmt.Sprintf("a count of %d", n), func() bool { return f() >= n })
}
