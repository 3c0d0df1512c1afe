package media

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtp"
)

func TestParseHeaderEqualsPion(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		pkt := randomRTP(rng, SSRC(rng.Uint32()), Seq(rng.Uint32()))
		var h Header
		if err := ParseHeader(pkt, &h); err != nil {
			t.Fatal(err)
		}
		var want rtp.Header
		n, err := want.Unmarshal(pkt)
		if err != nil {
			t.Fatal(err)
		}
		if h.HeaderLen != n || uint16(h.Seq) != want.SequenceNumber || uint32(h.TS) != want.Timestamp ||
			uint32(h.SSRC) != want.SSRC || h.PT != want.PayloadType || h.Marker != want.Marker {
			t.Fatalf("%+v, pion %+v", h, want)
		}
		for id := uint8(1); id < 15; id++ {
			if got := h.Ext(id); !bytes.Equal(got, want.GetExtension(id)) {
				t.Fatalf("extension %d: %x, pion %x", id, got, want.GetExtension(id))
			}
		}
	}
}

func TestParseHeaderMalformed(t *testing.T) {
	fixed := []byte{0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}
	change := func(b0 byte, more ...byte) []byte {
		b := append(bytes.Clone(fixed), more...)
		b[0] = b0
		return b
	}
	for _, tt := range []struct {
		name string
		pkt  []byte
		want error
	}{
		{"empty", nil, ErrShortPacket},
		{"eleven bytes", fixed[:11], ErrShortPacket},
		{"fixed header only", fixed, nil},
		{"version 1", change(0x40), ErrVersion},
		{"CSRC missing", change(0x81), ErrHeader},
		{"CSRC there", change(0x81, 1, 2, 3, 4), nil},
		{"no room for the extension prefix", change(0x90, 0xbe, 0xde, 0), ErrHeader},
		{"empty extension block", change(0x90, 0xbe, 0xde, 0, 0), nil},
		{"extension block too long", change(0x90, 0xbe, 0xde, 0xff, 0xff, 1, 2, 3, 4), ErrHeader},
	} {
		var h Header
		if err := ParseHeader(tt.pkt, &h); err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestExt(t *testing.T) {
	packet := func(profile uint16, block ...byte) []byte {
		b := []byte{0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, byte(profile >> 8), byte(profile), 0, byte(len(block) / 4)}
		return append(b, block...)
	}
	for _, tt := range []struct {
		name string
		pkt  []byte
		id   uint8
		want string
		err  error
	}{
		{"one byte form", packet(0xbede, 0x10, 'a', 0x21, 'b', 'c', 0, 0, 0), 2, "bc", nil},
		{"behind padding", packet(0xbede, 0x10, 'a', 0, 0, 0, 0, 0x20, 'b'), 2, "b", nil},
		{"id 15 ends the block", packet(0xbede, 0xf0, 'a', 0x20, 'b'), 2, "", nil},
		{"longer than the block", packet(0xbede, 0x1f, 'a', 'b', 'c'), 1, "", ErrHeader},
		{"absent", packet(0xbede, 0x10, 'a', 0, 0), 3, "", nil},
		{"id 0 is padding", packet(0xbede, 0x10, 'a', 0, 0), 0, "", nil},
		{"two byte form", packet(0x1000, 16, 2, 'a', 'b'), 16, "ab", nil},
		{"two byte form with appbits", packet(0x1007, 0, 1, 1, 'z'), 1, "z", nil},
		{"two byte form, too long", packet(0x1000, 1, 9, 'a', 'b'), 1, "", ErrHeader},
		{"two byte form, cut off", packet(0x1000, 2, 1, 'a', 1), 1, "", ErrHeader},
		{"unknown profile", packet(0x1234, 0x10, 'a', 0, 0), 1, "", nil},
	} {
		var h Header
		if err := ParseHeader(tt.pkt, &h); err != tt.err {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if tt.err != nil {
			continue
		}
		if got := h.Ext(tt.id); string(got) != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestExtensionsAreBounded: each element costs time before it is known whether the
// packet is authentic. CSRCs do not count.
func TestExtensionsAreBounded(t *testing.T) {
	for _, tt := range []struct {
		name  string
		csrcs int
		words int
		want  error
	}{
		{"what a browser sends", 0, 16, nil},
		{"as much as may be", 0, maxExtensions / 4, nil},
		{"as much as may be, behind CSRCs", 15, maxExtensions / 4, nil},
		{"one word more", 0, maxExtensions/4 + 1, ErrHeader},
		{"one word more, behind CSRCs", 15, maxExtensions/4 + 1, ErrHeader},
		{"a packet full", 0, 340, ErrHeader},
	} {
		pkt := append([]byte{0x90 | byte(tt.csrcs), 96}, make([]byte, 10+4*tt.csrcs)...)
		pkt = append(pkt, 0xbe, 0xde, byte(tt.words>>8), byte(tt.words))
		pkt = append(pkt, bytes.Repeat([]byte{0x10, 'a'}, 2*tt.words)...)
		var h Header
		if err := ParseHeader(pkt, &h); err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestPayloadPadding(t *testing.T) {
	packet := func(b0 byte, payload ...byte) []byte {
		return append([]byte{b0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}, payload...)
	}
	for _, tt := range []struct {
		name string
		pkt  []byte
		want string
		err  error
	}{
		{"no padding", packet(0x80, 'a', 2), "a\x02", nil},
		{"two bytes of padding", packet(0xa0, 'a', 0, 2), "a", nil},
		{"only padding", packet(0xa0, 0, 2), "", nil},
		{"padding of zero", packet(0xa0, 'a', 0), "", ErrPadding},
		{"padding into the header", packet(0xa0, 'a', 3), "", ErrPadding},
		{"padding bit without a byte", packet(0xa0), "", ErrPadding},
		{"empty", packet(0x80), "", nil},
	} {
		var h Header
		if err := ParseHeader(tt.pkt, &h); err != nil {
			t.Fatal(err)
		}
		if got, err := Payload(tt.pkt, &h); err != tt.err || string(got) != tt.want {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
}

func TestIsRTCP(t *testing.T) {
	for pt, want := range map[byte]bool{96: false, 191: false, 192: true, 200: true, 207: true, 223: true, 224: false, 0x80 | 111: false} {
		if IsRTCP([]byte{0x80, pt}) != want {
			t.Errorf("second byte %d: %v", pt, !want)
		}
	}
	if IsRTCP([]byte{0x80}) {
		t.Error("one byte is RTCP")
	}
}

func TestUnwrapper(t *testing.T) {
	for _, start := range starts {
		var u Unwrapper
		base := u.Unwrap(Seq(start))
		if base != 1<<16+ExtSeq(start) {
			t.Fatalf("start %d: first is %d", start, base)
		}
		at := base
		rng := rand.New(rand.NewPCG(uint64(start), 0))
		for range 5000 {
			at += ExtSeq(rng.IntN(100))
			back := ExtSeq(rng.IntN(500))
			if at-back >= base-60000 {
				if got := u.Unwrap((at - back).Seq()); got != at-back && at-back <= u.Highest() {
					t.Fatalf("start %d: %d unwrapped as %d", start, at-back, got)
				}
			}
			if got := u.Unwrap(at.Seq()); got != at || u.Highest() != at {
				t.Fatalf("start %d: %d unwrapped as %d", start, at, got)
			}
		}
	}
	for _, tt := range []struct {
		ref  ExtSeq
		seq  Seq
		want ExtSeq
	}{
		{0, 65535, 65535}, {1, 65535, 65535}, {0, 32768, 32768}, {65535, 0, 65536},
		{65536, 65535, 65535}, {65536, 0, 65536}, {98304, 0, 65536}, {1 << 32, 65535, 1<<32 - 1},
	} {
		if got := extendNear(tt.ref, tt.seq); got != tt.want {
			t.Errorf("extendNear(%d, %d) = %d, want %d", tt.ref, tt.seq, got, tt.want)
		}
	}
}

func TestCircularOrder(t *testing.T) {
	for _, a := range starts {
		for _, d := range []Ticks{1, 2, 32767, 1<<31 - 1} {
			if ts := Ticks(uint32(a) << 16); !(ts + d).Newer(ts) || ts.Newer(ts+d) || ts.Newer(ts) {
				t.Errorf("order of ticks %d and %d", ts, ts+d)
			}
		}
	}
	if Ticks(1<<31).Newer(0) || Ticks(0).Newer(1<<31) {
		t.Error("half the circle counts as newer")
	}
}

func TestInstant(t *testing.T) {
	// 2026-01-01 00:00:00.5 UTC is 3976214400.5 s after 1900.
	i := InstantOf(time.Date(2026, 1, 1, 0, 0, 0, 5e8, time.UTC))
	if got := i.NTP(); got != 3976214400<<32|1<<31 {
		t.Errorf("NTP %x", uint64(got))
	}
	if got, want := i.AbsSendTime(), uint32(1767225600%64<<18|1<<17); got != want {
		t.Errorf("abs-send-time %x, want %x", got, want)
	}
	for _, d := range []time.Duration{0, time.Nanosecond, time.Millisecond, 1500 * time.Millisecond, -time.Second, -7 * time.Millisecond, time.Hour} {
		if got := i.Add(d).NTP().Sub(i.NTP()); (got - d).Abs() > 2 {
			t.Errorf("NTP distance %v, want %v", got, d)
		}
		if got := i.NTP().add(d).Sub(i.NTP()); (got - d).Abs() > 2 {
			t.Errorf("NTP plus %v moved %v", d, got)
		}
	}
	// Across the end of era 0 in 2036.
	if d := NTP(1 << 32).Sub(^NTP(0) - 1<<32 + 1); d != 2*time.Second {
		t.Errorf("distance across the NTP era is %v", d)
	}
}

func TestSenderClock(t *testing.T) {
	c := SenderClock{NTP: 5000 << 32, RTP: 0xffffff00}
	for _, d := range []time.Duration{0, time.Second, -time.Second, 90 * time.Minute, -33 * time.Millisecond} {
		ts := c.RTP + ticksIn(d, 90000)
		if got := c.NTPAt(ts, 90000).Sub(c.NTP); (got - d).Abs() > time.Second/90000+1 {
			t.Errorf("%v became %v", d, got)
		}
		if got := c.TicksAt(c.NTP.add(d), 90000); int32(got-ts) > 1 || int32(got-ts) < -1 {
			t.Errorf("%v is %d ticks, want %d", d, got, ts)
		}
	}
}

// The offset follows the fastest report, a drifting clock, and a clock that
// was set; it is never thrown off by one late report.
func TestClockOffset(t *testing.T) {
	now := InstantOf(time.Unix(1_800_000_000, 0))
	var o ClockOffset
	if _, ok := o.Local(now.NTP()); ok {
		t.Error("offset known before any report")
	}
	ahead := 77 * time.Second
	report := func(delay time.Duration) time.Duration {
		now = now.Add(time.Second)
		sent := now.Add(ahead - delay).NTP()
		o.Observe(sent, now)
		local, _ := o.Local(now.Add(ahead).NTP())
		return local.Sub(now.NTP()) // error: the delay that is believed
	}
	report(40 * time.Millisecond)
	if e := report(20 * time.Millisecond); e != 20*time.Millisecond {
		t.Errorf("a faster report: error %v", e)
	}
	if e := report(500 * time.Millisecond); e > 21*time.Millisecond {
		t.Errorf("one late report: error %v", e)
	}
	for range 3000 {
		ahead -= 50 * time.Microsecond // drifts 50 ppm
		if e := report(20 * time.Millisecond); e < 19*time.Millisecond || e > 22*time.Millisecond {
			t.Fatalf("drifting clock: error %v", e)
		}
	}
	ahead += time.Hour
	report(20 * time.Millisecond)
	ahead -= 2 * time.Hour
	if e := report(20 * time.Millisecond); (e - 20*time.Millisecond).Abs() > time.Millisecond {
		t.Errorf("clock set back: error %v", e)
	}
}

func TestTemplateRefuses(t *testing.T) {
	for name, s := range map[string]HeaderSpec{
		"id 15":         {AbsSendTimeID: 15},
		"id 200":        {TransportSeqID: 200},
		"empty mid":     {MIDID: 1},
		"mid too long":  {MIDID: 1, MID: "12345678901234567"},
		"level id high": {AudioLevelID: 16},
		"descriptor id": {DependencyID: 15},
	} {
		if _, err := NewHeaderTemplate(s); err != ErrTemplate {
			t.Errorf("%s: %v", name, err)
		}
	}
	full, err := NewHeaderTemplate(HeaderSpec{AbsSendTimeID: 1, TransportSeqID: 2, AudioLevelID: 3, MIDID: 14, MID: "1234567890123456"})
	if err != nil || full.Len() != 44 {
		t.Errorf("the longest header has %d bytes, want 44: %v", full.Len(), err)
	}
	full, err = NewHeaderTemplate(HeaderSpec{AbsSendTimeID: 1, TransportSeqID: 2, AudioLevelID: 3, MIDID: 14, MID: "1234567890123456", DependencyID: 4})
	var slot [MaxHeaderLen]byte
	if n := full.Write(slot[:], &Patch{Dependency: make([]byte, 255)}); err != nil || n > MaxHeaderLen || n < MaxHeaderLen-4 {
		t.Errorf("the longest header with a descriptor has %d bytes, want %d: %v", n, MaxHeaderLen, err)
	}
	bare, _ := NewHeaderTemplate(HeaderSpec{})
	if bare.Len() != 12 {
		t.Errorf("a bare header has %d bytes", bare.Len())
	}
}

func FuzzParseHeader(f *testing.F) {
	rng := rand.New(rand.NewPCG(4, 4))
	for i := range 8 {
		f.Add(randomRTP(rng, 1, Seq(i))[:12+rng.IntN(8)])
		f.Add(randomRTP(rng, 1, Seq(i)))
	}
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x10, 0, 0, 1, 1, 2, 'a', 'b'})
	f.Fuzz(func(t *testing.T, pkt []byte) {
		var h Header
		if ParseHeader(pkt, &h) != nil {
			return
		}
		if h.HeaderLen > len(pkt) || h.HeaderLen < 12 {
			t.Fatalf("header of %d bytes in %d", h.HeaderLen, len(pkt))
		}
		for id := range 256 {
			h.Ext(uint8(id))
		}
		p, err := Payload(pkt, &h)
		if err != nil {
			return
		}
		var facts Facts
		for c := CodecOpus; c <= lastCodec; c++ {
			_ = ParseFacts(c, p, &facts)
		}
	})
}

func BenchmarkParseHeader(b *testing.B) {
	pkt := randomRTP(rand.New(rand.NewPCG(1, 1)), 1, 2)
	var h Header
	for b.Loop() {
		if err := ParseHeader(pkt, &h); err != nil {
			b.Fatal(err)
		}
		h.Ext(2)
	}
}
