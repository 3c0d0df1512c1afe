package media

import (
	"encoding/binary"
	"sync"
	"testing"
	"time"
)

// feedbackOf is feedback about what r recorded.
func feedbackOf(t testing.TB, r *TWCCRecorder) *TransportFeedback {
	t.Helper()
	b, ok := r.AppendFeedback(nil, 1)
	if !ok {
		t.Fatal("no feedback")
	}
	return parseFeedback(t, b)
}

func parseFeedback(t testing.TB, b []byte) *TransportFeedback {
	t.Helper()
	rd := ReadRTCP(b)
	var p RTCPPacket
	if !rd.Next(&p) {
		t.Fatal(rd.Err())
	}
	f, err := p.TransportFeedback()
	if err != nil {
		t.Fatal(err)
	}
	return &f
}

// TestSendLogJoins: what was sent and what feedback says of it come together, across
// every wrap of the numbers, and in pieces if there is room for no more.
func TestSendLogJoins(t *testing.T) {
	for _, first := range []uint32{1, 32767, 65530, 1 << 17, 1<<19 - 3, 1<<32 - 5} {
		var log SendLog
		var r TWCCRecorder
		start := InstantOf(time.Unix(1_800_000_000, 123_456_000))
		const n = 40
		for i := range uint32(n) {
			log.Note(first+i, uint16(i*12), 100+int(i), start.Add(time.Duration(i)*time.Millisecond))
			if i%4 != 1 || i == 0 {
				r.Record(uint16(first+i), 5, start.Add(time.Duration(i)*time.Millisecond+30*time.Millisecond))
			}
		}
		f := feedbackOf(t, &r)
		var got []Outcome
		for f.Len() > 0 {
			got = append(got, log.AppendOutcomes(make([]Outcome, 0, 7), f, first+n-1, start.Add(time.Second))...)
		}
		if len(got) != n {
			t.Fatalf("from %d: %d outcomes of %d", first, len(got), n)
		}
		for i, o := range got {
			want := Outcome{
				Sent: start.Add(time.Duration(i) * time.Millisecond), Lost: i%4 == 1, Arrived: o.Arrived,
				Stream: uint16(i * 12), Size: uint16(100 + i),
			}
			if o != want {
				t.Fatalf("from %d, packet %d: %+v, want %+v", first, i, o, want)
			}
			way := o.Arrived - got[0].Arrived - o.Sent.Sub(got[0].Sent)
			if !o.Lost && way.Abs() > twccTick {
				t.Fatalf("from %d, packet %d: %v on its way more than the first", first, i, way)
			}
		}
	}
}

// TestSendLogTellsOnce: an arrival is told once, a loss again when it arrived after
// all, and what the log does not hold is told never.
func TestSendLogTellsOnce(t *testing.T) {
	var log SendLog
	now := Instant(1e18)
	tell := func(newest uint32, received ...uint16) (arrived, lost int) {
		var r TWCCRecorder
		for _, seq := range received {
			r.Record(seq, 5, now)
		}
		for _, o := range log.AppendOutcomes(make([]Outcome, 0, SendLogSize), feedbackOf(t, &r), newest, now) {
			if o.Lost {
				lost++
			} else {
				arrived++
			}
		}
		return arrived, lost
	}
	want := func(what string, arrived, lost, wantArrived, wantLost int) {
		t.Helper()
		if arrived != wantArrived || lost != wantLost {
			t.Errorf("%s: %d arrived and %d lost, want %d and %d", what, arrived, lost, wantArrived, wantLost)
		}
	}
	for n := range uint32(10) {
		log.Note(n+1, 0, 100, now)
	}
	a, l := tell(10, 1, 3)
	want("2 of 3", a, l, 2, 1)
	a, l = tell(10, 1, 3)
	want("again", a, l, 0, 1)
	a, l = tell(10, 1, 2, 3)
	want("the lost one came", a, l, 1, 0)
	a, l = tell(10, 11, 12, 500, 40000)
	want("never sent", a, l, 0, 0)
	a, l = tell(10+SendLogSize, 4, 5)
	want("too long ago", a, l, 0, 0)
	log.Note(6+SendLogSize, 0, 100, now)
	a, l = tell(10+SendLogSize, 6)
	want("another is in its slot", a, l, 0, 0)
	a, l = tell(10+SendLogSize, 6+SendLogSize)
	want("that one", a, l, 1, 0)
}

// TestSendLogIsWhole: with writers all over it, the reader never sees half of one
// packet and half of another.
func TestSendLogIsWhole(t *testing.T) {
	var log SendLog
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for w := range uint32(3) {
		wg.Go(func() {
			for n := w; ; n += 3 {
				select {
				case <-stop:
					return
				default:
				}
				// Size and time follow from the stream.
				stream := n % 500
				log.Note(n%(4*SendLogSize), uint16(stream), 1000+int(stream), Instant(1e18+int64(stream)*1e6))
			}
		})
	}
	seen := 0
	end := time.Now().Add(10 * time.Second) // until the writers have had their turn
	for round := 0; round < 50 || seen == 0 && time.Now().Before(end); round++ {
		for lap := range uint32(4) {
			var r TWCCRecorder
			first := lap*SendLogSize + 7
			for i := range uint16(400) {
				r.Record(uint16(first)+i, 5, 1e18)
			}
			for _, o := range log.AppendOutcomes(make([]Outcome, 0, 400), feedbackOf(t, &r), first+400, 1e18+1e9) {
				seen++
				if o.Size != 1000+o.Stream || o.Sent != Instant(1e18+int64(o.Stream)*1e6) {
					t.Errorf("half a packet: %+v", o)
				}
			}
		}
	}
	close(stop)
	wg.Wait()
	if seen == 0 {
		t.Error("nothing was seen")
	}
}

// FuzzTransportFeedback: whatever a peer sends is refused, or read to its end, and
// claims nothing of packets that were not sent.
func FuzzTransportFeedback(f *testing.F) {
	var r TWCCRecorder
	for i := range uint16(300) {
		if i%7 != 3 {
			r.Record(65400+i, 9, Instant(1e18+int64(i)*3e6))
		}
	}
	if b, ok := r.AppendFeedback(nil, 1); ok {
		f.Add(b)
	}
	long := []byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 9, 0, 5, 0xff, 0xff, 0, 0, 1, 7, 0x1f, 0xff, 0, 0}
	f.Add(long)
	f.Fuzz(func(t *testing.T, b []byte) {
		var log SendLog
		for n := range uint32(200) {
			log.Note(65450+n, uint16(n), 1000, 1e18)
		}
		rd := ReadRTCP(b)
		var p RTCPPacket
		for rd.Next(&p) {
			fb, err := p.TransportFeedback()
			if err != nil {
				continue
			}
			statuses, told := fb.Len(), 0
			dst := make([]Outcome, 0, 16)
			for fb.Len() > 0 {
				left := fb.Len()
				for _, o := range log.AppendOutcomes(dst, &fb, 65649, 1e18+1e9) {
					told++
					if o.Size != 1000 || o.Sent != 1e18 || o.Stream >= 200 {
						t.Fatalf("told of %+v", o)
					}
				}
				if fb.Len() >= left {
					t.Fatal("reading stands still")
				}
			}
			if told > statuses {
				t.Fatalf("%d told by %d statuses", told, statuses)
			}
		}
	})
}

func BenchmarkSendLogNote(b *testing.B) {
	var log SendLog
	n := uint32(0)
	for b.Loop() {
		n++
		log.Note(n, 3, 1200, Instant(n)*1e6)
	}
}

func BenchmarkSendLogOutcomes(b *testing.B) { // per packet
	var log SendLog
	var r TWCCRecorder
	const n = 100
	for i := range uint16(n) {
		r.Record(i, 1, Instant(1e18+int64(i)*1e6))
	}
	buf, _ := r.AppendFeedback(nil, 1)
	binary.BigEndian.PutUint32(buf[8:], 1)
	dst := make([]Outcome, 0, n)
	for b.Loop() {
		f := parseFeedback(b, buf)
		for i := range uint32(n) {
			log.Note(i, 0, 1200, 1e18)
		}
		if got := log.AppendOutcomes(dst, f, n-1, 1e18); len(got) != n {
			b.Fatal(len(got))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/packet")
}
