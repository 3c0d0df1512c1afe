package forward

import (
	"slices"
	"testing"
	"time"

	"parley/media"
	"parley/media/rtc/rtctest"
	"parley/media/udp"
)

// limited is a rig whose source has a rate that comes back only when the test
// says so.
func limited(t *testing.T, tokens int) (*rig, *trackState) {
	r := newRig(t, 1, options{sourceRate: 15e6})
	own := &r.from.track(media.Camera).own
	own.use.left = bucket{Bucket: media.Bucket{At: r.group.clock.now().Add(time.Hour), Tokens: tokens}}
	return r, own
}

// seen opens what came to the first subscriber and returns its numbers.
func (r *rig) seen(opener *media.Opener) (numbers []media.ExtSeq, bytes int) {
	r.t.Helper()
	in := r.sinks[0]
	var h media.Header
	batch := udp.NewRecvBatch()
	for {
		_ = in.SetDeadline(time.Now().Add(20 * time.Millisecond))
		if err := in.Recv(batch); err != nil {
			r.t.Fatal(err)
		}
		if batch.Len() == 0 {
			return numbers, bytes
		}
		for i := range batch.Len() {
			pkt := batch.Packet(i)
			if media.IsRTCP(pkt) {
				continue
			}
			if err := media.ParseHeader(pkt, &h); err != nil {
				r.t.Fatal(err)
			}
			bytes += len(pkt)
			_, ext, err := opener.OpenRTP(pkt, &h, 1)
			if err != nil {
				r.t.Fatal(err)
			}
			numbers = append(numbers, ext)
		}
	}
}

// TestSourceRateLeavesOutWholeFrames: beyond its rate a picture ends with a
// whole frame and goes on with a key frame, and nobody misses what was left
// out in between.
func TestSourceRateLeavesOutWholeFrames(t *testing.T) {
	const packets, size = 4, 1000
	r, own := limited(t, packets*size+500)
	opener, err := media.NewOpener(rtctest.MasterKey(9), 4)
	if err != nil {
		t.Fatal(err)
	}
	var all []media.ExtSeq
	for i, step := range []struct {
		key    bool
		tokens int // as they are before the frame, if not 0
		passes bool
	}{
		{key: true, passes: true},
		{passes: true}, // there is a little left
		{},             // and now there is not
		{tokens: 1 << 20},
		{key: true, tokens: 900_000}, // too little for a key frame
		{tokens: 1 << 20},
		{key: true, passes: true},
		{passes: true},
	} {
		if step.tokens != 0 {
			own.use.left.Tokens = step.tokens
		}
		before := r.w.count.drops[dropSourceRate].Load()
		r.frame(packets, size, step.key)
		r.turn(packets)
		numbers, _ := r.seen(opener)
		dropped := r.w.count.drops[dropSourceRate].Load() - before
		if want := map[bool]int{true: packets}[step.passes]; len(numbers) != want || int(dropped) != packets-want {
			t.Fatalf("frame %d: %d packets reached the viewer and %d were dropped, want %d and %d", i, len(numbers), dropped, want, packets-want)
		}
		all = append(all, numbers...)
	}
	for i := range all[1:] {
		if all[i+1] != all[i]+1 {
			t.Errorf("the viewer sees a hole between %d and %d", all[i], all[i+1])
		}
	}
	if n := r.from.track(media.Camera).layers[0].nack.Missing(); n != 0 {
		t.Errorf("the publisher would be asked for %d packets that were dropped here", n)
	}
	if got := r.from.told.limited(); !slices.Equal(got, []string{"camera 15000000"}) {
		t.Errorf("the publisher was told %v", got)
	}
}

// TestSourceRateHolds: whatever a source sends, no more than its burst and one
// frame go on.
func TestSourceRateHolds(t *testing.T) {
	for name, frame := range map[string]func(r *rig, i int){
		"key frames":        func(r *rig, i int) { r.frame(4, 1100, true) },
		"one endless frame": func(r *rig, i int) { r.frames, r.ts = 1, 1; r.endless(4, 1100, i == 0) },
		"short packets":     func(r *rig, i int) { r.frame(4, 30, true) },
	} {
		t.Run(name, func(t *testing.T) {
			r, own := limited(t, 0)
			own.use.left.Tokens = r.group.sourceRate.burst
			for i := range 2500 {
				frame(r, i)
				r.turn(4)
			}
			tx := r.to[0].outgoing.Load().seats[0].video.tx
			most := uint32(1_875_000 + overdraft)
			if tx.octets > most || tx.packets > most/leastCost+4 || tx.packets < 1000 {
				t.Errorf("%d packets with %d bytes reached the viewer", tx.packets, tx.octets)
			}
			if r.w.count.drops[dropSourceRate].Load() == 0 {
				t.Error("nothing was dropped")
			}
		})
	}
}

// endless sends packets of a frame that never ends.
func (r *rig) endless(packets, size int, first bool) {
	for i := range packets {
		if _, err := r.client.Write(r.packet(size, first && i == 0, first && i == 0, false)); err != nil {
			r.t.Fatal(err)
		}
	}
}

// TestSourceRateOfSound: single packets are left out, and a packet that fills a
// hole goes on while it can.
func TestSourceRateOfSound(t *testing.T) {
	r, _ := limited(t, 0)
	mic := r.from.track(media.Microphone)
	mic.own.use.left = bucket{Bucket: media.Bucket{At: r.group.clock.now().Add(time.Hour), Tokens: 2 * leastCost}}
	r.w.loop.now = r.group.clock.now()
	admit := func(late bool) bool {
		return r.w.admitLoop(mic.layers[0], &media.Facts{Start: true}, 100, late)
	}
	for i, want := range []bool{true, true, false, false} {
		if got := admit(false); got != want {
			t.Errorf("packet %d passes: %v", i, got)
		}
	}
	if !admit(true) {
		t.Error("a late packet was left out with room to overdraw")
	}
	mic.own.use.left.Tokens = -overdraft
	if admit(true) {
		t.Error("a late packet passes beyond everything")
	}
	mic.own.use.left.Tokens = 1
	if !admit(false) {
		t.Error("sound does not go on when there is room")
	}
	if n := len(r.from.told.limited()); n != 1 {
		t.Errorf("the publisher was told %d times", n)
	}
	r.w.loop.now = r.w.loop.now.Add(limitedEvery)
	mic.own.use.left.Tokens = 0
	admit(false)
	if n := len(r.from.told.limited()); n != 1 {
		t.Errorf("the publisher was told %d times after a while", n)
	}
}

// TestNoSourceRate: 0 is no limit.
func TestNoSourceRate(t *testing.T) {
	r := newRig(t, 1, options{})
	for range 100 {
		if !r.w.admitLoop(r.from.track(media.Camera).layers[0], &media.Facts{}, 1<<20, false) {
			t.Fatal("dropped without a limit")
		}
	}
}

// TestSourceRateByTime: 190 Mbit/s for 3 s become 15, and a burst.
func TestSourceRateByTime(t *testing.T) {
	r, own := limited(t, 0)
	*own = trackState{}
	l := r.from.track(media.Camera).layers[0]
	r.w.loop.now = r.group.clock.now()
	const perSecond, size, seconds = 20_000, 1200, 3
	passed := 0
	for i := range perSecond * seconds {
		r.w.loop.now = r.w.loop.now.Add(time.Second / perSecond)
		f := media.Facts{Start: i%10 == 0, Keyframe: i%1000 == 0}
		if r.w.admitLoop(l, &f, size, false) {
			passed += size
		}
	}
	if want := 1_875_000 * (seconds + 1); passed > want+overdraft || passed < want/3 {
		t.Errorf("%d bytes passed in %d s, want up to %d", passed, seconds, want)
	}
}
