package media

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"testing"
)

// The floor of sealing and opening is the bare AEAD over the same bytes.

func benchAEAD(b *testing.B) cipher.AEAD {
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	return aead
}

var benchSizes = []int{100, 1200}

func BenchmarkSealRTP(b *testing.B) {
	for _, size := range benchSizes {
		payload, slot := make([]byte, size), make([]byte, 2048)
		b.Run(fmt.Sprintf("floor-%d", size), func(b *testing.B) {
			aead, nonce := benchAEAD(b), make([]byte, 12)
			b.SetBytes(int64(size))
			for b.Loop() {
				aead.Seal(slot[24:24], nonce, payload, slot[:24])
			}
		})
		for _, p := range profiles {
			b.Run(fmt.Sprintf("%v-%d", p, size), func(b *testing.B) {
				s, _ := NewSealer(testKey(p))
				sc, tmpl := new(Scratch), benchTemplate(b)
				index := ExtSeq(1)
				b.SetBytes(int64(size))
				for b.Loop() {
					n := tmpl.Write(slot, &Patch{Seq: index.Seq()})
					if _, err := s.SealRTP(sc, slot, n, payload, index); err != nil {
						b.Fatal(err)
					}
					index++
				}
			})
		}
	}
}

func benchTemplate(b *testing.B) *HeaderTemplate {
	tmpl, err := NewHeaderTemplate(HeaderSpec{SSRC: 5, AbsSendTimeID: 2, TransportSeqID: 3})
	if err != nil {
		b.Fatal(err)
	}
	return tmpl
}

// BenchmarkOpenRTP seals outside the timer's share as the floor does: both
// copy a sealed packet into place and open it there.
func BenchmarkOpenRTP(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("floor-%d", size), func(b *testing.B) {
			aead, nonce := benchAEAD(b), make([]byte, 12)
			sealed := aead.Seal(nil, nonce, make([]byte, size), make([]byte, 12))
			buf, aad := make([]byte, len(sealed)), make([]byte, 12)
			b.SetBytes(int64(size))
			for b.Loop() {
				copy(buf, sealed)
				if _, err := aead.Open(buf[:0], nonce, buf, aad); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("opener-%d", size), func(b *testing.B) {
			key := testKey(ProfileAES128GCM)
			o, _ := NewOpener(key, 0)
			s, _ := NewSealer(key)
			sc := new(Scratch)
			const run = 4096
			sealed := make([][]byte, run)
			for i := range sealed {
				slot := make([]byte, 12+size+16)
				copy(slot, []byte{0x80, 96, byte(i >> 8), byte(i), 0, 0, 0, 0, 0, 0, 0, 9})
				if _, err := s.SealRTP(sc, slot, 12, make([]byte, size), ExtSeq(i)); err != nil {
					b.Fatal(err)
				}
				sealed[i] = slot
			}
			buf := make([]byte, 12+size+16)
			var h Header
			i := 0
			b.SetBytes(int64(size))
			for b.Loop() {
				copy(buf, sealed[i%run])
				if err := ParseHeader(buf, &h); err != nil {
					b.Fatal(err)
				}
				if i%run == 0 { // the same numbers again: forget the window
					clear(o.rtp.live)
					o.rtp.last = nil
				}
				if _, _, err := o.OpenRTP(buf, &h, 1); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

func BenchmarkHeaderWrite(b *testing.B) {
	tmpl, slot := benchTemplate(b), make([]byte, 64)
	p := Patch{Seq: 1, TS: 2, TransportSeq: 3, SendTime: 4}
	for b.Loop() {
		tmpl.Write(slot, &p)
	}
}

// BenchmarkContext compares pion's Context with our own cipher code, where both can do
// it: what decides which is used (see the package's comment).
func BenchmarkContext(b *testing.B) {
	key := testKey(ProfileAES128GCM)
	pkts := sealedRun(b, key, 9, 1, 4096)
	buf := make([]byte, len(pkts[0]))
	b.Run("open-forged", func(b *testing.B) {
		b.ReportAllocs()
		o, _ := NewOpener(key, 0)
		var h Header
		for b.Loop() {
			copy(buf, pkts[0])
			buf[20] ^= 1
			if ParseHeader(buf, &h) != nil {
				b.Fatal("header")
			}
			if _, _, err := o.OpenRTP(buf, &h, 1); err != ErrAuth {
				b.Fatal(err)
			}
		}
	})
	b.Run("new", func(b *testing.B) { // what an SSRC of its own would cost
		b.ReportAllocs()
		for b.Loop() {
			c, _ := newSRTPContext(key)
			if _, err := c.context(); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, p := range profiles {
		sealer, _ := NewSealer(testKey(p))
		slot := append(AppendPLI(nil, 4, 1), make([]byte, MaxSealOverhead+40)...)
		b.Run(fmt.Sprintf("rtcp-%v", p), func(b *testing.B) {
			b.ReportAllocs()
			index := uint32(0)
			for b.Loop() {
				index++
				if _, err := sealer.SealRTCP(slot, 52, index); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("rtcp-reference-%v", p), func(b *testing.B) {
			b.ReportAllocs()
			ref, index, sc := newReference(b, testKey(p)), uint32(0), new(Scratch)
			for b.Loop() {
				index++
				ref.sealRTCP(sc, slot, 52, index)
			}
		})
	}
}
