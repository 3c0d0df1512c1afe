package media

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// drainRTCP reads everything a compound has, as media/rtc would.
func drainRTCP(t testing.TB, compound []byte) (packets int) {
	t.Helper()
	var seqs [64]Seq
	r := ReadRTCP(compound)
	var p RTCPPacket
	for r.Next(&p) {
		packets++
		p.Media()
		p.SenderInfo()
		for i := range p.Reports() {
			p.Report(i)
		}
		for i := range p.FIRs() {
			p.FIR(i)
		}
		if got := p.AppendNACKs(seqs[:0]); len(got) > len(seqs) {
			t.Fatal("more NACKs than asked for")
		}
	}
	return packets
}

// What we build must be what pion reads.
func TestBuildersReadByPion(t *testing.T) {
	block := ReportBlock{SSRC: 7, FractionLost: 20, TotalLost: -3, Highest: 1<<16 | 9, Jitter: 11, LastSR: 12, Delay: 13}
	info := SenderInfo{Clock: SenderClock{NTP: 1 << 40, RTP: 99}, Packets: 5, Octets: 6}
	b := AppendSenderReport(nil, 1, info, []ReportBlock{block})
	b = AppendReceiverReport(b, 2, []ReportBlock{block, block})
	b = AppendSDES(b, 3, "parley")
	b = AppendPLI(b, 4, 40)
	b = AppendNACK(b, 6, 60, []Seq{65534, 65535, 0, 14, 15, 300})
	b = AppendNACK(b, 6, 60, nil)
	pkts, err := rtcp.Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(pkts) != 5 {
		t.Fatalf("%d packets", len(pkts))
	}
	sr, rr := pkts[0].(*rtcp.SenderReport), pkts[1].(*rtcp.ReceiverReport)
	if sr.NTPTime != 1<<40 || sr.RTPTime != 99 || sr.PacketCount != 5 || sr.OctetCount != 6 || sr.SSRC != 1 {
		t.Errorf("SR %+v", sr)
	}
	if r := rr.Reports[1]; r.SSRC != 7 || r.FractionLost != 20 || r.TotalLost != 0xfffffd || r.LastSequenceNumber != 1<<16|9 || r.Jitter != 11 || r.LastSenderReport != 12 || r.Delay != 13 {
		t.Errorf("RR %+v", r)
	}
	if sdes := pkts[2].(*rtcp.SourceDescription); sdes.Chunks[0].Source != 3 || sdes.Chunks[0].Items[0].Text != "parley" {
		t.Errorf("SDES %+v", sdes)
	}
	if pli := pkts[3].(*rtcp.PictureLossIndication); pli.SenderSSRC != 4 || pli.MediaSSRC != 40 {
		t.Errorf("PLI %+v", pli)
	}
	var got []uint16
	for _, pair := range pkts[4].(*rtcp.TransportLayerNack).Nacks {
		got = append(got, pair.PacketList()...)
	}
	if !slices.Equal(got, []uint16{65534, 65535, 0, 14, 15, 300}) {
		t.Errorf("NACK %v", got)
	}
}

// What pion builds must be what we read.
func TestReadPion(t *testing.T) {
	b, err := rtcp.Marshal([]rtcp.Packet{
		&rtcp.SenderReport{SSRC: 1, NTPTime: 77, RTPTime: 88, PacketCount: 3, OctetCount: 4, Reports: []rtcp.ReceptionReport{{SSRC: 9, FractionLost: 2, TotalLost: 0xffffff}}},
		&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{Source: 1, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: "x"}}}}},
		&rtcp.TransportLayerNack{SenderSSRC: 2, MediaSSRC: 20, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{65535, 0, 7, 90})},
		&rtcp.PictureLossIndication{SenderSSRC: 3, MediaSSRC: 30},
		&rtcp.FullIntraRequest{SenderSSRC: 4, FIR: []rtcp.FIREntry{{SSRC: 40, SequenceNumber: 5}, {SSRC: 41, SequenceNumber: 6}}},
		&rtcp.Goodbye{Sources: []uint32{1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []RTCPKind
	r := ReadRTCP(b)
	var p RTCPPacket
	for r.Next(&p) {
		kinds = append(kinds, p.Kind)
		switch p.Kind {
		case RTCPSenderReport:
			s, _ := p.SenderInfo()
			if s.Clock != (SenderClock{77, 88}) || p.Sender != 1 || p.Report(0).TotalLost != -1 || p.Report(0).FractionLost != 2 {
				t.Errorf("SR %+v %+v", s, p.Report(0))
			}
		case RTCPNACK:
			got := p.AppendNACKs(make([]Seq, 0, 8))
			if p.Media() != 20 || !slices.Equal(got, []Seq{65535, 0, 7, 90}) {
				t.Errorf("NACK %v", got)
			}
			if got := p.AppendNACKs(make([]Seq, 0, 2)); len(got) != 2 {
				t.Errorf("capacity not respected: %v", got)
			}
		case RTCPPLI:
			if p.Media() != 30 || p.Sender != 3 {
				t.Errorf("PLI %+v", p)
			}
		case RTCPFIR:
			if ssrc, n := p.FIR(1); p.FIRs() != 2 || ssrc != 41 || n != 6 || p.Media() != 40 {
				t.Errorf("FIR %v %v", ssrc, n)
			}
		}
	}
	want := []RTCPKind{RTCPSenderReport, RTCPOther, RTCPNACK, RTCPPLI, RTCPFIR, RTCPBye}
	if r.Err() != nil || !slices.Equal(kinds, want) {
		t.Errorf("kinds %v, %v", kinds, r.Err())
	}
}

func TestReadMalformed(t *testing.T) {
	good := AppendPLI(nil, 1, 2)
	for name, b := range map[string][]byte{
		"three bytes":       {0x80, 200, 0},
		"version 1":         {0x40, 206, 0, 0},
		"longer than data":  {0x81, 206, 0, 3, 0, 0, 0, 0},
		"trailing byte":     append(bytes.Clone(good), 0x80),
		"padding all":       {0xa1, 206, 0, 1, 0, 0, 0, 9},
		"padding zero":      {0xa1, 206, 0, 1, 0, 0, 0, 0},
		"padding not last":  append([]byte{0xa1, 206, 0, 1, 0, 0, 0, 4}, good...),
		"padding, no bytes": {0xa0, 200, 0, 0},
	} {
		drainRTCP(t, b)
		r := ReadRTCP(b)
		var p RTCPPacket
		for r.Next(&p) {
		}
		if r.Err() != ErrRTCP {
			t.Errorf("%s: %v", name, r.Err())
		}
	}
	// Bodies that are too short for their type are skipped, not misread.
	for name, b := range map[string][]byte{
		"SR without info":  {0x80, 200, 0, 1, 0, 0, 0, 1},
		"RR with no block": {0x81, 201, 0, 1, 0, 0, 0, 1},
		"PLI without SSRC": {0x81, 206, 0, 1, 0, 0, 0, 1},
		"FIR empty":        {0x84, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0},
	} {
		r := ReadRTCP(b)
		var p RTCPPacket
		if !r.Next(&p) || p.Kind != RTCPOther || p.Media() != 0 || p.Reports() != 0 {
			t.Errorf("%s: read as kind %d", name, p.Kind)
		}
	}
}

func TestRoundTripTime(t *testing.T) {
	now := InstantOf(time.Unix(1_800_000_000, 123456789))
	sent := now.NTP().Middle()
	b := ReportBlock{LastSR: sent, Delay: 3 << 16 / 10} // held for 300 ms
	rtt, ok := b.RTT(now.Add(340 * time.Millisecond))
	if !ok || (rtt-40*time.Millisecond).Abs() > time.Millisecond {
		t.Errorf("RTT %v, %v", rtt, ok)
	}
	if _, ok := (&ReportBlock{}).RTT(now); ok {
		t.Error("RTT without a sender report")
	}
	if rtt, ok := (&ReportBlock{LastSR: sent, Delay: 1 << 16}).RTT(now); ok {
		t.Errorf("a lying peer gives %v", rtt)
	}
}

func TestRTCPNoAlloc(t *testing.T) {
	b := AppendReceiverReport(nil, 1, make([]ReportBlock, 2))
	b = AppendNACK(b, 1, 2, []Seq{1, 2, 3, 50})
	b = AppendPLI(b, 1, 2)
	var seqs [32]Seq
	out := make([]byte, 0, 1500)
	if n := testing.AllocsPerRun(1000, func() {
		r := ReadRTCP(b)
		var p RTCPPacket
		for r.Next(&p) {
			p.AppendNACKs(seqs[:0])
			for i := range p.Reports() {
				p.Report(i)
			}
		}
		o := AppendSenderReport(out, 1, SenderInfo{}, nil)
		o = AppendSDES(o, 1, "cname")
		AppendNACK(o, 1, 2, seqs[:4])
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzRTCP(f *testing.F) {
	b := AppendSenderReport(nil, 1, SenderInfo{}, make([]ReportBlock, 2))
	b = AppendSDES(b, 1, "x")
	b = AppendNACK(b, 1, 2, []Seq{1, 9, 40})
	f.Add(append(AppendPLI(b, 1, 2), 0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 3, 0, 0, 0)) // a FIR
	var rec TWCCRecorder
	rng := rand.New(rand.NewPCG(5, 5))
	for i := range uint16(300) {
		if rng.IntN(4) > 0 {
			rec.Record(i, 1, Instant(1e18).Add(time.Duration(i)*time.Duration(rng.IntN(9))*time.Millisecond))
		}
	}
	fb, _ := rec.AppendFeedback(nil, 1)
	f.Add(fb)
	f.Add([]byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 255, 255, 0, 0, 0, 0, 0x20, 0, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		drainRTCP(t, b)
	})
}

func BenchmarkReadRTCP(b *testing.B) {
	c := AppendReceiverReport(nil, 1, make([]ReportBlock, 2))
	c = AppendNACK(c, 1, 2, []Seq{1, 2, 3, 50})
	var seqs [32]Seq
	for b.Loop() {
		r := ReadRTCP(c)
		var p RTCPPacket
		for r.Next(&p) {
			p.AppendNACKs(seqs[:0])
		}
	}
}
