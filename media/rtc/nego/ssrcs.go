package nego

import (
	"crypto/rand"
	"encoding/binary"

	"parley/media"
)

// SSRCs gives out the SSRCs under which a session is sent something. None comes
// twice in 2^32, so that none need be remembered: two streams under one SSRC,
// even one after the other, would seal packets under one SRTP index, and with
// GCM that gives the key away. The zero value is ready.
type SSRCs struct{ newest, step uint32 }

// Next returns one that was never used.
func (s *SSRCs) Next() media.SSRC {
	if s.step == 0 {
		s.newest, s.step = uint32(randomSSRC()), uint32(randomSSRC())|1
	}
	if s.newest += s.step; s.newest == 0 { // an odd step passes every number once
		s.newest += s.step
	}
	return media.SSRC(s.newest)
}

func randomSSRC() media.SSRC {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return media.SSRC(binary.BigEndian.Uint32(b[:]))
}
