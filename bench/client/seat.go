package client

import (
	"time"

	"parley/bench/load"
)

// seatGrace is how long packets of the one before or the one to come may
// differ from what the signalling says, in nanoseconds: the two travel apart.
const seatGrace = int64(time.Second)

// seat is one seat and who sits there as far as told.
type seat struct {
	participant string // empty: vacant
	video       bool
	peer        Peer // of participant, once known
	known       bool
	before      uint32 // sender that sat here before
	changed     int64  // when participant changed

	// Packets of somebody of the same room who has not been announced yet.
	early      uint32
	earlyCount uint64
	earlySince int64
}

// place takes a seated event.
func (s *seat) place(participant string, video bool, now int64) {
	s.video = video
	if participant == s.participant {
		return
	}
	s.change(participant, now)
}

// vacate takes a vacated event.
func (s *seat) vacate(now int64) {
	s.video = false
	s.change("", now)
}

func (s *seat) change(participant string, now int64) {
	if s.known {
		s.before = s.peer.Sender
	}
	s.participant, s.changed, s.known, s.peer = participant, now, false, Peer{}
}

// resolve finds out who the participant is.
func (s *seat) resolve(dir *Directory) bool {
	if !s.known && s.participant != "" {
		s.peer, s.known = dir.participant(s.participant)
		if s.known && s.early == s.peer.Sender {
			s.early, s.earlyCount = 0, 0
		}
	}
	return s.known
}

// scene is what a packet is judged by besides its seat: the run, and the
// room of the client that got it.
type scene struct {
	run  uint32
	room string
	dir  *Directory
}

// judge says how many packets turn out to be cross-talk now that stamp came
// in this seat's section for source.
func (s *seat) judge(stamp *load.Stamp, source load.Source, in scene, now int64) uint64 {
	if stamp.Run != in.run || stamp.Source != source {
		return 1
	}
	if s.resolve(in.dir) && s.peer.Sender == stamp.Sender {
		return 0
	}
	if stamp.Sender == s.before && now-s.changed < seatGrace {
		return 0
	}
	peer, _, ok := in.dir.sender(stamp.Sender)
	if !ok && s.participant != "" && !s.known {
		return 0 // a participant that is not ours, or that we learn about later
	}
	if !ok || peer.Room != in.room {
		return 1
	}
	if s.early != stamp.Sender {
		s.early, s.earlyCount, s.earlySince = stamp.Sender, 0, now
	}
	s.earlyCount++
	if now-s.earlySince < seatGrace {
		return 0
	}
	n := s.earlyCount
	s.earlyCount = 0
	return n
}
