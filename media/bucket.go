package media

import "time"

// Bucket bounds a rate: it holds tokens, which are taken by what is bounded
// and come back with time. It reads no clock: within a batch it costs a
// comparison and a subtraction.
type Bucket struct {
	At     Instant // up to when tokens have come back, 0: never used
	Tokens int
}

// Refill adds the tokens that came back until now, up to burst.
func (b *Bucket) Refill(now Instant, perSecond, burst int) {
	if b.At == now {
		return
	}
	if b.At == 0 {
		b.At, b.Tokens = now, max(b.Tokens, burst)
		return
	}
	gap := now.Sub(b.At)
	if gap > refillMost {
		b.At, gap = now.Add(-refillMost), refillMost
	}
	back := int(gap * time.Duration(perSecond) / time.Second)
	if back <= 0 {
		return
	}
	// Only the time of whole tokens is used up: batches come so close that
	// rounding would eat a good part of the rate.
	b.At = b.At.Add(time.Duration(back) * time.Second / time.Duration(perSecond))
	if b.Tokens < burst {
		b.Tokens = min(b.Tokens+back, burst)
	}
}

// refillMost is the longest time that is looked back at; every burst here comes
// back sooner. It keeps the product of time and rate within its bounds.
const refillMost = time.Minute

// Take takes a token, if there is one.
func (b *Bucket) Take(now Instant, perSecond, burst int) bool {
	return b.TakeN(1, now, perSecond, burst)
}

// TakeN takes n tokens, if there are as many.
func (b *Bucket) TakeN(n int, now Instant, perSecond, burst int) bool {
	b.Refill(now, perSecond, burst)
	if n > b.Tokens {
		return false
	}
	b.Tokens -= n
	return true
}
