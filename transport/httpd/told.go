package httpd

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxTold is how many things are remembered as told.
const maxTold = 256

// told lets each thing that strangers can cause be logged once, and all of them
// together only slowly: what comes too fast is told when it comes again.
type told struct {
	pace *rate.Limiter

	mu   sync.Mutex // guards seen
	seen map[string]struct{}
}

// newTold lets atOnce lines through, and one more each time every passes.
func newTold(every time.Duration, atOnce int) *told {
	return &told{pace: rate.NewLimiter(rate.Every(every), atOnce), seen: map[string]struct{}{}}
}

// first reports whether what is to be logged now.
func (t *told) first(what string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.seen[what]; known || !t.pace.AllowN(now, 1) {
		return false
	}
	if len(t.seen) >= maxTold {
		clear(t.seen) // some are told once more
	}
	t.seen[what] = struct{}{}
	return true
}

// forLog cuts what a stranger wrote.
func forLog(text string) string {
	const most = 255 // a name in DNS has no more
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
