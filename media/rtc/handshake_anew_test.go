package rtc

import (
	"sync"
	"testing"
	"time"

	"parley/media/dtlsgate"
)

// TestPassivePeerIsAskedAnew: an attempt as the client that comes to nothing, as
// one that a stranger spoiled, ends while there is time for another.
func TestPassivePeerIsAskedAnew(t *testing.T) {
	t.Parallel()
	const limit = 9 * time.Second
	s := listen(t, Config{handshakeTime: limit})
	p := newPeer(t, s, peerOptions{seats: 1, passive: true})
	var mu sync.Mutex
	attempts := map[[32]byte]bool{}
	p.pipe.lose = func(pkt []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		if h, ok := dtlsgate.ParseHello(pkt); ok {
			attempts[h.Random] = true
		}
		return len(attempts) < 2
	}
	began := time.Now()
	if err := p.connect(); err != nil {
		t.Fatalf("connect: %v", err)
	}
	if took := time.Since(began); took > limit-time.Second {
		t.Errorf("it took %v", took)
	}
	p.events.wait(t, "the engine to be told", func() bool { return p.events.connected == 1 })
}
