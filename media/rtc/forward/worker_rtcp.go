package forward

import (
	"time"

	"parley/media"
	"parley/media/rtc/path"
)

// maxRequested is how many packets one NACK can ask for; the rest of a longer
// one is ignored.
const maxRequested = 256

// rtcpLoop takes an SRTCP packet: what the peer says of what it sends, and of
// what we send to it.
func (w *worker) rtcpLoop(s *Remote, k *path.Keys, f *path.Flow, pkt []byte) {
	plain, err := k.Opener.OpenRTCP(pkt, w.loop.now)
	if err != nil {
		w.checkSpent(s, err)
		if d := dropOfOpen(err); d != dropHeader {
			w.count.drop(d)
		} else {
			w.count.drop(dropRTCP)
		}
		return
	}
	w.authentic(s, f)
	r := media.ReadRTCP(plain)
	var p media.RTCPPacket
	for r.Next(&p) {
		switch p.Kind {
		case media.RTCPSenderReport:
			w.senderReport(s, &p)
			w.receiverReports(s, &p)
		case media.RTCPReceiverReport:
			w.receiverReports(s, &p)
		case media.RTCPNACK:
			w.nacked(s, &p)
		case media.RTCPTransportFeedback:
			w.reported(s, &p)
		case media.RTCPPLI:
			w.keyframeAsked(s, p.Media())
		case media.RTCPFIR:
			for i := range p.FIRs() {
				ssrc, _ := p.FIR(i)
				w.keyframeAsked(s, ssrc)
			}
		}
	}
	if r.Err() != nil {
		w.count.drop(dropRTCP)
	}
}

// senderReport takes the publisher's clocks. It may only speak of its own
// streams: the sender's SSRC must have carried media.
func (w *worker) senderReport(s *Remote, p *media.RTCPPacket) {
	st := s.rx.streams[p.Sender]
	info, ok := p.SenderInfo()
	if st == nil || !ok || st.repair || !st.layer.started || st.ssrc != st.layer.ssrc {
		return
	}
	l := st.layer
	l.watch.Report(info.Clock, w.loop.now, l.track.clockRate(), &s.rx.offset)
	w.clockLoop(l)
	l.stats.SawSenderReport(info.Clock.NTP, w.loop.now)
}

// receiverReports takes what the peer says of our streams to it.
func (w *worker) receiverReports(s *Remote, p *media.RTCPPacket) {
	out := s.outgoing.Load()
	for i := range p.Reports() {
		b := p.Report(i)
		st := out.bySSRC[b.SSRC]
		if st == nil {
			continue
		}
		if rtt, ok := b.RTT(w.loop.now); ok {
			s.sawRTT(rtt)
		}
		if b.SSRC == st.ssrc {
			s.quality.down.add(st.heard.progress(&b))
		}
	}
}

// sawRTT smooths the round trip as RFC 6298 does.
func (r *Remote) sawRTT(rtt time.Duration) {
	if r.rx.rtt == 0 {
		r.rx.rtt = max(rtt, 1)
	} else {
		r.rx.rtt += (rtt - r.rx.rtt) / 8
	}
	r.quality.rtt.Store(int64(r.rx.rtt))
}

// heard is what a stream's receiver reported last. It belongs to the owner of
// the receiving session, unlike the stream's sender state.
type heard struct {
	highest uint32
	lost    int32
	any     bool
}

// progress returns how many packets the receiver expected, and how many it
// lost, since its last report.
func (h *heard) progress(b *media.ReportBlock) (expected, lost uint64) {
	if h.any && int32(b.Highest-h.highest) > 0 {
		expected = uint64(b.Highest - h.highest)
		lost = uint64(max(b.TotalLost-h.lost, 0))
	}
	if expected > 1<<16 {
		expected, lost = 0, 0 // another numbering
	}
	h.highest, h.lost, h.any = b.Highest, b.TotalLost, true
	return expected, lost
}

// nacked passes a request for repairs on to the owner of what the stream
// carries, if the peer has not asked for too much of late.
func (w *worker) nacked(s *Remote, p *media.RTCPPacket) {
	st := s.outgoing.Load().bySSRC[p.Media()]
	if st == nil {
		return // not a stream of this session
	}
	seqs := p.AppendNACKs(w.loop.seqs[:0])
	if !s.rx.requests.ask(len(seqs), w.loop.now) {
		w.count.drop(dropThrottled)
		return
	}
	for len(seqs) > 0 {
		first, mask, n := seqs[0], uint16(0), 1
		for ; n < len(seqs); n++ {
			d := seqs[n] - first
			if d == 0 || d > 16 {
				break
			}
			mask |= 1 << (d - 1)
		}
		seqs = seqs[n:]
		w.toHolder(st, command{kind: cmdRepair, stream: st, a: uint32(first), b: uint32(mask)})
	}
}

// keyframeAsked passes a wish for a key frame on to the owner of what the
// stream carries.
func (w *worker) keyframeAsked(s *Remote, ssrc media.SSRC) {
	st := s.outgoing.Load().bySSRC[ssrc]
	if st == nil || st.kind != media.KindVideo {
		return
	}
	if !s.rx.requests.ask(keyframeCost, w.loop.now) {
		w.count.drop(dropThrottled)
		return
	}
	w.toHolder(st, command{kind: cmdKeyframe, stream: st})
}

// toHolder has a command executed by the owner of the stream's track: here
// and now if that is this worker.
func (w *worker) toHolder(st *stream, c command) {
	t := st.holder.Load()
	if t == nil {
		return
	}
	switch owner := t.from.owner.Load(); owner {
	case w:
		w.commandLoop(c)
	case nil, moving:
	default:
		owner.post(c)
	}
}
