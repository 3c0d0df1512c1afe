package bench

import (
	"context"
	"io"
	"testing"
	"time"

	"parley/bench/client"
	"parley/bench/floor"
	"parley/bench/proc"
	"parley/bench/report"
)

// defect is what a test does to a forwarder that would else be good.
type defect struct {
	faults floor.Faults
	// route changes the rooms before the forwarder is told of them, believe
	// what the clients are told afterwards.
	route, believe func(w []client.Wire)
}

// around runs small meetings around a minimal forwarder for a while and
// returns what was measured.
func around(t *testing.T, d defect, dur time.Duration) *window {
	t.Helper()
	video := &VideoFlags{Bitrate: 400_000, FPS: 30, Tile: 640}
	topo := (&roomSpec{rooms: 2, size: 3, publishers: 3, seats: 2, tile: 640, publish: publishing(true, video)}).build("honest")
	swarm, err := client.NewSwarm(&client.Config{Run: 99, Stride: 3, GRO: true}, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer swarm.Close()
	child, err := startForwarder(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer child.Stop()
	if err = d.wire(swarm, child, topo, video); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	r := &runner{flags: new(Common), prog: newProgress(io.Discard, true), rep: report.New("test", 1), benchCPUs: proc.Allowed()}
	return r.measure(context.Background(), swarm, pidMeter(child.Pid()), dur, "test")
}

func (d *defect) wire(swarm *client.Swarm, child *floor.Child, topo *topology, video *VideoFlags) error {
	w := newWiring(topo, video)
	if err := w.dial(child.Port); err != nil {
		return err
	}
	if d.route != nil {
		d.route(w.clients)
	}
	plan := w.plan(true)
	plan.Faults = d.faults
	if d.believe != nil {
		d.believe(w.clients)
	}
	if err := child.Load(plan); err != nil {
		return err
	}
	return w.enter(swarm)
}

// packetsExpected is what 2 rooms of 3 get in a second: 2 others each with 50
// sounds and 30 pictures of 2 packets.
const packetsExpected = 6 * 2 * (50 + 60)

func TestAGoodForwarderLooksGood(t *testing.T) {
	t.Parallel()
	w := around(t, defect{}, time.Second)
	st := w.stats
	if st.Packets < packetsExpected*8/10 || st.Packets > packetsExpected*12/10 {
		t.Errorf("%d packets in a second, want about %d", st.Packets, packetsExpected)
	}
	pct, ok := st.LossPct()
	if !ok || pct != 0 || st.Crosstalk != 0 || st.Silent != 0 || st.Copies() != 0 || st.Early != 0 || st.Broken != 0 || st.Strangers != 0 {
		t.Errorf("loss %v %%, %+v", pct, *st)
	}
	if q := report.QuantilesOf(st.Delay); q == nil || q.P50 <= 0 || q.P50 > 200 {
		t.Errorf("delay %+v", q)
	}
	for _, s := range w.samples {
		if s.Clients != 6 || s.PPS <= 0 {
			t.Errorf("%d clients and %v packets/s in a sample, want 6", s.Clients, s.PPS)
		}
	}
	if w.cpu == nil {
		t.Error("no CPU time of the forwarder")
	}
}

func TestKnownLossIsReported(t *testing.T) {
	t.Parallel()
	for _, every := range []int{10, 50} {
		st := around(t, defect{faults: floor.Faults{DropEvery: every}}, time.Second).stats
		want := 100 / float64(every)
		if pct, ok := st.LossPct(); !ok || pct < want*0.9 || pct > want*1.1 {
			t.Errorf("each %d-th packet is lost: %.2f %% reported, want about %.1f", every, pct, want)
		}
		if st.Gaps == 0 || st.Crosstalk != 0 {
			t.Errorf("%d gaps, %d crosstalk", st.Gaps, st.Crosstalk)
		}
	}
}

func TestKnownDuplicatesAreReported(t *testing.T) {
	t.Parallel()
	st := around(t, defect{faults: floor.Faults{RepeatEvery: 10}}, time.Second).stats
	share := float64(st.Copies()) / float64(st.Packets)
	if pct, _ := st.LossPct(); share < 0.08 || share > 0.12 || pct != 0 {
		t.Errorf("share %.3f of duplicates, want about 0.1; loss %v %%", share, pct)
	}
}

func TestASwappedStreamIsCrosstalk(t *testing.T) {
	t.Parallel()
	swapSeats := func(w []client.Wire) {
		s := w[0].Seats
		s[0].Sender, s[1].Sender = s[1].Sender, s[0].Sender
	}
	swapRooms := func(w []client.Wire) {
		a, b := &w[0].Seats[0], &w[3].Seats[0]
		a.Sender, b.Sender = b.Sender, a.Sender
	}
	for name, d := range map[string]defect{
		"within a room": {believe: swapSeats},
		"between rooms": {route: swapRooms, believe: swapRooms},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Within a room a stream may run ahead of its announcement for
			// a second.
			if st := around(t, d, 1500*time.Millisecond).stats; st.Crosstalk == 0 {
				t.Errorf("%d packets and no crosstalk", st.Packets)
			}
		})
	}
}

func TestAMissingStreamIsSilent(t *testing.T) {
	t.Parallel()
	st := around(t, defect{faults: floor.Faults{DropEvery: 1}}, time.Second).stats
	if want := uint64(6 * 2 * 2); st.Silent != want || st.Packets != 0 {
		t.Errorf("%d silent streams and %d packets, want %d and none", st.Silent, st.Packets, want)
	}
}
