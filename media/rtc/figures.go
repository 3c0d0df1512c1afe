package rtc

import "parley/media/rtc/path"

// Figures are a server's counters since its start.
type Figures struct {
	Workers  []WorkerFigures
	Sessions int
	// Connected is how many sessions have keys and an address.
	Connected int
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

// Figures returns the counters. It may be called at any time; workers do not
// notice.
func (s *Server) Figures() Figures {
	f := Figures{Drops: make(map[string]uint64, int(dropCount)+int(path.DropCount)), Problems: make(map[string]int, problemCount-1), GSO: true}
	for p := problemNone + 1; p < problemCount; p++ {
		f.Problems[p.String()] = 0
	}
	for d := dropNone + 1; d < dropCount; d++ {
		f.Drops[d.String()] = s.drops[d].Load()
	}
	for _, w := range s.workers() {
		c := &w.count
		f.Workers = append(f.Workers, WorkerFigures{
			Address:   w.sock.LocalAddr().String(),
			PacketsIn: c.packetsIn.Load(), BytesIn: c.bytesIn.Load(),
			PacketsOut: c.packetsOut.Load(), BytesOut: c.bytesOut.Load(),
			Forwarded: c.forwarded.Load(), Repaired: c.repaired.Load(), Recovered: c.recovered.Load(),
			Arrived: c.arrived.Load(), Lost: c.lost.Load(),
			Runs: c.runs.Load(), RunPackets: c.runPackets.Load(), SendCalls: c.sendCalls.Load(),
			Batches: c.batches.Load(), Overflows: w.sock.Overflows(),
			Ticking: w.ticking.Load(),
		})
		for d := dropNone + 1; d < dropCount; d++ {
			f.Drops[d.String()] += c.drops[d].Load()
		}
		for d := path.DropNone + 1; d < path.DropCount; d++ {
			f.Drops[d.String()] += w.pathDrops[d].Load()
		}
		f.Drops[dropMalformed.String()] += w.sock.Oversize()
		f.GSO = f.GSO && w.sock.GSO()
	}
	s.mu.Lock()
	f.Sessions = len(s.sessions)
	for sess := range s.sessions {
		if sess.connected() {
			f.Connected++
		}
		f.Tracks += sess.activeTracks()
		sess.countProblems(f.Problems)
	}
	s.mu.Unlock()
	feeds, _ := s.inside.all()
	for _, feed := range feeds {
		f.Tracks += feed.activeTracks()
		feed.countProblems(f.Problems)
	}
	return f
}
