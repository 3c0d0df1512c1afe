package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// TestNothingToGiveBack: near the limit of a control group the collector leaves less
// garbage than its share. That is not taken for more of it, with a collection at each
// look for nothing.
func TestNothingToGiveBack(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	held := make([]byte, 64<<20)
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetMemoryLimit(int64(m.Sys-m.HeapReleased) + 2<<20)
	runtime.GC()
	var look heapMeter
	returnMemory(&look) // all that was ever allocated is new to it: not quiet
	runtime.ReadMemStats(&m)
	before := m.NumForcedGC
	for range 3 {
		returnMemory(&look)
	}
	if runtime.ReadMemStats(&m); m.NumForcedGC != before {
		t.Errorf("%d collections in a quiet time", m.NumForcedGC-before)
	}
	runtime.KeepAlive(held)
}

// TestMemoryIsGivenBack that a burst has left behind, once it is quiet.
func TestMemoryIsGivenBack(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // nothing else collects meanwhile
	runtime.GC()
	var look heapMeter
	for range 64 {
		burst = make([]byte, 1<<20)
	}
	burst = nil
	returnMemory(&look)
	if look.objects < 64<<20 {
		t.Fatalf("%d bytes of garbage in a busy time", look.objects)
	}
	returnMemory(&look)
	if kept := look.objects + look.free; kept > 32<<20 {
		t.Errorf("%d bytes are kept in a quiet time", kept)
	}
}

// burst keeps what is allocated on the heap.
var burst []byte
