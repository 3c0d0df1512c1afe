package media

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"
)

// cachePacket makes a packet whose bytes depend on its number.
func cachePacket(buf []byte, ext ExtSeq, n int) []byte {
	p := buf[:n]
	for i := range p {
		p[i] = byte(uint64(ext)*31 + uint64(i))
	}
	binary.BigEndian.PutUint64(p, uint64(ext))
	return p
}

// Whatever the rates and sizes: a packet comes back exact or not at all, and
// everything younger than keep is there while the bound allows it.
func TestCacheModel(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		limit := 64 << 10 << rng.IntN(4)
		c := NewCache(limit, time.Second)
		rate := 50 + rng.IntN(1500) // packets/s
		size := 100 + rng.IntN(1100)
		ext, now := ExtSeq(1<<16+65000), Instant(1e18)
		type put struct {
			ext ExtSeq
			n   int
			at  Instant
		}
		var puts []put
		var buf, want [1500]byte
		for range 6000 {
			ext += ExtSeq(1 + rng.IntN(20)/19) // some losses
			now = now.Add(time.Second / time.Duration(rate))
			n := 20 + rng.IntN(size)
			c.Put(ext, cachePacket(buf[:], ext, n), now)
			puts = append(puts, put{ext, n, now})
			if rng.IntN(8) != 0 {
				continue
			}
			p := puts[max(0, len(puts)-1-rng.IntN(2000))]
			got, ok := c.Get(p.ext)
			if ok && !bytes.Equal(got, cachePacket(want[:], p.ext, p.n)) {
				t.Fatalf("seed %d: packet %d came back changed", seed, p.ext)
			}
			// Twice the rate must fit for the promise to hold.
			if !ok && now.Sub(p.at) < time.Second && 4*rate*(size/2+20) < limit {
				t.Fatalf("seed %d: packet %d lost after %v, cache %d of %d bytes", seed, p.ext, now.Sub(p.at), c.Size(), limit)
			}
		}
		if len(c.buf) > limit {
			t.Fatalf("seed %d: grew to %d, bound %d", seed, len(c.buf), limit)
		}
	}
}

func TestCacheEdges(t *testing.T) {
	var buf [40 << 10]byte
	c := NewCache(64<<10, time.Second)
	if _, ok := c.Get(5); ok {
		t.Error("empty cache has a packet")
	}
	for _, start := range []ExtSeq{0, 1, 32767, 32768, 65534, 65535} {
		for ext := start; ext < start+100; ext++ {
			c.Put(ext, cachePacket(buf[:], ext, 100), 1)
		}
		for ext := start; ext < start+100; ext++ {
			if got, ok := c.Get(ext); !ok || binary.BigEndian.Uint64(got) != uint64(ext) {
				t.Errorf("packet %d not found", ext)
			}
		}
		if _, ok := c.Get(start + 100); ok {
			t.Error("packet that was never put")
		}
		c.Reset()
	}
	c.Put(7, cachePacket(buf[:], 7, 33<<10), 2) // more than half of the bound
	if _, ok := c.Get(7); ok {
		t.Error("kept an oversize packet")
	}
	c.Put(8, cachePacket(buf[:], 8, 30<<10), 3) // larger than the ring at first
	if got, ok := c.Get(8); !ok || len(got) != 30<<10 {
		t.Error("large packet not kept")
	}
	c.Reset()
	if _, ok := c.Get(8); ok || c.Size() != 0 {
		t.Error("reset cache still holds something")
	}
}

func TestCacheNoAlloc(t *testing.T) {
	c := NewCache(DefaultVideoCache, time.Second)
	pkt := make([]byte, 1200)
	ext, now := ExtSeq(1), Instant(1)
	put := func() {
		ext, now = ext+1, now.Add(5*time.Millisecond)
		c.Put(ext, pkt, now)
		if _, ok := c.Get(ext); !ok {
			t.Fatal("packet lost")
		}
	}
	for range 2000 {
		put()
	}
	if n := testing.AllocsPerRun(2000, put); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCachePut(b *testing.B) {
	c := NewCache(DefaultVideoCache, time.Second)
	pkt := make([]byte, 1200)
	ext, now := ExtSeq(1), Instant(1)
	b.SetBytes(1200)
	for b.Loop() {
		ext, now = ext+1, now.Add(time.Millisecond)
		c.Put(ext, pkt, now)
	}
}
