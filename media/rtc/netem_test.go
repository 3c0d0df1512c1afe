package rtc

import (
	"net/netip"
	"sort"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"parley/media/netem"
	"parley/media/rtc/rtctest"
)

// through joins a peer over a bad network.
func through(t testing.TB, s *Server, o peerOptions, up, down netem.Link) (*peer, *netem.Proxy) {
	t.Helper()
	proxy, err := netem.NewProxy(netem.Config{Server: s.Candidates()[0], Seed: 11})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Close(); err != nil {
			t.Error(err)
		}
	})
	o.via = func(netip.AddrPort) netip.AddrPort { return proxy.Addr() }
	p := join(t, s, o)
	proxy.Set(up, down)
	return p, proxy
}

// answerNACKs makes a publisher repeat what it is asked for, as RTX packets,
// until the test ends. It returns how many it repeated.
func answerNACKs(t testing.TB, p *peer, sent func(seq uint16) *rtp.Packet) func() int {
	stop, done := make(chan struct{}), make(chan struct{})
	count, seq, read := 0, uint16(0), 0
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
			p.mu.Lock()
			news := p.rtcp[read:]
			read = len(p.rtcp)
			p.mu.Unlock()
			for _, packet := range news {
				nack, ok := packet.(*rtcp.TransportLayerNack)
				if !ok || nack.MediaSSRC != rtctest.SSRCCam {
					continue
				}
				for _, pair := range nack.Nacks {
					for _, lost := range pair.PacketList() {
						again := sent(lost)
						if again == nil {
							continue
						}
						body := append([]byte{byte(lost >> 8), byte(lost)}, again.Payload...)
						p.send(&rtp.Packet{Header: rtp.Header{
							Version: 2, PayloadType: rtctest.PTVP8RTX, SSRC: rtctest.SSRCCamRTX, SequenceNumber: seq,
							Timestamp: again.Timestamp, Marker: again.Marker,
						}, Payload: body})
						seq++
						count++
					}
				}
			}
		}
	}()
	end := func() int {
		select {
		case <-stop:
		default:
			close(stop)
		}
		<-done
		return count
	}
	t.Cleanup(func() { end() })
	return end
}

// askAgain makes a viewer ask for what is missing of a stream, as a browser
// does.
func askAgain(p *peer, ssrc, repair uint32) {
	p.mu.Lock()
	have := make(map[uint16]bool)
	for _, packet := range p.rtp[ssrc] {
		have[packet.SequenceNumber] = true
	}
	for _, packet := range p.rtp[repair] {
		have[uint16(packet.Payload[0])<<8|uint16(packet.Payload[1])] = true
	}
	var missing []uint16
	if list := p.rtp[ssrc]; len(list) > 0 {
		first, newest := list[0].SequenceNumber, uint16(0)
		for _, packet := range list { // reordered
			if ahead := packet.SequenceNumber - first; ahead < 1<<15 {
				newest = max(newest, ahead)
			}
		}
		for q := first; q != first+newest; q++ {
			if !have[q] {
				missing = append(missing, q)
			}
		}
	}
	p.mu.Unlock()
	if len(missing) > 0 {
		p.sendRTCP(&rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(missing)})
	}
}

// TestLossIsRepairedBothWays sends 600 pictures over links that lose every
// twentieth datagram on the way to the server and on the way from it. All of
// them arrive, each once, unchanged.
func TestLossIsRepairedBothWays(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	link := netem.Link{Loss: 0.05, Delay: 5 * time.Millisecond, Jitter: 2 * time.Millisecond, Reorder: 0.01}
	from, _ := through(t, s, peerOptions{}, link, link)
	to, down := through(t, s, peerOptions{seats: 1}, netem.Link{Delay: 5 * time.Millisecond}, link)
	to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	video, repair := to.answer.video[0], to.answer.repair[0]
	const n = 600
	sent := make(map[uint16]*rtp.Packet)
	for i := range uint16(n) {
		sent[i] = rtctest.VP8(i, i < 5, "picture")
		sent[i].Timestamp = uint32(i) * 180 // a picture every 2 ms
	}
	end := answerNACKs(t, from, func(seq uint16) *rtp.Packet { return sent[seq] })
	for i := range uint16(n) {
		from.send(sent[i])
		time.Sleep(2 * time.Millisecond)
		if i%10 == 0 {
			askAgain(to, video, repair)
		}
	}
	complete := func() bool {
		to.mu.Lock()
		defer to.mu.Unlock()
		return pictureRange(to.rtp[video], to.rtp[repair]) >= n-5
	}
	for end := time.Now().Add(rtctest.Patience); !complete(); {
		if time.Now().After(end) {
			t.Fatal("pictures are still missing")
		}
		askAgain(to, video, repair)
		time.Sleep(10 * time.Millisecond)
	}
	f := s.Figures()
	var repaired, recovered uint64
	for _, w := range f.Workers {
		repaired += w.Repaired
		recovered += w.Recovered
	}
	if end() == 0 || recovered == 0 || repaired == 0 || down.Stats().DownLost == 0 {
		t.Errorf("%d repaired, %d recovered: the links lost nothing?", repaired, recovered)
	}
	t.Logf("%d recovered from the publisher, %d sent again to the viewer", recovered, repaired)
	if q := from.session.Quality(); q.Packets > 0 && (q.UpLoss < 0.005 || q.UpLoss > 0.2) {
		t.Errorf("quality says %.3f of what the publisher sent was lost", q.UpLoss)
	}
}

// pictureRange returns how many pictures arrived without a hole, counted back
// from the last one. It checks their picture ids.
func pictureRange(direct, repaired []*rtp.Packet) int {
	ids := make(map[uint16]uint16) // sequence number → picture id
	for _, p := range direct {
		ids[p.SequenceNumber] = uint16(p.Payload[2]&0x7f)<<8 | uint16(p.Payload[3])
	}
	for _, p := range repaired {
		b := p.Payload[2:]
		ids[uint16(p.Payload[0])<<8|uint16(p.Payload[1])] = uint16(b[2]&0x7f)<<8 | uint16(b[3])
	}
	var seqs []uint16
	for q := range ids {
		seqs = append(seqs, q)
	}
	if len(seqs) == 0 {
		return 0
	}
	base := seqs[0]
	sort.Slice(seqs, func(i, j int) bool { return int16(seqs[i]-base) < int16(seqs[j]-base) })
	run := 1
	for i := len(seqs) - 1; i > 0 && seqs[i-1] == seqs[i]-1 && (ids[seqs[i-1]]+1)&0x7fff == ids[seqs[i]]; i-- {
		run++
	}
	return run
}

// TestPublisherMovesToAnotherWorker gives a publisher new ports until its
// packets have arrived at both workers; the viewer sees one stream.
func TestPublisherMovesToAnotherWorker(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	from, proxy := through(t, s, peerOptions{}, netem.Link{}, netem.Link{})
	to := join(t, s, peerOptions{seats: 1})
	startPump(t, from, "anna")
	to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	video := to.answer.video[0]
	owners := make(map[int]bool)
	for end := time.Now().Add(2 * rtctest.Patience); len(owners) < 2; {
		if time.Now().After(end) {
			t.Fatal("the publisher never moved")
		}
		n := len(to.received(video))
		to.wait("pictures", func() bool { return len(to.rtp[video]) > n+10 })
		owners[from.session.media().State().Owner] = true
		if err := proxy.Rebind(); err != nil {
			t.Fatal(err)
		}
	}
	n := len(to.received(video))
	to.wait("pictures at the end", func() bool { return len(to.rtp[video]) > n+10 })
	packets := to.received(video)
	for i := 1; i < len(packets); i++ {
		if d := int16(packets[i].SequenceNumber - packets[i-1].SequenceNumber); d <= 0 {
			t.Fatalf("packet %d: number moved by %d", i, d)
		}
	}
}
