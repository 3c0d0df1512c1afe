package forward

import (
	"testing"

	"parley/media"
	"parley/media/rtc/path"
	"parley/media/rtc/rtctest"
)

// TestRollOverStartsAnewWithKeys: the receiver of new keys counts roll-overs from
// 0, however far the numbers are, and what it asks for again opens, too.
func TestRollOverStartsAnewWithKeys(t *testing.T) {
	r := newRig(t, 1, options{})
	peer := newSubscriber(t, r)
	const packets = 8
	for r.to[0].seat(0).video.tx == nil || r.to[0].seat(0).video.tx.packets < 100_000 {
		r.frame(packets, 20, r.frames == 0)
		r.turn(packets)
	}
	tx := peer.stream.tx
	if tx.base != 0 {
		t.Fatalf("the numbers are taken for %d more", tx.base)
	}
	r.seen(newOpener(t, rtctest.MasterKey(9))) // empties the sink; some were lost there
	tx.repairs += 1 << 16                      // as after so many
	k := &path.Keys{Opener: r.to[0].keys.Load().Opener}
	var err error
	k.Sealer, err = media.NewSealer(rtctest.MasterKey(20))
	r.must(err)
	r.to[0].keys.Store(k)
	opener := newOpener(t, rtctest.MasterKey(20))
	for range 20 {
		r.frame(packets, 20, false)
		r.turn(packets)
		if numbers, _ := r.seen(opener); len(numbers) != packets || numbers[0] > 1<<17 {
			t.Fatalf("%v opened of %d packets", numbers, packets)
		}
	}
	peer.nack()
	if again, _ := r.seen(opener); len(again) != len(peer.seqs) || again[0] > 1<<16 {
		t.Errorf("repairs %v opened", again)
	}
}

func newOpener(t *testing.T, k media.MasterKey) *media.Opener {
	t.Helper()
	o, err := media.NewOpener(k, 4)
	if err != nil {
		t.Fatal(err)
	}
	return o
}
