package media

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// arrival is what feedback says about one number.
type arrival struct {
	received bool
	at       time.Duration
}

// readFeedback reads our own feedback with our reader and with pion's, which
// must agree on statuses and deltas.
func readFeedback(t *testing.T, b []byte, into map[uint16]arrival) (first uint16, count int) {
	t.Helper()
	r := ReadRTCP(b)
	var p RTCPPacket
	if !r.Next(&p) || p.Kind != RTCPTransportFeedback || len(b)%4 != 0 {
		t.Fatalf("feedback of %d bytes is kind %d, %v", len(b), p.Kind, r.Err())
	}
	var pion rtcp.TransportLayerCC
	if err := pion.Unmarshal(b); err != nil {
		t.Fatalf("pion: %v", err)
	}
	f, err := p.TransportFeedback()
	if err != nil {
		t.Fatal(err)
	}
	if f.Count != pion.FbPktCount || f.Seq != pion.BaseSequenceNumber {
		t.Fatalf("count %d base %d, pion %d %d", f.Count, f.Seq, pion.FbPktCount, pion.BaseSequenceNumber)
	}
	first = f.Seq
	deltas := pion.RecvDeltas
	for f.Next() {
		count++
		before := into[f.Seq]
		into[f.Seq] = arrival{f.Received || before.received, f.At}
		if f.Received {
			if len(deltas) == 0 {
				t.Fatal("pion has fewer deltas")
			}
			deltas = deltas[1:]
		}
	}
	if len(deltas) != 0 || count != int(pion.PacketStatusCount) {
		t.Fatalf("%d statuses, pion %d; %d deltas left", count, pion.PacketStatusCount, len(deltas))
	}
	if p.Media() != SSRC(pion.MediaSSRC) || p.Sender != SSRC(pion.SenderSSRC) {
		t.Fatalf("SSRCs %d %d", p.Media(), p.Sender)
	}
	return first, count
}

// Whatever arrives in whatever order: the feedback tells each arrival, to
// 250 µs, and tells losses as losses.
func TestTWCCFeedback(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 6))
		var r TWCCRecorder
		seq := starts[seed%6]
		now := InstantOf(time.Unix(1_800_000_000, int64(rng.IntN(1e9))))
		loss := []int{0, 2, 10, 60}[rng.IntN(4)]
		jitter := []int{1, 20, 400}[rng.IntN(3)]
		arrived := map[uint16]Instant{}
		told := map[uint16]arrival{}
		var order []uint16
		buf := make([]byte, 0, 1500)
		for range 1500 {
			now = now.Add(time.Duration(rng.IntN(jitter)+1) * 100 * time.Microsecond)
			if rng.IntN(300) == 0 {
				now = now.Add(time.Duration(rng.IntN(12)) * time.Second) // deltas that do not fit
			}
			seq++
			if rng.IntN(100) >= loss {
				order = append(order, seq)
			}
			if rng.IntN(8) == 0 && len(order) > 1 {
				i := len(order) - 1
				order[i], order[i-1] = order[i-1], order[i]
			}
			if len(order) > 2 {
				s := order[0]
				order = order[1:]
				if _, dup := arrived[s]; !dup {
					arrived[s] = now
				}
				r.Record(s, 7, now)
			}
			if r.Pending() > 200 || rng.IntN(100) == 0 {
				for {
					b, ok := r.AppendFeedback(buf, 1)
					if !ok {
						break
					}
					if len(b) > 1200 {
						t.Fatalf("feedback of %d bytes", len(b))
					}
					readFeedback(t, b, told)
				}
			}
		}
		for b, ok := r.AppendFeedback(buf, 1); ok; b, ok = r.AppendFeedback(buf, 1) {
			readFeedback(t, b, told)
		}
		epoch := now - Instant(int64(now)%(int64(twccRefUnit)<<24))
		for s, at := range arrived {
			got := told[s]
			if !got.received {
				t.Fatalf("seed %d: arrival of %d not told", seed, s)
			}
			want := at.Sub(epoch)
			if d := (got.at - want) % (twccRefUnit << 24); d.Abs() > twccTick {
				t.Fatalf("seed %d: %d told %v from its arrival", seed, s, d)
			}
		}
		for s, a := range told {
			if _, ok := arrived[s]; a.received && !ok {
				t.Fatalf("seed %d: %d never arrived", seed, s)
			}
		}
	}
}

func TestTWCCNothingToTell(t *testing.T) {
	var r TWCCRecorder
	if b, ok := r.AppendFeedback(nil, 1); ok || len(b) != 0 || r.Pending() != 0 {
		t.Error("feedback before any packet")
	}
	r.Record(9, 1, 1e18)
	if _, ok := r.AppendFeedback(nil, 1); !ok {
		t.Error("no feedback about a packet")
	}
	if _, ok := r.AppendFeedback(nil, 1); ok || r.Pending() != 0 {
		t.Error("told twice")
	}
	r.Record(9, 1, 2e18) // a duplicate of a reported packet keeps its time
	into := map[uint16]arrival{}
	if b, ok := r.AppendFeedback(nil, 1); ok {
		if readFeedback(t, b, into); into[9].at > 1e18%(twccRefUnit<<24)+twccTick {
			t.Error("a duplicate changed the arrival")
		}
	}
}

// A jump of the numbers beyond the window starts over without reporting
// thousands of losses.
func TestTWCCJump(t *testing.T) {
	var r TWCCRecorder
	now := Instant(1e18)
	r.Record(1, 1, now)
	r.Record(30000, 1, now)
	into := map[uint16]arrival{}
	b, ok := r.AppendFeedback(nil, 1)
	if !ok {
		t.Fatal("no feedback")
	}
	if _, n := readFeedback(t, b, into); n != 1 || !into[30000].received {
		t.Errorf("%d statuses after a jump", n)
	}
	r.Record(29000, 1, now) // late, inside the window
	r.Record(20000, 1, now) // outside
	for b, ok := r.AppendFeedback(nil, 1); ok; b, ok = r.AppendFeedback(nil, 1) {
		readFeedback(t, b, into)
	}
	if !into[29000].received || into[20000].received {
		t.Error("late packets told wrongly")
	}
}

func TestTWCCNoAlloc(t *testing.T) {
	var r TWCCRecorder
	buf := make([]byte, 0, 1500)
	now, seq := Instant(1e18), uint16(0)
	if n := testing.AllocsPerRun(100, func() {
		for range 60 {
			seq += 1 + seq%7/6
			now = now.Add(300 * time.Microsecond)
			r.Record(seq, 1, now)
		}
		if _, ok := r.AppendFeedback(buf, 1); !ok {
			t.Fatal("no feedback")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTWCCRecord(b *testing.B) {
	var r TWCCRecorder
	buf := make([]byte, 0, 1500)
	now, seq := Instant(1e18), uint16(0)
	for b.Loop() {
		seq++
		now = now.Add(300 * time.Microsecond)
		r.Record(seq, 1, now)
		if seq%100 == 0 {
			r.AppendFeedback(buf, 1)
		}
	}
}
