package load

import "testing"

// TestAReplayHidesNoLoss: who sends the same packet again under a new sequence
// number, in place of the one that was lost, is found out.
func TestAReplayHidesNoLoss(t *testing.T) {
	for _, start := range []uint32{0, 1, 1<<31 - 1, 1<<32 - 2} {
		in, st := new(Inbound), NewStats()
		for _, n := range []uint32{0, 1, 1, 3, 4, 4, 6} {
			in.Note(&Stamp{Sender: 1, Counter: start + n}, st)
		}
		if st.Expected != 7 || st.Arrived != 5 || st.Duplicates != 2 {
			t.Errorf("start %d: expected %d, arrived %d, duplicates %d; want 7, 5, 2", start, st.Expected, st.Arrived, st.Duplicates)
		}
	}
}

// TestALatePacketIsNoLoss: what comes out of order has come.
func TestALatePacketIsNoLoss(t *testing.T) {
	in, st := new(Inbound), NewStats()
	for _, n := range []uint32{0, 1, 3, 2, 4} {
		in.Note(&Stamp{Sender: 1, Counter: n}, st)
	}
	if pct, ok := st.LossPct(); !ok || pct != 0 || st.Duplicates != 0 {
		t.Errorf("loss %v %%, measured %v, %d duplicates", pct, ok, st.Duplicates)
	}
}
