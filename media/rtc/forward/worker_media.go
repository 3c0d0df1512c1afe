package forward

import (
	"parley/media"
	"parley/media/rtc/path"
	"parley/media/udp"
)

// mediaLoop takes an SRTP or SRTCP packet. Only proven addresses get as far
// as the cipher.
func (w *worker) mediaLoop(pkt []byte, from *udp.Addr) {
	l := &w.loop
	f := l.path.Find(from)
	if f == nil {
		return
	}
	s := remoteOf(f.Peer())
	l.current = s
	k := s.keys.Load()
	if k == nil || !s.running() {
		w.count.drop(dropNoKeys)
		return
	}
	if s.owner.Load() != w && !s.owner.CompareAndSwap(nil, w) {
		s.requestMove(w)
		w.count.drop(dropOtherWorker)
		return
	}
	if s.rx.inbound.flooding(l.now) {
		w.count.drop(dropFlood)
		return
	}
	if media.IsRTCP(pkt) {
		w.rtcpLoop(s, k, f, pkt)
		return
	}
	w.rtpLoop(s, k, f, pkt)
}

// rtpLoop opens a media packet in place.
func (w *worker) rtpLoop(s *Remote, k *path.Keys, f *path.Flow, pkt []byte) {
	l := &w.loop
	h := &l.header
	if media.ParseHeader(pkt, h) != nil {
		w.count.drop(dropHeader)
		return
	}
	plain, _, err := k.Opener.OpenRTP(pkt, h, l.now)
	if err != nil {
		w.count.drop(dropOfOpen(err))
		w.checkSpent(s, err)
		return
	}
	w.authentic(s, f)
	w.ingestLoop(&s.publisher, h, plain)
}

// dropOfOpen sorts the opener's errors.
func dropOfOpen(err error) drop {
	switch err {
	case media.ErrReplayed:
		return dropReplay
	case media.ErrAuth:
		return dropAuth
	case media.ErrTooManySSRC, media.ErrSSRCsSpent:
		return dropSSRCs
	}
	return dropHeader
}

// checkSpent ends a session whose keys have seen all the SSRCs they may, for the
// peer to come back with others.
func (w *worker) checkSpent(s *Remote, err error) {
	if err == media.ErrSSRCsSpent {
		w.group.onControl(s, func() { s.fail(ErrSSRCsSpent) })
	}
}

// authentic notes that a media packet came from the session's peer.
func (w *worker) authentic(s *Remote, f *path.Flow) {
	s.touch(w.loop.now)
	s.rx.inbound.Tokens--
	s.path.Authentic(f, w.loop.now)
}
