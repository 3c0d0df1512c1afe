package floor

import (
	"encoding/binary"
	"fmt"
	"net"

	"parley/bench/gcm"
)

// Forwarder is a minimal forwarder at work. One goroutine owns it.
type Forwarder struct {
	pipe  *pipe
	pubs  map[uint16]*source
	dests []*dest
	fault Faults
	count int // outgoing packets, for Faults
	run   []arrival
}

// source is a publisher's state.
type source struct {
	open    *gcm.Session
	streams []*stream
}

type stream struct {
	ssrc    uint32
	to      []Hop
	roc     uint32
	last    uint16
	started bool
}

// dest is a receiver's state.
type dest struct {
	seal *gcm.Session
	addr address
}

// arrival is one opened packet of a run.
type arrival struct {
	stream          *stream
	header, payload []byte
	roc             uint32
}

// NewForwarder takes conn, which the caller closes.
func NewForwarder(conn *net.UDPConn, plan *Plan) (*Forwarder, error) {
	p, err := newPipe(conn, plan.GSO)
	if err != nil {
		return nil, err
	}
	f := &Forwarder{pipe: p, pubs: make(map[uint16]*source), fault: plan.Faults, run: make([]arrival, 0, recvSlots)}
	for i := range plan.Dests {
		seal, err := gcm.NewSession(plan.Dests[i].Keys)
		if err != nil {
			return nil, err
		}
		f.dests = append(f.dests, &dest{seal: seal, addr: loopback(plan.Dests[i].Port)})
	}
	for i := range plan.Publishers {
		if err := f.addPublisher(&plan.Publishers[i]); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *Forwarder) addPublisher(p *Publisher) error {
	open, err := gcm.NewSession(p.Keys)
	if err != nil {
		return err
	}
	src := &source{open: open}
	for _, s := range p.Streams {
		for _, hop := range s.To {
			if hop.Dest < 0 || hop.Dest >= len(f.dests) {
				return fmt.Errorf("floor plan: no destination %d", hop.Dest)
			}
		}
		src.streams = append(src.streams, &stream{ssrc: s.SSRC, to: s.To})
	}
	f.pubs[p.Port] = src
	return nil
}

// Run forwards until the socket is closed.
func (f *Forwarder) Run() error {
	for {
		n, err := f.pipe.receive()
		if err != nil {
			return err
		}
		f.batch(n)
		f.pipe.flush()
	}
}

// batch forwards one receive batch: runs of packets of one stream are sent
// destination by destination, so that they leave together.
func (f *Forwarder) batch(n int) {
	for i := range n {
		pkt, port := f.pipe.packet(i)
		src := f.pubs[port]
		if src == nil || len(pkt) < 12+gcm.TagLen || pkt[0]>>6 != 2 || pkt[1] >= 192 && pkt[1] <= 223 {
			continue
		}
		a, ok := src.take(pkt)
		if !ok {
			continue
		}
		if len(f.run) > 0 && f.run[0].stream != a.stream {
			f.forward()
		}
		f.run = append(f.run, a)
	}
	f.forward()
}

// take opens one packet.
func (s *source) take(pkt []byte) (a arrival, ok bool) {
	ssrc := binary.BigEndian.Uint32(pkt[8:])
	for _, st := range s.streams {
		if st.ssrc != ssrc {
			continue
		}
		n := 12
		if pkt[0]&0x10 != 0 {
			n += 4 + 4*int(binary.BigEndian.Uint16(pkt[14:]))
		}
		if len(pkt) < n+gcm.TagLen {
			return a, false
		}
		seq := binary.BigEndian.Uint16(pkt[2:])
		roc := st.rollovers(seq)
		payload, err := s.open.OpenRTP(pkt, n, roc)
		return arrival{st, pkt[:n], payload, roc}, err == nil
	}
	return a, false
}

// rollovers gives the roll-over counter of seq, which may be late.
func (s *stream) rollovers(seq uint16) uint32 {
	if s.started && int16(seq-s.last) < 0 {
		if seq > s.last {
			return s.roc - 1
		}
		return s.roc
	}
	if s.started && seq < s.last {
		s.roc++
	}
	s.started, s.last = true, seq
	return s.roc
}

// forward seals and queues the run for every destination.
func (f *Forwarder) forward() {
	if len(f.run) == 0 {
		return
	}
	for _, hop := range f.run[0].stream.to {
		d := f.dests[hop.Dest]
		for i := range f.run {
			f.emit(d, hop.SSRC, &f.run[i])
		}
	}
	f.run = f.run[:0]
}

func (f *Forwarder) emit(d *dest, ssrc uint32, a *arrival) {
	binary.BigEndian.PutUint32(a.header[8:], ssrc)
	times := 1
	if f.fault != (Faults{}) {
		times = f.faulty()
	}
	for range times {
		slot := f.pipe.slot()
		f.pipe.queue(d.seal.SealRTP(slot, a.header, a.payload, a.roc), &d.addr)
	}
}

// faulty says how often the next packet is sent.
func (f *Forwarder) faulty() int {
	f.count++
	if n := f.fault.DropEvery; n > 0 && f.count%n == 0 {
		return 0
	}
	if n := f.fault.RepeatEvery; n > 0 && f.count%n == 0 {
		return 2
	}
	return 1
}
