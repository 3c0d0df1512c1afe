package load

import (
	"reflect"
	"testing"
)

// arrival is a packet as it comes: its sequence number, and the counter of its
// stamp; shut ones are not opened.
type arrival struct {
	seq     uint16
	counter uint32
	shut    bool
}

// open makes arrivals in sequence that are all opened.
func open(counters ...uint32) (list []arrival) {
	for i, n := range counters {
		list = append(list, arrival{seq: uint16(i), counter: n})
	}
	return list
}

// play lets arrivals of sender come in and settles them, next being the counter
// of what the sender would send then.
func play(in *Inbound, st *Stats, sender uint32, list []arrival, next uint32) {
	for _, a := range list {
		ext, seen, _ := in.Count(a.seq)
		switch {
		case seen == Duplicate:
			st.Duplicates++
		case a.shut:
			in.Note(ext, nil, st)
		default:
			in.Note(ext, &Stamp{Sender: sender, Counter: a.counter}, st)
		}
	}
	in.Finish(Sent{{Sender: sender}: next}, st)
}

// TestAReplayHidesNoLoss: who sends a packet again under a new sequence number,
// in place of one that was lost, is found out, however old the packet is.
func TestAReplayHidesNoLoss(t *testing.T) {
	for name, c := range map[string]struct {
		counters []uint32
		lost     int64
		copies   uint64
	}{
		"the newest again":           {[]uint32{0, 1, 1, 3, 4, 4, 6}, 2, 2},
		"an older one again":         {[]uint32{0, 1, 2, 0, 4, 5, 6}, 1, 1},
		"one twice again":            {[]uint32{0, 1, 2, 1, 1, 5, 6}, 2, 2},
		"a late one again":           {[]uint32{0, 2, 1, 1, 4, 5, 6}, 1, 1},
		"nothing lost":               {[]uint32{0, 1, 2, 2, 3, 4, 5, 6}, 0, 1},
		"at the end":                 {[]uint32{0, 1, 2, 3, 4, 5, 5}, 1, 1},
		"out of order, nothing else": {[]uint32{0, 1, 3, 2, 6, 5, 4}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			for _, start := range []uint32{0, 1, 1<<31 - 1, 1<<32 - 2} {
				list := open(c.counters...)
				for i := range list {
					list[i].counter += start
				}
				in, st := new(Inbound), NewStats()
				play(in, st, 1, list, start+7)
				if st.Expected != 7 || st.Lost != c.lost || st.Copies() != c.copies {
					t.Errorf("start %d: expected %d, lost %d, copies %d; want 7, %d, %d", start, st.Expected, st.Lost, st.Copies(), c.lost, c.copies)
				}
			}
		})
	}
}

// TestAReplayTooOldToTell: what lies further back than is remembered can have
// come only as a copy.
func TestAReplayTooOldToTell(t *testing.T) {
	var counters []uint32
	for n := range uint32(200) {
		counters = append(counters, n)
	}
	counters[150] = 10
	in, st := new(Inbound), NewStats()
	play(in, st, 1, open(counters...), 200)
	if st.Lost != 1 || st.Duplicates != 1 {
		t.Errorf("%d lost and %d duplicates, want one each", st.Lost, st.Duplicates)
	}
}

// TestCopiesThatAreNotOpened: where only some packets are opened, more packets
// than were sent are copies all the same.
func TestCopiesThatAreNotOpened(t *testing.T) {
	in, st := new(Inbound), NewStats()
	list := []arrival{{0, 0, false}}
	for i := range uint16(17) { // 17 come after the first, of 12 that were sent
		list = append(list, arrival{i + 1, 12, i != 16})
	}
	play(in, st, 1, list, 13)
	if st.Lost != 0 || st.Copies() != 5 || st.Expected != 13 {
		t.Errorf("%d lost, %d copies of %d, want none and 5 of 13", st.Lost, st.Copies(), st.Expected)
	}
}

// TestOneStreamsCopiesAreNotAnothersLoss: each stream has its own account.
func TestOneStreamsCopiesAreNotAnothersLoss(t *testing.T) {
	st := NewStats()
	play(new(Inbound), st, 1, []arrival{{0, 0, false}, {1, 0, true}, {2, 0, true}, {3, 1, false}}, 2) // two too many
	play(new(Inbound), st, 2, open(0, 3), 4)                                                          // two too few
	if pct, _ := st.LossPct(); st.Lost != 2 || st.Copies() != 2 || pct != 100*2/6.0 {
		t.Errorf("%d lost, %d copies, %v %%, want two each", st.Lost, st.Copies(), pct)
	}
}

// TestOneSourcesCopiesAreNotTheNextsLoss: neither when one stream carries both in
// turn.
func TestOneSourcesCopiesAreNotTheNextsLoss(t *testing.T) {
	in, st := new(Inbound), NewStats()
	for _, a := range []struct {
		seq             uint16
		sender, counter uint32
		shut            bool
	}{{0, 1, 0, false}, {1, 1, 0, true}, {2, 1, 1, false}, {3, 2, 50, false}, {4, 2, 52, false}} {
		ext, _, _ := in.Count(a.seq)
		s := &Stamp{Sender: a.sender, Counter: a.counter}
		if a.shut {
			s = nil
		}
		in.Note(ext, s, st)
	}
	if st.Lost != 1 || st.Copies() != 1 {
		t.Errorf("%d lost, %d copies, want one each", st.Lost, st.Copies())
	}
}

// TestALatePacketIsNoLoss: what comes out of order has come.
func TestALatePacketIsNoLoss(t *testing.T) {
	for name, list := range map[string][]arrival{
		"all opened": {{0, 0, false}, {1, 1, false}, {3, 3, false}, {2, 2, false}, {4, 4, false}},
		"few opened": {{0, 0, false}, {1, 1, true}, {3, 3, false}, {2, 2, true}, {4, 4, true}},
	} {
		t.Run(name, func(t *testing.T) {
			in, st := new(Inbound), NewStats()
			play(in, st, 1, list, 5)
			if st.Expected != 5 || st.Lost != 0 || st.Copies() != 0 {
				t.Errorf("%d of %d lost, %d copies", st.Lost, st.Expected, st.Copies())
			}
		})
	}
}

// TestWhatIsOlderThanTheWindowCountsForNothing: a late packet from before it is
// neither a copy nor a substitute for one that is missing.
func TestWhatIsOlderThanTheWindowCountsForNothing(t *testing.T) {
	in, st := new(Inbound), NewStats()
	in.Count(7)
	in.Reset()
	play(in, st, 1, []arrival{{10, 10, false}, {9, 9, false}, {8, 8, true}, {12, 12, false}}, 13)
	if st.Expected != 3 || st.Lost != 1 || st.Copies() != 0 {
		t.Errorf("%d of %d lost, %d copies; want 1 of 3 and none", st.Lost, st.Expected, st.Copies())
	}
}

// TestDelayIsNeverLessThanNothing: a packet that seems to come before it was
// sent has no delay, and is told apart.
func TestDelayIsNeverLessThanNothing(t *testing.T) {
	st := NewStats()
	st.RecordDelay(5000, 4000)
	if st.Delay.TotalCount() != 0 || st.Early != 1 {
		t.Errorf("%d delays, %d early; want none and one", st.Delay.TotalCount(), st.Early)
	}
	for _, c := range []struct{ took, want int64 }{{0, 1}, {999, 1}, {5_000_000, 5000}, {1 << 60, MaxDelay}} {
		st := NewStats()
		st.RecordDelay(100, 100+c.took)
		if got := st.Delay.Max(); got < c.want || got > c.want+c.want/500+1 {
			t.Errorf("%d ns are told as %d µs, want %d", c.took, got, c.want)
		}
	}
}

// TestAddTakesEverything: what one loop has seen is lost on the way to the report
// if Add forgets a figure.
func TestAddTakesEverything(t *testing.T) {
	one := NewStats()
	for i, v := 0, reflect.ValueOf(one).Elem(); i < v.NumField(); i++ {
		switch f := v.Field(i); {
		case f.CanUint():
			f.SetUint(uint64(i + 1))
		case f.CanInt():
			f.SetInt(int64(i + 1))
		}
	}
	one.RecordDelay(0, 1000)
	sum := NewStats()
	sum.Add(one)
	if sum.Delay.TotalCount() != 1 {
		t.Error("the delays were not added")
	}
	sum.Delay, one.Delay = nil, nil
	if *sum != *one {
		t.Errorf("%+v, want %+v", *sum, *one)
	}
}
