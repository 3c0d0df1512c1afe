package load

import (
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
)

// tape keeps what a publisher sent.
type tape struct{ packets [][]byte }

func (t *tape) Packet(_ *Track, plain []byte, _ int, _ uint32) {
	t.packets = append(t.packets, append([]byte(nil), plain...))
}

func TestFrameShape(t *testing.T) {
	for _, c := range []struct {
		bitrate  int64
		fps      float64
		packets  int
		datagram int
	}{
		{1_000_000, 30, 4, 1042},
		{2_500_000, 30, 9, 1157},
		{288_000, 30, 1, 1200},
		{1_000, 30, 1, MinVideoDatagram},
	} {
		n, size := FrameShape(c.bitrate, c.fps)
		if n != c.packets || size != c.datagram {
			t.Errorf("%d bit/s at %v: %d packets of %d, want %d of %d", c.bitrate, c.fps, n, size, c.packets, c.datagram)
		}
	}
}

func newPublisher() *Publisher {
	return &Publisher{
		FPS: 30, SPS: SoundsPerSecond,
		Mic: &Track{Stamp: Stamp{Sender: 7, Source: Audio}, SSRC: 1, PT: 111, Datagram: AudioDatagram,
			Ext: ExtBlock(ExtElement{1, []byte("0")}, ExtElement{2, []byte{0x80 | 20}})},
		Layers: []*Layer{{
			Track:    Track{Stamp: Stamp{Sender: 7, Source: Video}, SSRC: 2, PT: 96, Seq: 65534, Datagram: 1042},
			PerFrame: 4, Width: 640, Height: 360,
		}},
	}
}

func TestPublisherSendsAValidKeyFrameFirst(t *testing.T) {
	p, out := newPublisher(), new(tape)
	p.Start(100, 200)
	p.Run(100, func() int64 { return 123 }, out)
	if len(out.packets) != 4 {
		t.Fatalf("%d packets, want one picture of 4", len(out.packets))
	}
	for i, raw := range out.packets {
		var pkt rtp.Packet
		var vp8 codecs.VP8Packet
		if err := pkt.Unmarshal(raw); err != nil {
			t.Fatal(err)
		}
		payload, err := vp8.Unmarshal(pkt.Payload)
		if err != nil {
			t.Fatal(err)
		}
		if pkt.Marker != (i == 3) || (vp8.S == 1) != (i == 0) || vp8.PictureID != 1 {
			t.Errorf("packet %d: marker %v, S %d, picture %d", i, pkt.Marker, vp8.S, vp8.PictureID)
		}
		if i == 0 && (payload[0]&1 != 0 || payload[3] != 0x9d || payload[6] != 128 || payload[7] != 2) {
			t.Errorf("not a key frame of 640: % x", payload[:10])
		}
		stamp, ok := ParseStamp(pkt.Payload)
		if !ok || stamp.Counter != uint32(i) || stamp.At != 123 || stamp.Sender != 7 {
			t.Errorf("stamp %+v, %v", stamp, ok)
		}
		if len(raw)+tagLen != 1042 {
			t.Errorf("datagram of %d bytes", len(raw)+tagLen)
		}
	}
	if l := p.Layers[0]; l.Seq != 2 || l.ROC != 1 {
		t.Errorf("after the wrap: seq %d, roc %d", l.Seq, l.ROC)
	}
}

func TestPublisherPace(t *testing.T) {
	p, out := newPublisher(), new(tape)
	p.Start(0, 0)
	for now := int64(0); now < second; now += second / 1000 {
		p.Run(now, func() int64 { return now }, out)
	}
	if n := len(out.packets); n < 168 || n > 172 {
		t.Errorf("%d packets in a second, want 30*4 + 50", n)
	}
	p.Run(10*second, func() int64 { return 0 }, out)
	if p.Late < 200 {
		t.Errorf("a stall of 9 s counted %d late", p.Late)
	}
}

// TestPublisherDoesNotCatchUp: after a stall of three pictures and five sounds it
// sends the last due of each and the one it was late with, not all at once.
func TestPublisherDoesNotCatchUp(t *testing.T) {
	p, out := newPublisher(), new(tape)
	p.Start(0, 0)
	clock := func() int64 { return 0 }
	p.Run(0, clock, out)
	before := len(out.packets)
	for range 10 {
		p.Run(110*second/1000, clock, out)
	}
	if n := len(out.packets) - before; n != 2*4+2 {
		t.Errorf("%d packets at once after a stall, want two pictures of 4 and two sounds", n)
	}
	if p.Late != 1+3 {
		t.Errorf("%d left out, want one picture and three sounds", p.Late)
	}
}

func TestCount(t *testing.T) {
	for _, start := range []uint16{0, 1, 32767, 32768, 65534, 65535} {
		in := new(Inbound)
		in.Count(start)
		steps := []struct {
			seq  uint16
			want Seen
			gap  int
		}{
			{start + 1, Fresh, 0}, {start + 1, Duplicate, 0}, {start + 4, Fresh, 2},
			{start + 3, Late, 0}, {start + 3, Duplicate, 0}, {start + 100, Fresh, 95}, {start + 5, Duplicate, 0},
		}
		for i, s := range steps {
			ext, got, gap := in.Count(s.seq)
			if got != s.want || gap != s.gap || uint16(ext) != s.seq {
				t.Errorf("start %d step %d: %v gap %d, want %v gap %d", start, i, got, gap, s.want, s.gap)
			}
		}
		if want := uint64(start) + 100; in.high != want {
			t.Errorf("start %d: high %d, want %d", start, in.high, want)
		}
	}
}

// receive plays n packets of sender, leaving out each drop-th, into in.
func receive(in *Inbound, st *Stats, sender uint32, from, n, drop, stride int) {
	for i := from; i < from+n; i++ {
		if drop > 0 && i%drop == drop-1 {
			continue
		}
		ext, _, _ := in.Count(uint16(i))
		if !in.Sample(stride) {
			in.Note(ext, nil, st)
			continue
		}
		in.Note(ext, &Stamp{Sender: sender, Source: Video, Counter: uint32(i)}, st)
	}
}

func TestLossIsWhatWasLost(t *testing.T) {
	for _, c := range []struct{ drop, stride int }{{0, 1}, {0, 17}, {10, 1}, {10, 17}, {100, 17}} {
		in, st := new(Inbound), NewStats()
		const n = 10000
		receive(in, st, 3, 0, n, c.drop, c.stride)
		in.Finish(Sent{{3, Video, 0}: n}, st)
		lost := int64(0)
		if c.drop > 0 {
			lost = n / int64(c.drop)
		}
		if st.Lost != lost || st.Copies() != 0 || st.Expected != n {
			t.Errorf("%+v: %d of %d lost, want %d; %d copies", c, st.Lost, st.Expected, lost, st.Copies())
		}
	}
}

func TestLossIgnoresAChangeOfSource(t *testing.T) {
	in, st := new(Inbound), NewStats()
	receive(in, st, 3, 1000, 500, 0, 1)
	receive(in, st, 4, 90000, 500, 0, 1)
	in.Finish(Sent{{4, Video, 0}: 90500}, st)
	if pct, _ := st.LossPct(); pct != 0 || st.Expected != 1000 {
		t.Errorf("loss %v %% of %d", pct, st.Expected)
	}
}

func TestATailThatNeverCameIsLost(t *testing.T) {
	in, st := new(Inbound), NewStats()
	receive(in, st, 3, 0, 100, 0, 17)
	in.Finish(Sent{{3, Video, 0}: 200}, st)
	if st.Expected != 200 || st.Lost != 100 {
		t.Errorf("%d of %d lost, want 100 of 200", st.Lost, st.Expected)
	}
}

func FuzzParseStamp(f *testing.F) {
	payload := make([]byte, 40)
	(&Stamp{Sender: 1, Source: Video}).Put(payload)
	f.Add(payload)
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, ok := ParseStamp(payload)
		if !ok {
			return
		}
		again := make([]byte, StampLen)
		s.Put(again)
		if got, ok := ParseStamp(again); !ok || got != s {
			t.Errorf("%+v became %+v", s, got)
		}
	})
}
