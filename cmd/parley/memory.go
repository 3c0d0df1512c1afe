package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// gcPercent is how much garbage there may be beside what lives. Forwarding
// makes none, so collecting early costs next to nothing.
//
// What this and returnMemory are worth, medians of five alternating runs: bench idle
// -n 1000 and bench sockets -n 2000 --tls see 35 and 8.5 KiB resident each; with this
// alone (GOGC=40 in the environment) 44 and 12; with neither (GOGC=100) 56 and 14. They
// cost 0.06 % of a core there with sockets, and some tenths of one with idle. CPU in
// bench join and bench audience --watchers 50 was the same within what its runs differ.
// A limit alone (GOGC=100 GOMEMLIMIT=58MiB) sees 38 with idle, but only as there is one.
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
		var m heapMeter
		for {
			select {
			case <-tick.C:
				returnMemory(&m)
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
func returnMemory(m *heapMeter) {
	allocated := m.allocated
	m.read()
	quiet := m.allocated-allocated < m.objects/2
	garbage := m.objects - min(m.objects, m.live)
	spare := m.free + garbage
	if quiet && spare > returnLeast && float64(spare) > returnShare*float64(m.objects+m.unused) {
		debug.FreeOSMemory()
		m.read()
	}
}

// heapMeter reads what of the heap is what, in bytes, without stopping anybody.
type heapMeter struct {
	allocated uint64 // since the start
	live      uint64 // at the last collection
	objects   uint64 // live or not yet collected
	unused    uint64 // between them
	free      uint64 // held for later
}

func (m *heapMeter) read() {
	samples := [...]metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(samples[:])
	for i, field := range []*uint64{&m.allocated, &m.live, &m.objects, &m.unused, &m.free} {
		*field = samples[i].Value.Uint64()
	}
}
