package udp

import (
	"fmt"
	"testing"
)

// BenchmarkSend is the cost of one datagram out, delivery over loopback
// included, for runs of 1 to 16 to one destination out of 50.
func BenchmarkSend(b *testing.B) {
	for _, run := range []int{1, 2, 4, 8, 16} {
		for _, size := range []int{100, 1200} {
			b.Run(fmt.Sprintf("%dB/run%d", size, run), func(b *testing.B) { benchSend(b, Config{}, size, run) })
		}
	}
	b.Run("1200B/plain", func(b *testing.B) { benchSend(b, Config{Plain: true}, 1200, 1) })
	b.Run("1200B/unsegmented8", func(b *testing.B) { benchSend(b, Config{NoGSO: true}, 1200, 8) })
}

func benchSend(b *testing.B, config Config, size, run int) {
	s := open(b, loopback, config)
	to := make([]Addr, 50)
	for i := range to {
		// Small receive buffers: what arrives is not read.
		to[i] = AddrFrom(open(b, loopback, Config{Buffer: 4096}).LocalAddr())
	}
	batch := NewSendBatch(s)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		batch.Room()
		batch.Push(size, &to[i/run%len(to)])
		if batch.used+MaxSend > arenaSize || i%64 == 63 {
			batch.Flush()
		}
	}
}
