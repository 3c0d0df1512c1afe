package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

var profiles = []Profile{ProfileAES128GCM, ProfileAES256GCM, ProfileAES128CMSHA1}

func testKey(p Profile) MasterKey {
	material := make([]byte, p.MaterialLen())
	for i := range material {
		material[i] = byte(i*7 + 1)
	}
	client, _, err := KeysFromDTLS(material, p)
	if err != nil {
		panic(err)
	}
	return client
}

func pionContext(t testing.TB, k MasterKey) *srtp.Context {
	t.Helper()
	c, err := srtp.CreateContext(k.Key, k.Salt, srtp.ProtectionProfile(k.Profile),
		srtp.SRTPReplayProtection(128), srtp.SRTCPReplayProtection(128))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// randomRTP makes a packet with random CSRCs, extension block, padding bit
// off, and a payload of 0 … 1,200 bytes.
func randomRTP(rng *rand.Rand, ssrc SSRC, seq Seq) []byte {
	csrcs := rng.IntN(16) * rng.IntN(2)
	b := []byte{0x80 | byte(csrcs), byte(rng.Uint32())&0x80 | 96, 0, 0}
	binary.BigEndian.PutUint16(b[2:], uint16(seq))
	b = binary.BigEndian.AppendUint32(b, rng.Uint32())
	b = binary.BigEndian.AppendUint32(b, uint32(ssrc))
	for range csrcs {
		b = binary.BigEndian.AppendUint32(b, rng.Uint32())
	}
	if rng.IntN(2) == 0 {
		b[0] |= 0x10
		words := rng.IntN(5)
		b = append(b, 0xbe, 0xde, 0, byte(words))
		for range words {
			b = append(b, 0x10, byte(rng.Uint32()), 0x20, byte(rng.Uint32()))
		}
	}
	for range rng.IntN(1200) {
		b = append(b, byte(rng.Uint32()))
	}
	return b
}

func seal(t testing.TB, s *Sealer, sc *Scratch, pkt []byte, index ExtSeq) []byte {
	t.Helper()
	var h Header
	if err := ParseHeader(pkt, &h); err != nil {
		t.Fatal(err)
	}
	slot := make([]byte, len(pkt)+MaxSealOverhead)
	copy(slot, pkt[:h.HeaderLen])
	n, err := s.SealRTP(sc, slot, h.HeaderLen, pkt[h.HeaderLen:], index)
	if err != nil {
		t.Fatal(err)
	}
	return slot[:n]
}

// Every byte must equal pion's, and each must open the other's, through
// extension headers, CSRCs, losses, disorder and roll-over.
func TestSealEqualsPion(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, uint64(p)))
			key := testKey(p)
			pionSeal, pionOpen, ref := pionContext(t, key), pionContext(t, key), newReference(t, key)
			sealer, err := NewSealer(key)
			if err != nil {
				t.Fatal(err)
			}
			opener, err := NewOpener(key, 0)
			if err != nil {
				t.Fatal(err)
			}
			var sc Scratch
			for _, ssrc := range []SSRC{1, 0x80000000, 0xffffffff} {
				index := ExtSeq(65000)
				for range 900 { // wraps at 65,536
					step := ExtSeq(1 + rng.IntN(3)/2)
					index += step
					pkt := randomRTP(rng, ssrc, index.Seq())
					want, err := pionSeal.EncryptRTP(nil, pkt, nil)
					if err != nil {
						t.Fatal(err)
					}
					got := seal(t, sealer, &sc, pkt, index)
					if !bytes.Equal(got, want) {
						t.Fatalf("index %d: sealed differs from pion's", index)
					}
					var h Header
					if err := ParseHeader(got, &h); err != nil {
						t.Fatal(err)
					}
					byRef := bytes.Clone(got)
					if m, err := ref.openRTP(&sc, byRef, h.HeaderLen, index); err != nil || !bytes.Equal(byRef[:m], pkt) {
						t.Fatalf("index %d: the reference opened %v", index, err)
					}
					plain, err := pionOpen.DecryptRTP(nil, got, nil)
					if err != nil || !bytes.Equal(plain, pkt) {
						t.Fatalf("index %d: pion opened %v", index, err)
					}
					opened, at, err := opener.OpenRTP(want, &h, 1)
					if err != nil || at != index || !bytes.Equal(opened, pkt) {
						t.Fatalf("opened index %d as %d: %v", index, at, err)
					}
				}
			}
		})
	}
}

func TestSealRTCPEqualsPion(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(2, uint64(p)))
			key := testKey(p)
			pionSeal, pionOpen, ref := pionContext(t, key), pionContext(t, key), newReference(t, key)
			sealer, _ := NewSealer(key)
			opener, _ := NewOpener(key, 0)
			var sc Scratch
			for i := range uint32(200) {
				pkt := AppendPLI(nil, 0x1234, SSRC(rng.Uint32()))
				for range rng.IntN(4) {
					pkt = AppendNACK(pkt, 0x1234, 9, []Seq{Seq(rng.Uint32())})
				}
				want, err := pionSeal.EncryptRTCP(nil, pkt, nil)
				if err != nil {
					t.Fatal(err)
				}
				slot := make([]byte, len(pkt)+MaxSealOverhead)
				copy(slot, pkt)
				n, err := sealer.SealRTCP(slot, len(pkt), i+1) // pion starts at 1
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(slot[:n], want) {
					t.Fatalf("packet %d: %x, pion %x", i, slot[:n], want)
				}
				again := make([]byte, len(slot))
				copy(again, pkt)
				if m := ref.sealRTCP(&sc, again, len(pkt), i+1); !bytes.Equal(again[:m], want) {
					t.Fatalf("packet %d: %x, reference %x", i, want, again[:m])
				}
				if m, err := ref.openRTCP(&sc, again[:n]); err != nil || !bytes.Equal(again[:m], pkt) {
					t.Fatalf("the reference opened %v", err)
				}
				if plain, err := pionOpen.DecryptRTCP(nil, slot[:n], nil); err != nil || !bytes.Equal(plain, pkt) {
					t.Fatalf("pion opened %v", err)
				}
				if plain, err := opener.OpenRTCP(want, 1); err != nil || !bytes.Equal(plain, pkt) {
					t.Fatalf("opened %v", err)
				}
				copy(slot, pkt)
				n, _ = sealer.SealRTCP(slot, len(pkt), i+1)
				if _, err := opener.OpenRTCP(slot[:n], 1); err != ErrReplayed {
					t.Fatalf("replay gave %v", err)
				}
			}
		})
	}
}

// Whatever index is handed in is what a packet is sealed under, however far it is
// from the one before.
func TestSealLeaps(t *testing.T) {
	for _, p := range profiles {
		key := testKey(p)
		sealer, _ := NewSealer(key)
		ref, stream := newReference(t, key), sealer.ForStream()
		var sc Scratch
		for _, index := range []ExtSeq{100, 40_100, 1<<16 + 100, 1<<16 + 50_000, 1<<16 + 200, 5 << 16, 7} {
			pkt := []byte{0x80, 96, byte(index >> 8), byte(index), 0, 0, 0, 1, 0, 0, 0, 9, 'a', 'b'}
			sealed := seal(t, stream, &sc, pkt, index)
			if n, err := ref.openRTP(&sc, sealed, 12, index); err != nil || !bytes.Equal(sealed[:n], pkt) {
				t.Errorf("%v: index %d: %v", p, index, err)
			}
		}
	}
}

func TestSealRTX(t *testing.T) {
	sealer, _ := NewSealer(testKey(ProfileAES128GCM))
	opener, _ := NewOpener(testKey(ProfileAES128GCM), 0)
	tmpl, err := NewHeaderTemplate(HeaderSpec{SSRC: 77})
	if err != nil {
		t.Fatal(err)
	}
	var sc Scratch
	var slot [1500]byte
	payload := []byte("the payload of the lost packet")
	n := tmpl.Write(slot[:], &Patch{PT: 97, Seq: 5, TS: 9, Marker: true})
	n, err = sealer.SealRTX(&sc, slot[:], n, 0xabcd, payload, 5)
	if err != nil {
		t.Fatal(err)
	}
	var h Header
	if err := ParseHeader(slot[:n], &h); err != nil {
		t.Fatal(err)
	}
	plain, _, err := opener.OpenRTP(slot[:n], &h, 1)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := Payload(plain, &h)
	if !bytes.Equal(got, append([]byte{0xab, 0xcd}, payload...)) || h.PT != 97 || !h.Marker {
		t.Errorf("payload %q, header %+v", got, h)
	}
}

func TestSealBounds(t *testing.T) {
	s, _ := NewSealer(testKey(ProfileAES128GCM))
	var sc Scratch
	slot := make([]byte, 12+100+16)
	for _, tt := range []struct {
		name    string
		run     func() (int, error)
		want    error
		wantLen int
	}{
		{"fits exactly", func() (int, error) { return s.SealRTP(&sc, slot, 12, make([]byte, 100), 1) }, nil, 128},
		{"one byte too long", func() (int, error) { return s.SealRTP(&sc, slot, 12, make([]byte, 101), 1) }, ErrShortBuffer, 0},
		{"no header", func() (int, error) { return s.SealRTP(&sc, slot, 11, nil, 1) }, ErrShortBuffer, 0},
		{"index past 48 bits", func() (int, error) { return s.SealRTP(&sc, slot, 12, nil, 1<<48) }, ErrIndexOverflow, 0},
		{"repair too long", func() (int, error) { return s.SealRTX(&sc, slot, 12, 1, make([]byte, 99), 1) }, ErrShortBuffer, 0},
		{"RTCP index 0", func() (int, error) { return s.SealRTCP(slot, 8, 0) }, ErrIndexOverflow, 0},
		{"RTCP index past 31 bits", func() (int, error) { return s.SealRTCP(slot, 8, 1<<31) }, ErrIndexOverflow, 0},
		{"RTCP too short", func() (int, error) { return s.SealRTCP(slot, 7, 1) }, ErrShortPacket, 0},
		{"RTCP without room", func() (int, error) { return s.SealRTCP(slot, 112, 1) }, ErrShortBuffer, 0},
	} {
		if n, err := tt.run(); err != tt.want || n != tt.wantLen {
			t.Errorf("%s: %d, %v", tt.name, n, err)
		}
	}
}

func TestKeysFromDTLS(t *testing.T) {
	for _, p := range profiles {
		material := make([]byte, p.MaterialLen())
		for i := range material {
			material[i] = byte(i)
		}
		// pion cuts the same material for itself.
		config := srtp.Config{Profile: srtp.ProtectionProfile(p)}
		if err := config.ExtractSessionKeysFromDTLS(exporter(material), false); err != nil {
			t.Fatal(err)
		}
		client, server, err := KeysFromDTLS(material, p)
		if err != nil {
			t.Fatal(err)
		}
		k := config.Keys
		if !bytes.Equal(server.Key, k.LocalMasterKey) || !bytes.Equal(server.Salt, k.LocalMasterSalt) ||
			!bytes.Equal(client.Key, k.RemoteMasterKey) || !bytes.Equal(client.Salt, k.RemoteMasterSalt) {
			t.Errorf("%v: keys differ from pion's", p)
		}
		if _, _, err := KeysFromDTLS(material[1:], p); err != ErrKeySize {
			t.Errorf("%v: short material gave %v", p, err)
		}
		if _, err := NewSealer(MasterKey{p, client.Key[1:], client.Salt}); err != ErrKeySize {
			t.Errorf("%v: short key gave %v", p, err)
		}
	}
	if _, _, err := KeysFromDTLS(nil, 2); err != ErrProfile {
		t.Errorf("unknown profile gave %v", err)
	}
}

type exporter []byte

func (e exporter) ExportKeyingMaterial(label string, _ []byte, n int) ([]byte, error) {
	if label != ExporterLabel || n != len(e) {
		return nil, errors.New("other label or length")
	}
	return e, nil
}

// sealedRun seals packets start … start+n-1 of one SSRC.
func sealedRun(t testing.TB, k MasterKey, ssrc SSRC, start ExtSeq, n int) [][]byte {
	t.Helper()
	s, err := NewSealer(k)
	if err != nil {
		t.Fatal(err)
	}
	var sc Scratch
	out := make([][]byte, n)
	for i := range out {
		index := start + ExtSeq(i)
		pkt := make([]byte, 60)
		pkt[0], pkt[1] = 0x80, 96
		binary.BigEndian.PutUint16(pkt[2:], uint16(index))
		binary.BigEndian.PutUint32(pkt[8:], uint32(ssrc))
		out[i] = seal(t, s, &sc, pkt, index)
	}
	return out
}

// openCopy opens a copy of pkt, as opening is in place.
func openCopy(o *Opener, pkt []byte) (ExtSeq, error) {
	var h Header
	b := bytes.Clone(pkt)
	if err := ParseHeader(b, &h); err != nil {
		return 0, err
	}
	_, index, err := o.OpenRTP(b, &h, 1)
	return index, err
}

func TestOpenReplay(t *testing.T) {
	for _, start := range []ExtSeq{0, 1, 32767, 32768, 65534, 65535} {
		key := testKey(ProfileAES128GCM)
		pkts := sealedRun(t, key, 9, start, 2500)
		o, _ := NewOpener(key, 0)
		open := func(i int, want error) {
			t.Helper()
			index, err := openCopy(o, pkts[i])
			if err != want || err == nil && index != start+ExtSeq(i) {
				t.Fatalf("start %d, packet %d: index %d, %v; want %v", start, i, index, err, want)
			}
		}
		open(0, nil)
		open(0, ErrReplayed)
		open(1500, nil)
		open(1500, ErrReplayed)
		open(1499, nil) // late, inside the window
		open(1499, ErrReplayed)
		open(1500-replayWindowSize+1, nil) // oldest place of the window
		open(1500-replayWindowSize+1, ErrReplayed)
		open(1500-replayWindowSize, ErrReplayed) // too old to know
		open(2499, nil)
		open(1501, nil)
		open(1500, ErrReplayed)
	}
}

// A forged packet must neither move the window nor leave anything behind.
func TestOpenForged(t *testing.T) {
	key := testKey(ProfileAES128GCM)
	pkts := sealedRun(t, key, 9, 100, 50)
	o, _ := NewOpener(key, 0)
	if _, err := openCopy(o, pkts[0]); err != nil {
		t.Fatal(err)
	}
	forged := bytes.Clone(pkts[1])
	binary.BigEndian.PutUint16(forged[2:], 30000) // far ahead
	if _, err := openCopy(o, forged); err != ErrAuth {
		t.Fatalf("forged number: %v", err)
	}
	if _, err := openCopy(o, pkts[1]); err != nil {
		t.Fatalf("after a forged packet: %v", err)
	}
	for ssrc := range uint32(1000) {
		binary.BigEndian.PutUint32(forged[8:], 1000+ssrc)
		if _, err := openCopy(o, forged); err != ErrAuth {
			t.Fatalf("forged SSRC: %v", err)
		}
	}
	if n, _ := o.SSRCs(); n != 1 {
		t.Errorf("%d SSRCs known after forgeries, want 1", n)
	}
	for bit := range 8 * len(pkts[2]) {
		p := bytes.Clone(pkts[2])
		p[bit/8] ^= 1 << (bit % 8)
		if _, err := openCopy(o, p); err == nil {
			t.Fatalf("bit %d flipped and still authentic", bit)
		}
	}
	if _, err := openCopy(o, pkts[2][:20]); err != ErrShortPacket {
		t.Errorf("short packet: %v", err)
	}
	other := testKey(ProfileAES128GCM)
	other.Key = bytes.Repeat([]byte{1}, 16)
	for _, p := range sealedRun(t, other, 9, 103, 20) {
		if _, err := openCopy(o, p); err != ErrAuth {
			t.Fatalf("wrong key: %v", err)
		}
	}
}

func TestOpenBoundsSSRCs(t *testing.T) {
	key := testKey(ProfileAES128GCM)
	o, _ := NewOpener(key, 3)
	for ssrc := SSRC(1); ssrc <= 5; ssrc++ {
		want := error(nil)
		if ssrc > 3 {
			want = ErrTooManySSRC
		}
		if _, err := openCopy(o, sealedRun(t, key, ssrc, 7, 1)[0]); err != want {
			t.Errorf("SSRC %d: %v, want %v", ssrc, err, want)
		}
	}
	s, _ := NewSealer(key)
	for ssrc := SSRC(1); ssrc <= 5; ssrc++ {
		slot := append(AppendPLI(nil, ssrc, 1), make([]byte, MaxSealOverhead)...)
		n, _ := s.SealRTCP(slot, 12, uint32(ssrc))
		want := error(nil)
		if ssrc > 3 {
			want = ErrTooManySSRC
		}
		if _, err := o.OpenRTCP(slot[:n], 1); err != want {
			t.Errorf("RTCP SSRC %d: %v, want %v", ssrc, err, want)
		}
	}
}

func TestOpenRTCPRefuses(t *testing.T) {
	for _, p := range profiles {
		key := testKey(p)
		o, _ := NewOpener(key, 0)
		s, _ := NewSealer(key)
		slot := append(AppendPLI(nil, 4, 1), make([]byte, MaxSealOverhead)...)
		n, _ := s.SealRTCP(slot, 12, 77)
		for bit := range 8 * n {
			b := bytes.Clone(slot[:n])
			b[bit/8] ^= 1 << (bit % 8)
			if _, err := o.OpenRTCP(b, 1); err == nil {
				t.Fatalf("%v: bit %d flipped and still authentic", p, bit)
			}
		}
		for short := range n {
			if _, err := o.OpenRTCP(bytes.Clone(slot[:short]), 1); err == nil {
				t.Fatalf("%v: %d of %d bytes accepted", p, short, n)
			}
		}
		if _, rtcp := o.SSRCs(); rtcp != 0 {
			t.Errorf("%v: forgeries left state", p)
		}
	}
}

// The E bit is part of what is authenticated; without it a packet would be
// plaintext.
func TestOpenRTCPUnencrypted(t *testing.T) {
	key := testKey(ProfileAES128GCM)
	o, _ := NewOpener(key, 0)
	pkt := append(AppendPLI(nil, 4, 1), make([]byte, gcmTagLen)...)
	pkt = binary.BigEndian.AppendUint32(pkt, 5)
	if _, err := o.OpenRTCP(pkt, 1); err != ErrNotEncrypted {
		t.Errorf("unencrypted: %v", err)
	}
}

func TestReplayWindowModel(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 3))
		var w replayWindow
		seen, top := map[uint64]bool{}, uint64(0)
		at := uint64(rng.IntN(70000))
		for range 3000 {
			i := at + uint64(rng.IntN(2500))
			if rng.IntN(10) == 0 {
				at += uint64(rng.IntN(700))
			}
			want := !seen[i] && (i >= top || top-i <= replayWindowSize)
			if got := w.fresh(i); got != want {
				t.Fatalf("seed %d: fresh(%d) = %v with top %d", seed, i, got, top)
			}
			if rng.IntN(2) == 0 && want {
				w.mark(i)
				seen[i] = true
				top = max(top, i+1)
			}
		}
	}
}

func TestSRTPNoAlloc(t *testing.T) {
	for _, p := range profiles[:2] {
		key := testKey(p)
		s, _ := NewSealer(key)
		o, _ := NewOpener(key, 0)
		var sc Scratch
		tmpl, _ := NewHeaderTemplate(HeaderSpec{SSRC: 5, AbsSendTimeID: 2, TransportSeqID: 3, MIDID: 4, MID: "0"})
		payload, slot := make([]byte, 1180), make([]byte, 1500)
		index := ExtSeq(1)
		var h Header
		check := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if n := testing.AllocsPerRun(1000, func() {
			n := tmpl.Write(slot, &Patch{Seq: index.Seq(), TS: 1})
			n, err := s.SealRTP(&sc, slot, n, payload, index)
			check(err)
			check(ParseHeader(slot[:n], &h))
			_, _, err = o.OpenRTP(slot[:n], &h, 1)
			check(err)
			index++
		}); n != 0 {
			t.Errorf("%v: %v allocations for seal and open", p, n)
		}
		again, err := s.SealRTP(&sc, slot, tmpl.Write(slot, &Patch{Seq: (index - 1).Seq()}), payload, index-1)
		check(err)
		check(ParseHeader(slot[:again], &h))
		if n := testing.AllocsPerRun(1000, func() {
			if _, _, err := o.OpenRTP(slot[:again], &h, 1); err != ErrReplayed {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations for a replay", p, n)
		}
		most := 0.
		if o.gcm == nil {
			most = 6 // pion makes an error of several parts, of which nothing stays
		}
		forged := make([]byte, 200)
		forged[0], forged[1] = 0x80, 96
		if n := testing.AllocsPerRun(1000, func() {
			binary.BigEndian.PutUint32(forged[8:], uint32(index)+1000)
			check(ParseHeader(forged, &h))
			if _, _, err := o.OpenRTP(forged, &h, 1); err != ErrAuth {
				t.Fatal(err)
			}
			index++
		}); n > most {
			t.Errorf("%v: %v allocations for a forged packet", p, n)
		}
		if n, _ := o.SSRCs(); n != 1 {
			t.Errorf("%v: forgeries left %d SSRCs", p, n-1)
		}
		rtcp := uint32(0)
		pli := AppendPLI(nil, 5, 6)
		if n := testing.AllocsPerRun(1000, func() {
			rtcp++
			copy(slot, pli)
			n, err := s.SealRTCP(slot, len(pli), rtcp)
			check(err)
			_, err = o.OpenRTCP(slot[:n], 1)
			check(err)
		}); n != 0 {
			t.Errorf("%v: %v allocations for RTCP", p, n)
		}
	}
}

// Pion's RTP type is used here only to prove that headers built by the
// template are ones that others read.
func TestSealedHeaderReadByPion(t *testing.T) {
	tmpl, err := NewHeaderTemplate(HeaderSpec{SSRC: 5, AbsSendTimeID: 2, TransportSeqID: 3, AudioLevelID: 1, MIDID: 4, MID: "mid0"})
	if err != nil {
		t.Fatal(err)
	}
	var slot [MaxHeaderLen]byte
	n := tmpl.Write(slot[:], &Patch{PT: 96, Seq: 65535, TS: 1 << 31, Marker: true, Level: AudioLevel{true, 0x85}, TransportSeq: 0x1234, SendTime: 0xabcdef})
	var h rtp.Header
	if m, err := h.Unmarshal(slot[:n]); err != nil || m != n {
		t.Fatalf("pion read %d of %d: %v", m, n, err)
	}
	if h.SequenceNumber != 65535 || h.Timestamp != 1<<31 || !h.Marker || h.PayloadType != 96 || h.SSRC != 5 {
		t.Errorf("header %+v", h)
	}
	for id, want := range map[uint8]string{1: "\x85", 2: "\xab\xcd\xef", 3: "\x12\x34", 4: "mid0"} {
		if got := h.GetExtension(id); string(got) != want {
			t.Errorf("extension %d is %x, want %x", id, got, want)
		}
	}
}

func FuzzOpenRTP(f *testing.F) {
	for _, p := range sealedRun(f, testKey(ProfileAES128GCM), 9, 65534, 3) {
		f.Add(p)
	}
	f.Add([]byte{0x80, 96})
	f.Add(randomRTP(rand.New(rand.NewPCG(9, 9)), 9, 5))
	f.Fuzz(func(t *testing.T, pkt []byte) {
		for _, p := range profiles {
			o, err := NewOpener(testKey(p), 0)
			if err != nil {
				t.Fatal(err)
			}
			var h Header
			b := bytes.Clone(pkt)
			if ParseHeader(b, &h) == nil {
				if plain, _, err := o.OpenRTP(b, &h, 1); err == nil {
					if _, _, err := o.OpenRTP(bytes.Clone(pkt), &h, 1); err != ErrReplayed {
						t.Fatalf("replay of %d bytes gave %v", len(plain), err)
					}
				}
			}
			if plain, err := o.OpenRTCP(bytes.Clone(pkt), 1); err == nil {
				drainRTCP(t, plain)
			}
		}
	})
}
