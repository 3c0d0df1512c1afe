package gcm

import (
	"bytes"
	"testing"

	"github.com/pion/srtp/v3"
)

func testKeys() Keys {
	var k Keys
	for i := range k.Key {
		k.Key[i] = byte(i * 7)
	}
	for i := range k.Salt {
		k.Salt[i] = byte(0xa0 + i)
	}
	return k
}

func pionContext(t *testing.T, k Keys) *srtp.Context {
	t.Helper()
	c, err := srtp.CreateContext(k.Key[:], k.Salt[:], srtp.ProtectionProfileAeadAes128Gcm)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func rtpPacket(seq uint16, payload int) (header, body []byte) {
	header = []byte{0x90, 96, byte(seq >> 8), byte(seq), 0, 0, 1, 2, 0xde, 0xad, 0xbe, 0xef,
		0xbe, 0xde, 0, 1, 0x10, '1', 0, 0}
	body = bytes.Repeat([]byte{0x5a}, payload)
	return header, body
}

func TestSealRTPMatchesPion(t *testing.T) {
	keys := testKeys()
	ours, err := NewSession(keys)
	if err != nil {
		t.Fatal(err)
	}
	peer := pionContext(t, keys)
	roc := uint32(0)
	for _, seq := range []uint16{65533, 65534, 65535, 0, 1} {
		if seq == 0 {
			roc = 1
		}
		header, body := rtpPacket(seq, 1000)
		got := ours.SealRTP(nil, header, body, roc)
		want, err := peer.EncryptRTP(nil, append(bytes.Clone(header), body...), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("seq %d: sealed packet differs from pion's", seq)
		}
		plain, err := ours.OpenRTP(got, len(header), roc)
		if err != nil || !bytes.Equal(plain, body) {
			t.Fatalf("seq %d: open: %v", seq, err)
		}
	}
}

func TestRTCPAgreesWithPion(t *testing.T) {
	keys := testKeys()
	ours, _ := NewSession(keys)
	peer := pionContext(t, keys)
	compound := []byte{0x81, 201, 0, 7, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
		13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24}
	sealed := ours.SealRTCP(nil, compound)
	plain, err := peer.DecryptRTCP(nil, sealed, nil)
	if err != nil || !bytes.Equal(plain, compound) {
		t.Fatalf("pion opens our srtcp: %x, %v", plain, err)
	}
	sealed, err = peer.EncryptRTCP(nil, compound, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err = ours.OpenRTCP(sealed)
	if err != nil || !bytes.Equal(plain, compound) {
		t.Fatalf("we open pion's srtcp: %x, %v", plain, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	s, _ := NewSession(testKeys())
	header, body := rtpPacket(7, 50)
	good := s.SealRTP(nil, header, body, 0)
	bad := bytes.Clone(good)
	bad[len(bad)-1] ^= 1
	if _, err := s.OpenRTP(bad, len(header), 0); err == nil {
		t.Error("a changed tag was accepted")
	}
	if _, err := s.OpenRTP(good[:20], len(header), 0); err == nil {
		t.Error("a cut packet was accepted")
	}
	if _, err := s.OpenRTCP(make([]byte, 40)); err == nil {
		t.Error("unencrypted srtcp was accepted")
	}
}

func TestNoAllocations(t *testing.T) {
	s, _ := NewSession(testKeys())
	header, body := rtpPacket(7, 1000)
	dst := make([]byte, 0, 2048)
	rtcp := make([]byte, 32)
	rtcp[0] = 0x80
	n := testing.AllocsPerRun(100, func() {
		sealed := s.SealRTP(dst, header, body, 0)
		if _, err := s.OpenRTP(sealed, len(header), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.OpenRTCP(s.SealRTCP(dst, rtcp)); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per packet, want 0", n)
	}
}

func BenchmarkSealRTP1200(b *testing.B) {
	s, _ := NewSession(testKeys())
	header, body := rtpPacket(7, 1200-20-TagLen)
	dst := make([]byte, 0, 2048)
	b.SetBytes(1200)
	b.ReportAllocs()
	for b.Loop() {
		s.SealRTP(dst, header, body, 0)
	}
}
