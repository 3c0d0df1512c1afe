package floor

import (
	"context"
	"time"

	"parley/bench/gcm"
)

// Step is one measured way of doing one thing.
type Step struct {
	Name         string
	Bytes        int // of a datagram
	Destinations int // 0: does not matter
	Batch        int // packets in one system call, or in one GSO message
	US           float64
}

// Sizes of the datagrams that are measured, in bytes.
var sizes = []int{1200, 100}

// stepTime is how much CPU one step is measured for.
const stepTime = 150 * time.Millisecond

// Micro measures the single steps, each for a while; report is called for
// each as it is known. dests are the numbers of destinations to send to.
func Micro(ctx context.Context, dests []int, report func(Step)) error {
	for _, size := range sizes {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		seal, open, err := cipher(size)
		if err != nil {
			return err
		}
		report(Step{Name: "seal AES-128-GCM", Bytes: size, US: seal})
		report(Step{Name: "open AES-128-GCM", Bytes: size, US: open})
	}
	return microNet(ctx, dests, report)
}

// cipher measures seal and open of datagrams of size bytes, in µs.
func cipher(size int) (seal, open float64, err error) {
	s, err := gcm.NewSession(gcm.Keys{Key: [gcm.KeyLen]byte{1}})
	if err != nil {
		return 0, 0, err
	}
	header := make([]byte, 20)
	header[0] = 0x80
	payload := make([]byte, size-len(header)-gcm.TagLen)
	room := make([]byte, 0, size)
	var sealed []byte
	seal = perCall(func() { sealed = s.SealRTP(room, header, payload, 0) })
	both := perCall(func() {
		sealed = s.SealRTP(room, header, payload, 0)
		_, err = s.OpenRTP(sealed, len(header), 0)
	})
	return seal, both - seal, err
}

// perCall gives the time of one call of f in µs, the best of five rounds: the
// work is fixed, so that anything above is other people's.
func perCall(f func()) float64 {
	n := 64
	for {
		start := time.Now()
		for range n {
			f()
		}
		if time.Since(start) > stepTime/10 {
			break
		}
		n *= 2
	}
	best := time.Duration(1<<63 - 1)
	for range 5 {
		start := time.Now()
		for range n {
			f()
		}
		best = min(best, time.Since(start))
	}
	return float64(best.Nanoseconds()) / 1000 / float64(n)
}
