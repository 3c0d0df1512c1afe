package forward

import "parley/media"

// What is sent to a session is looked after by its owner, which is, of one that sends
// nothing, the worker of its selected flow. So a viewer has a worker that ticks for
// it, from the first packet that is sent to it until none was for idleAfter. A session
// that is sent nothing costs no tick.

// drive is called by whoever sent something to a session.
func (w *worker) drive(s *Remote) {
	if !s.driven.Load() {
		w.driveAnew(s)
	}
}

func (w *worker) driveAnew(s *Remote) {
	owner := s.owner.Load()
	if owner == nil || owner == moving || !s.driven.CompareAndSwap(false, true) {
		return
	}
	if owner == w {
		w.activate(&s.publisher)
	} else if !owner.post(command{kind: cmdDrive, remote: s}) {
		s.driven.Store(false) // the next packet asks again
	}
}

// driveLoop is what another worker asked for that sent to s.
func (w *worker) driveLoop(s *Remote) {
	if s.owner.Load() == w && s.running() {
		w.activate(&s.publisher)
	} else {
		s.driven.Store(false)
	}
}

// quietLoop implements upstream: a session of which nothing comes is looked after
// as long as something is sent to it. What its tracks hold is given back once, and
// the log of what was sent to it when nothing is any more.
func (r *Remote) quietLoop(w *worker) bool {
	rx := &r.rx
	if rx.restedAt != rx.packetAt {
		rx.restedAt = rx.packetAt
		w.rest(&r.publisher)
	}
	if n := r.counts.transport.Load(); n != rx.sentTo {
		rx.sentTo, rx.sentAt = n, w.loop.now
	}
	if w.loop.now.Sub(rx.sentAt) <= idleAfter {
		return true
	}
	rx.active = false
	r.counts.log.Store(nil)
	r.driven.Store(false)
	return false
}

// leaveLoop implements upstream.
func (r *Remote) leaveLoop() { r.driven.Store(false) }

// note remembers a packet that was sent, once its receiver has shown that it reports
// on what it gets.
func (d *delivery) note(number uint32, repair bool, size int, now media.Instant) {
	if log := d.counts.log.Load(); log != nil {
		log.Note(number, d.st.logged(repair), size, now)
	}
}

// logged is what a stream, or its repairs, go by in the log.
func (st *stream) logged(repair bool) uint16 {
	id := uint16(st.seat) << 2
	if st.kind == media.KindVideo {
		id |= 2
	}
	if repair {
		id |= 1
	}
	return id
}

// reported takes what the peer says of what arrived (transport-wide feedback).
func (w *worker) reported(s *Remote, p *media.RTCPPacket) {
	f, err := p.TransportFeedback()
	if err != nil {
		w.count.drop(dropRTCP)
		return
	}
	if !s.rx.reported.TakeN(f.Len(), w.loop.now, reportedPerSecond, reportedBurst) {
		w.count.drop(dropThrottled)
		return
	}
	log := s.counts.log.Load()
	if log == nil {
		if s.rx.active {
			s.counts.log.Store(new(media.SendLog))
		}
		return
	}
	newest := s.counts.transport.Load()
	for f.Len() > 0 {
		lost := 0
		list := log.AppendOutcomes(w.loop.outcomes[:0], &f, newest, w.loop.now)
		for i := range list {
			if list[i].Lost {
				lost++
			}
		}
		w.count.lost.Add(uint64(lost))
		w.count.arrived.Add(uint64(len(list) - lost))
	}
}
