package forward

import (
	"testing"

	"parley/media"
)

// TestRank: both halves of a seat know its place in what the viewer wants to see.
func TestRank(t *testing.T) {
	r := newRig(t, 1, options{})
	seat := r.to[0].outgoing.Load().seats[0]
	for _, rank := range []int{3, 1, 0} {
		r.to[0].Place(0, Placement{From: r.from, Source: media.Camera, Video: true, Rank: rank})
		for _, st := range seat.streams() {
			if got := st.rank.Load(); got != uint32(rank) {
				t.Errorf("rank %d of the %v, want %d", got, st.kind, rank)
			}
		}
	}
}
