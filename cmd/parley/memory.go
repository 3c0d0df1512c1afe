package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// gcPercent is how much garbage there may be beside what lives. Forwarding
// makes none, so collecting early costs next to nothing. With this and
// returnMemory, bench idle -n 600 once saw 63 KiB resident per participant in
// place of 104.
const gcPercent = 40

// Memory that a burst of joins or texts left behind goes back to the system
// when it is more than returnShare of the heap in use and more than
// returnLeast, looked at each returnEvery. With a share of a fifth, bench sockets
// -n 2000 --tls saw 8.4 to 11.4 KiB resident each, with a tenth 8.2 to 8.6; with
// 2 MiB at least, bench audience --watchers 50 took a twelfth more for collecting.
const (
	returnEvery = 5 * time.Second
	returnLeast = 4 << 20
	returnShare = 0.1
)

// saveMemory makes the collector run early and gives memory back that is no
// longer needed, unless GOGC says that somebody else has thought about it. The
// returned function ends that.
func saveMemory() (stop func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	debug.SetGCPercent(gcPercent)
	tick := time.NewTicker(returnEvery)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() { // ends with stop
		defer close(ended)
		var last runtime.MemStats
		for {
			select {
			case <-tick.C:
				returnMemory(&last)
			case <-done:
				return
			}
		}
	}()
	return func() {
		tick.Stop()
		close(done)
		<-ended
	}
}

// returnMemory collects and gives back, if the time since the last look was
// quiet: in busy times the collector runs by itself and would only be doubled.
func returnMemory(last *runtime.MemStats) {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	quiet := now.TotalAlloc-last.TotalAlloc < now.HeapAlloc/2
	garbage := now.HeapAlloc - min(now.HeapAlloc, liveAfterCollection(&now))
	spare := now.HeapIdle - now.HeapReleased + garbage
	if quiet && spare > returnLeast && float64(spare) > returnShare*float64(now.HeapInuse) {
		debug.FreeOSMemory()
		runtime.ReadMemStats(&now)
	}
	*last = now
}

// liveAfterCollection is what lived at the last collection, as its goal tells.
func liveAfterCollection(m *runtime.MemStats) uint64 {
	return m.NextGC * 100 / (100 + gcPercent)
}
