package rtc

import "parley/media/rtc/path"

// WorkerFigures are one worker's counters.
type WorkerFigures struct {
	// Address is the worker's local address.
	Address string
	// PacketsIn, BytesIn are UDP datagrams and their bytes, PacketsOut and
	// BytesOut likewise.
	PacketsIn, BytesIn, PacketsOut, BytesOut uint64
	// Forwarded is media packets sent to subscribers, Repaired those sent
	// again on request, Recovered those that came in as a repair.
	Forwarded, Repaired, Recovered uint64
	// Arrived and Lost is what receivers report of the packets that were sent to
	// them, repairs included (transport-wide feedback).
	Arrived, Lost uint64
	// Runs is how many messages carried more than one packet, RunPackets how
	// many packets left in them, SendCalls how many calls all took.
	Runs, RunPackets, SendCalls uint64
	// Batches is how many times packets were taken in; Overflows how many
	// the kernel had no room for.
	Batches, Overflows uint64
	// Ticking reports whether the worker has tracks to look after.
	Ticking bool
}

// figures returns the worker's. Anybody may ask.
func (w *worker) figures() WorkerFigures {
	c := &w.count
	return WorkerFigures{
		Address:   w.sock.LocalAddr().String(),
		PacketsIn: c.packetsIn.Load(), BytesIn: c.bytesIn.Load(),
		PacketsOut: c.packetsOut.Load(), BytesOut: c.bytesOut.Load(),
		Forwarded: c.forwarded.Load(), Repaired: c.repaired.Load(), Recovered: c.recovered.Load(),
		Arrived: c.arrived.Load(), Lost: c.lost.Load(),
		Runs: c.runs.Load(), RunPackets: c.runPackets.Load(), SendCalls: c.sendCalls.Load(),
		Batches: c.batches.Load(), Overflows: w.sock.Overflows(),
		Ticking: w.ticking.Load(),
	}
}

// countDrops sets n to what was dropped, by reason; every reason is set.
func (g *group) countDrops(n map[string]uint64) {
	for d := dropNone + 1; d < dropCount; d++ {
		n[d.String()] = g.drops[d].Load()
	}
	for _, w := range g.workers() {
		for d := dropNone + 1; d < dropCount; d++ {
			n[d.String()] += w.count.drops[d].Load()
		}
		for d := path.DropNone + 1; d < path.DropCount; d++ {
			n[d.String()] += w.pathDrops[d].Load()
		}
		n[dropMalformed.String()] += w.sock.Oversize()
	}
}
