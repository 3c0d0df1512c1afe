package forward

import "parley/media/rtc/path"

// Figures are a group's counters since its start.
type Figures struct {
	Workers []WorkerFigures
	// Tracks is how many sources are being received.
	Tracks int
	// Problems is how many pictures that are on do not come, by problem; every
	// one is present.
	Problems map[string]int
	// Drops are datagrams, or packets to one subscriber, by reason. Every
	// reason is present.
	Drops map[string]uint64
	// GSO reports whether every socket sends runs as one message.
	GSO bool
}

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

// Figures returns the counters, and what there is of feeds. It may be called at any
// time; workers do not notice.
func (g *Group) Figures() Figures {
	f := Figures{Drops: make(map[string]uint64), Problems: make(map[string]int), GSO: true}
	for _, w := range g.workers() {
		f.Workers = append(f.Workers, w.figures())
		f.GSO = f.GSO && w.sock.GSO()
	}
	g.countDrops(f.Drops)
	noProblems(f.Problems)
	feeds, _ := g.inside.all()
	for _, feed := range feeds {
		f.count(&feed.publisher)
	}
	return f
}

// Count adds what there is of a remote.
func (f *Figures) Count(c *Control) { f.count(&c.publisher) }

func (f *Figures) count(p *publisher) {
	f.Tracks += p.activeTracks()
	p.countProblems(f.Problems)
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
func (g *Group) countDrops(n map[string]uint64) {
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
