package main

import (
	"os"
	"runtime"
)

// spareProc lets the Go scheduler run on one processor more than there are and
// returns how many there are. A packet worker that sleeps to let sound gather
// keeps its processor of the scheduler's meanwhile (see udp.Socket.Pause); with
// one for each worker and none to spare, everything else would wait until the
// scheduler interrupts a worker, 10 ms at a time.
func spareProc() (cores int) {
	cores = runtime.GOMAXPROCS(0)
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(cores + 1)
	}
	return cores
}
